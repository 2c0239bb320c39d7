"""Shared by the endpoints of both APIs: methods, JSON bodies, pages."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from sandbox.api import errors
from sandbox.api.errors import ApiError

Handler = Callable[..., HttpResponse]
FLAGS = {"true": True, "false": False}


def endpoint(authenticate: Callable[[HttpRequest], None], **handlers: Handler) -> Handler:
    """A view of `GET=…, POST=…` handlers behind an authentication, which raises ApiError."""

    @csrf_exempt
    def view(request: HttpRequest, **ids: str) -> HttpResponse:
        try:
            authenticate(request)
            handler = handlers.get(request.method or "")
            if handler is None:
                raise ApiError(405, "This method is not allowed here.")
            return handler(request, **ids)
        except ApiError as error:
            return errors.response(request, error.status, error.message, error.kind)

    return functools.update_wrapper(view, next(iter(handlers.values())))


def body(request: HttpRequest, key: str | None = None) -> dict[str, Any]:
    """The JSON object of the request, or the one under `key`."""
    try:
        parsed = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise ApiError(400, "The body is not JSON.") from None
    if key is not None and isinstance(parsed, dict):
        parsed = parsed.get(key, {})
    if not isinstance(parsed, dict):
        raise ApiError(400, "A required parameter was missing.")
    return parsed


def flag(params: dict[str, Any], name: str, *, default: bool = False) -> bool:
    """A boolean parameter. See optional_flag."""
    value = optional_flag(params, name)
    return default if value is None else value


def optional_flag(params: dict[str, Any], name: str) -> bool | None:
    """A boolean parameter, or None without one.

    JSON's own, or text in upper or lower case: MX's Python client writes True into queries.
    """
    value = params.get(name)
    if value is None or value == "":
        return None
    value = FLAGS.get(value.lower(), value) if isinstance(value, str) else value
    if not isinstance(value, bool):
        raise ApiError(422, f"{name} must be true or false.")
    return value


def text(params: dict[str, Any], name: str, max_length: int = 2000) -> str | None:
    """An optional string parameter."""
    value = params.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > max_length):
        raise ApiError(422, f"{name} must be a string of at most {max_length} characters.")
    return value


def json_response(payload: Any, status: int = 200) -> HttpResponse:
    return JsonResponse(payload, status=status)


def prerendered_list(key: str, texts: list[str], extra: str = "") -> HttpResponse:
    """A list of objects whose JSON text is stored."""
    content = f'{{"{key}":[{",".join(texts)}]{extra}}}'
    return HttpResponse(content, content_type="application/json")


def prerendered_object(key: str, text: str) -> HttpResponse:
    """A single object whose JSON text is stored."""
    return HttpResponse(f'{{"{key}":{text}}}', content_type="application/json")


Bounds = tuple[int, int]  # number of the page and its size


def page_bounds(request: HttpRequest) -> Bounds:
    """What the caller asks for: page 1 of 25 rows where nothing is said."""
    try:
        page = int(request.GET.get("page", "1"))
        size = int(request.GET.get("records_per_page", "25"))
    except ValueError:
        raise ApiError(400, "page and records_per_page must be numbers.") from None
    return min(max(page, 1), 10**9), size


def page_start(request: HttpRequest, page: int, size: int) -> int:
    """Offset of the page; the fault "shifting_pages" moves all but the first."""
    return max((page - 1) * size - (getattr(request, "page_shift", 0) if page > 1 else 0), 0)


def pagination(page: int, size: int, total: int) -> dict[str, int]:
    return {
        "current_page": page,
        "per_page": size,
        "total_entries": total,
        "total_pages": max(-(-total // size), 1),
    }


def list_page(
    request: HttpRequest,
    key: str,
    rows: Any,
    bounds: Bounds,
    render: Callable[[Any], Any] = lambda row: row,
) -> HttpResponse:
    """A page of a list or of a query."""
    page, size = bounds
    total = len(rows) if isinstance(rows, list) else rows.count()
    start = page_start(request, page, size)
    items = [render(row) for row in rows[start : start + size]]
    return json_response({key: items, "pagination": pagination(page, size, total)})
