"""The gateway's API as a back end would call it, through Django's test client."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.test import Client as HttpClient


class Api:
    """Requests with one bearer token; answers carry exact decimals in `.data`."""

    def __init__(self, token: str) -> None:
        self.http = HttpClient(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: Any) -> Any:
        return self._parsed(self.http.get(path, query, headers=self.headers))

    def post(self, path: str, body: Any = None) -> Any:
        return self._parsed(self._send("post", path, body))

    def put(self, path: str, body: Any = None) -> Any:
        return self._parsed(self._send("put", path, body))

    def delete(self, path: str, query: str = "", body: Any = None) -> Any:
        return self._parsed(self._send("delete", path + query, body))

    def _send(self, method: str, path: str, body: Any) -> HttpResponse:
        send = getattr(self.http, method)
        text = json.dumps({} if body is None else body, default=str)
        return send(path, text, content_type="application/json", headers=self.headers)

    @staticmethod
    def _parsed(response: Any) -> Any:
        content = response.content
        response.data = json.loads(content, parse_float=Decimal) if content else None
        return response
