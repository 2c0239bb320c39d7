"""Injects faults into responses: one function per kind of fault."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import simplejson
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse

from sandbox.api import errors
from sandbox.control.faults import FAULTS, MAX_SECONDS, Fault

Next = Callable[[HttpRequest], HttpResponse]
JSON = "application/json"
ENUMS = {
    "category", "connection_status", "currency_code", "extended_transaction_type", "holding_type",
    "parent_class", "status", "subtype", "top_level_category", "type",
}  # fmt: skip
NEVER_NULL = {"guid", "code", "pagination", "is_being_aggregated", "widget_url", "url"}
RESET = struct.pack("ii", 1, 0)  # SO_LINGER for no time: the peer sees a reset


def apply_fault(request: HttpRequest, fault: Fault, call_next: Next) -> HttpResponse:
    """The response as the fault changes it."""
    return INJECTORS[fault.kind](request, fault, call_next)


def _status(request: HttpRequest, fault: Fault, call_next: Next) -> HttpResponse:
    status = fault.status or 500
    if fault.body:
        return HttpResponse(fault.body, status=status, content_type=JSON)
    return errors.response(request, status, fault.message or "Injected fault.", fault.type)


def _latency(request: HttpRequest, fault: Fault, call_next: Next) -> HttpResponse:
    return call_next(request)


def _lag(request: HttpRequest, fault: Fault, call_next: Next) -> HttpResponse:
    """What was created is not everywhere yet."""
    response = call_next(request)
    if response.status_code < 300 and _is_json(response):
        for row in simplejson.loads(response.content).values():
            if isinstance(row, dict) and "guid" in row:
                FAULTS.hide(row["guid"], fault.latency_seconds)
    return response


def _timeout(request: HttpRequest, fault: Fault, call_next: Next) -> HttpResponse:
    """Keep silent while the caller waits, then hang up."""
    connection = _socket(request)
    deadline = time.monotonic() + (fault.latency_seconds or MAX_SECONDS)
    while time.monotonic() < deadline and not _hung_up(connection):
        time.sleep(0.05)
    connection.close()
    return HttpResponse(status=504)  # nobody reads it


def _hung_up(connection: socket.socket) -> bool:
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _socket(request: HttpRequest) -> socket.socket:
    connection: socket.socket = request.environ["gunicorn.socket"]
    return connection


def _reset(request: HttpRequest, fault: Fault, call_next: Next) -> HttpResponse:
    def body() -> Iterator[bytes]:
        yield b'{"users": ['
        connection = _socket(request)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        connection.close()
        raise ConnectionResetError

    return StreamingHttpResponse(body(), content_type=JSON)  # type: ignore[return-value]


def _cut_off(request: HttpRequest, fault: Fault, call_next: Next) -> HttpResponse:
    """Content-Length promises more than comes."""
    response = call_next(request)

    def body() -> Iterator[bytes]:
        yield response.content[: len(response.content) // 2]
        _socket(request).shutdown(socket.SHUT_WR)
        raise ConnectionAbortedError

    cut = StreamingHttpResponse(body(), status=response.status_code, content_type=JSON)
    cut["Content-Length"] = str(len(response.content))
    return cut  # type: ignore[return-value]


def _truncated(request: HttpRequest, fault: Fault, call_next: Next) -> HttpResponse:
    response = call_next(request)
    half = response.content[: len(response.content) // 2]
    return HttpResponse(half, status=response.status_code, content_type=JSON)


def _garbage(request: HttpRequest, fault: Fault, call_next: Next) -> HttpResponse:
    return HttpResponse(b'{"users": [\xff\xfe{{{', status=fault.status or 200, content_type=JSON)


def _html(request: HttpRequest, fault: Fault, call_next: Next) -> HttpResponse:
    page = fault.body or "<html><body>Maintenance</body></html>"
    return HttpResponse(page, status=fault.status or 200, content_type="text/html")


def _is_json(response: HttpResponse) -> bool:
    return "json" in response.get("Content-Type", "")


def _rewritten(change: Callable[[Fault, str, Any], Any]) -> Callable[..., HttpResponse]:
    """An injector that changes fields of the response."""

    def injector(request: HttpRequest, fault: Fault, call_next: Next) -> HttpResponse:
        response = call_next(request)
        if response.status_code >= 300 or not _is_json(response):
            return response
        data = _walk(simplejson.loads(response.content, use_decimal=True), fault, change)
        text = simplejson.dumps(data, use_decimal=True, ensure_ascii=False)
        return HttpResponse(text, status=response.status_code, content_type=JSON)

    return injector


def _walk(value: Any, fault: Fault, change: Callable[[Fault, str, Any], Any]) -> Any:
    if isinstance(value, list):
        return [_walk(item, fault, change) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {
        name: _walk(item, fault, change)
        if isinstance(item, list | dict)
        else change(fault, name, item)
        for name, item in value.items()
        if name != "pagination"
    }
    if "guid" in changed and fault.kind == "unknown_fields":
        changed |= {"surprise": {"nested": [1, None]}, "is_surprising": True}
    if "pagination" in value:
        changed["pagination"] = value["pagination"]
    return changed


def _to_null(fault: Fault, name: str, value: Any) -> Any:
    if fault.fields:
        return None if name in fault.fields else value
    return value if name in NEVER_NULL or name.endswith("_guid") else None


def _to_unknown(fault: Fault, name: str, value: Any) -> Any:
    if name not in (fault.fields or ENUMS) or value is None:
        return value
    return "XQZ" if name == "currency_code" else f"UNHEARD_OF_{value}"


def _shifting(request: HttpRequest, fault: Fault, call_next: Next) -> HttpResponse:
    """As if rows had been inserted before this page (or deleted) since the first was read."""
    request.page_shift = fault.shift
    return call_next(request)


def _missing_rows(request: HttpRequest, fault: Fault, call_next: Next) -> HttpResponse:
    """A list without some of its rows, as if they were not there."""
    response = call_next(request)
    if response.status_code >= 300 or not _is_json(response):
        return response
    data = simplejson.loads(response.content, use_decimal=True)
    for name, rows in data.items():
        if isinstance(rows, list):
            data[name] = [row for row in rows if fault.guids and row.get("guid") not in fault.guids]
            if "pagination" in data:
                data["pagination"]["total_entries"] -= len(rows) - len(data[name])
    return HttpResponse(simplejson.dumps(data, use_decimal=True), content_type=JSON)


def _endless(request: HttpRequest, fault: Fault, call_next: Next) -> HttpResponse:
    page = int(request.GET.get("page", "1"))
    query = QueryDict(mutable=True)
    query.update(request.GET.dict() | {"page": "1"})
    request.GET = query  # type: ignore[assignment]
    response = call_next(request)
    data = simplejson.loads(response.content, use_decimal=True)
    if "pagination" in data:
        size = data["pagination"]["per_page"]
        data["pagination"] |= {
            "current_page": page, "total_pages": page + 1, "total_entries": (page + 1) * size,
        }  # fmt: skip
    return HttpResponse(simplejson.dumps(data, use_decimal=True), content_type=JSON)


INJECTORS: dict[str, Callable[[HttpRequest, Fault, Next], HttpResponse]] = {
    "status": _status,
    "latency": _latency,
    "lag": _lag,
    "timeout": _timeout,
    "reset": _reset,
    "truncated": _truncated,
    "cut_off": _cut_off,
    "garbage": _garbage,
    "html": _html,
    "null_storm": _rewritten(_to_null),
    "unknown_enums": _rewritten(_to_unknown),
    "unknown_fields": _rewritten(lambda fault, name, value: value),
    "missing_rows": _missing_rows,
    "shifting_pages": _shifting,
    "endless_pages": _endless,
}
