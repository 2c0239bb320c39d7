"""Calls the gateway's API with an application's credentials."""

from __future__ import annotations

import base64
import json
import threading
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import requests

TIMEOUT = (3.05, 40)  # connect, read; the gateway itself answers vendors' trouble within 25 s
EARLY_SECONDS = 30  # a token is renewed this long before it expires
AUTHORIZATION_PATH = (  # no scope that shows full account numbers: the page needs none
    "/authorization/v1/oauth/token?grant_type=client_credentials"
    "&scope=create%20read%20update%20delete"
)


class GatewayUnreachable(Exception):
    """No answer, or one that is not the gateway's."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, and how long it took."""

    status: int
    content: bytes
    content_type: str
    milliseconds: int

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The parsed body, amounts exact.

        Raises:
            ValueError: it is not JSON.
        """
        return json.loads(self.content, parse_float=Decimal)


@dataclass
class Gateway:
    """The API of one gateway for one application; safe to share between threads."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    token_calls: int = 0
    _token: str = field(default="", repr=False)
    _expires: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def call(self, method: str, path: str, body: bytes | None = None) -> Response:
        """One request with a bearer token; a token refused early is renewed once.

        Args:
            path: with its query, starting with a slash.
            body: JSON, already encoded.

        Raises:
            GatewayUnreachable: nothing answered.
        """
        token, refusal = self._bearer()
        if refusal:
            return refusal
        response = self._send(method, path, {"Authorization": f"Bearer {token}"}, body)
        if response.status == 401:
            self._forget(token)
            token, refusal = self._bearer()
            if refusal:
                return refusal
            response = self._send(method, path, {"Authorization": f"Bearer {token}"}, body)
        return response

    def _bearer(self) -> tuple[str, Response | None]:
        with self._lock:
            if time.monotonic() < self._expires:
                return self._token, None
            pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
            response = self._send(
                "POST", AUTHORIZATION_PATH, {"Authorization": f"Basic {pair}"}, None
            )
            if not response.ok:
                return "", response
            try:
                granted = response.json()
                token, seconds = str(granted["access_token"]), float(granted["expires_in"])
            except (ValueError, TypeError, KeyError) as error:
                raise GatewayUnreachable(f"{self.url} answers, but not with a token.") from error
            self.token_calls += 1
            self._token, self._expires = token, time.monotonic() + seconds - EARLY_SECONDS
            return token, None

    def _forget(self, token: str) -> None:
        with self._lock:
            if self._token == token:
                self._expires = 0.0

    def _send(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> Response:
        if body is not None:
            headers = headers | {"Content-Type": "application/json"}
        started = time.monotonic()
        try:
            with requests.Session() as session:
                session.trust_env = False  # neither a proxy nor ~/.netrc has a say here
                response = session.request(
                    method,
                    self.url + path,
                    headers=headers,
                    data=body,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            raise GatewayUnreachable(f"The gateway at {self.url} does not answer.") from error
        return Response(
            status=response.status_code,
            content=response.content,
            content_type=response.headers.get("Content-Type", ""),
            milliseconds=round((time.monotonic() - started) * 1000),
        )
