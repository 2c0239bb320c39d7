"""MX Platform's authentication, versions, bodies and pages."""

from __future__ import annotations

import base64
import binascii
import functools
import hmac
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from sandbox.api import dialects, http
from sandbox.api.errors import ApiError
from sandbox.api.members import CALLBACK_LENGTH
from sandbox.api.users import get_user
from sandbox.world.json_format import dump_exact
from sandbox.world.models import Member, User

DEFAULT_SIZE, MIN_SIZE, MAX_SIZE = 25, 10, 1000


def _authenticate(request: HttpRequest) -> None:
    pair = f"{settings.PLATFORM_CLIENT_ID}:{settings.PLATFORM_API_KEY}".encode()
    sent = request.headers.get("Authorization", "").partition(" ")[2].strip()
    if not hmac.compare_digest(sent.encode(), base64.b64encode(pair)):
        raise ApiError(401, "Invalid client ID or API key.")
    if dialects.platform_version(request) is None:
        raise ApiError(406, "Accept-Version must name a version of this API.")


endpoint = functools.partial(http.endpoint, _authenticate)


def params_of(request: HttpRequest, key: str) -> dict[str, Any]:
    """The object under `key` of the body, which may not be empty."""
    params = http.body(request, key)
    if not params:
        raise ApiError(400, f"A required parameter was missing: {key}.")
    return params


def find_user(request: HttpRequest, user: str) -> User:
    """The user of a path: by guid, since 2025 by the partner's own key as well."""
    if dialects.is_2025(request):
        row = User.objects.filter(identifier=user).first()
        if row is not None:
            return row
    return get_user(user)


def enabled_user(request: HttpRequest, user: str) -> User:
    """The same; 403 if it is disabled."""
    row = find_user(request, user)
    if row.is_disabled:
        raise ApiError(403, "The requested user is disabled.")
    return row


def callback_payload(request: HttpRequest) -> str:
    """What webhooks of the member repeat; base64."""
    value = request.headers.get("X-CALLBACK-PAYLOAD", "")
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ApiError(400, "X-CALLBACK-PAYLOAD must be base64.") from None
    if len(value) > CALLBACK_LENGTH:
        raise ApiError(400, f"X-CALLBACK-PAYLOAD may have {CALLBACK_LENGTH} characters.")
    return value


def remember_callback(request: HttpRequest, member: Member) -> None:
    """Store what the request wants to be repeated."""
    member.callback_payload = callback_payload(request)
    Member.objects.filter(pk=member.pk).update(callback_payload=member.callback_payload)


def answer(payload: Any, status: int = 200) -> HttpResponse:
    """JSON; a Decimal keeps its digits."""
    return HttpResponse(dump_exact(payload), status=status, content_type="application/json")


def bounds(request: HttpRequest, max_size: int = MAX_SIZE) -> http.Bounds:
    """Page and page size. Too large a size is no error: 25 rows are meant then."""
    page, size = http.page_bounds(request)
    return page, DEFAULT_SIZE if size > max_size else max(size, MIN_SIZE)


def page_of(
    request: HttpRequest,
    key: str,
    rows: Any,
    render: Callable[[list[Any]], list[Any]] = list,
    *,
    max_size: int = MAX_SIZE,
) -> HttpResponse:
    """A page of a list or a query; `render` gets the rows of the page."""
    page, size = bounds(request, max_size)
    total = len(rows) if isinstance(rows, list) else rows.count()
    start = http.page_start(request, page, size)
    items = render(list(rows[start : start + size]))
    return answer({key: items, "pagination": http.pagination(page, size, total)})
