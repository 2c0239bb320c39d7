"""Atrium's authentication, version and pages."""

from __future__ import annotations

import functools
import hmac
import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from sandbox.api import http
from sandbox.api.errors import ApiError

VERSION = "application/vnd.mx.atrium.v1+"


def _authenticate(request: HttpRequest) -> None:
    keys = (
        (request.headers.get("MX-Client-ID", ""), settings.CLIENT_ID),
        (request.headers.get("MX-API-Key", ""), settings.API_KEY),
    )
    if not all(hmac.compare_digest(sent.encode(), expected.encode()) for sent, expected in keys):
        raise ApiError(401, "Invalid MX-API-Key or MX-Client-ID.")
    accept = request.headers.get("Accept", "*/*")
    if "vnd.mx" in accept and VERSION not in accept:
        raise ApiError(406, "Unknown API version.")


endpoint = functools.partial(http.endpoint, _authenticate)


def _bounds(request: HttpRequest) -> http.Bounds:
    """Page and page size: 10 to 100 rows."""
    page, size = http.page_bounds(request)
    return page, min(max(size, 10), 100)


def payload_page(request: HttpRequest, key: str, rows: QuerySet[Any]) -> HttpResponse:
    """A page of rows whose JSON text is stored."""
    page, size = _bounds(request)
    total, start = rows.count(), http.page_start(request, page, size)
    texts = list(rows.values_list("payload", flat=True)[start : start + size])
    extra = f',"pagination":{json.dumps(http.pagination(page, size, total))}'
    return http.prerendered_list(key, texts, extra)


def list_page(
    request: HttpRequest, key: str, rows: Any, render: Callable[[Any], Any] = lambda row: row
) -> HttpResponse:
    """A page of a list or of a query."""
    return http.list_page(request, key, rows, _bounds(request), render)
