"""/merchants, and where the shops are."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.api import merchants as shared
from sandbox.platform_api import fields
from sandbox.platform_api.endpoint import answer, endpoint, page_of
from sandbox.platform_api.fields import fill


def _list(request: HttpRequest) -> HttpResponse:
    name = request.GET.get("name", "").casefold()
    rows = [row for row in shared.merchants(request) if name in row["name"].casefold()]
    return page_of(request, "merchants", rows, _render)


def _render(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [fill(fields.MERCHANT, row) for row in rows]


def _read(request: HttpRequest, guid: str) -> HttpResponse:
    return answer({"merchant": _render([shared.get_merchant(request, guid)])[0]})


def _read_location(request: HttpRequest, guid: str) -> HttpResponse:
    row = shared.get_location(guid) | {"created_at": shared.UPDATED}
    return answer({"merchant_location": fill(fields.LOCATION, row)})


merchants = endpoint(GET=_list)
merchant = endpoint(GET=_read)
merchant_location = endpoint(GET=_read_location)
