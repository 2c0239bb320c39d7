"""How often an application may call, counted in the database and therefore over all processes."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from gateway.access import windows
from gateway.access.authentication import Caller
from gateway.access.models import Application
from gateway.access.windows import Usage

PERIOD = 60.0  # seconds
logger = logging.getLogger(__name__)


class RateLimited(Throttled):
    """Too often; `wait` says in how many seconds it works again."""

    default_code = "rate_limited"

    def __init__(self, detail: str, usage: Usage) -> None:
        super().__init__(wait=max(1.0, usage.seconds), detail=detail)


def admit(application: Application, http_request: HttpRequest | None = None) -> Usage | None:
    """Count one request of the application against its limit per minute.

    The count is committed at once, so call it outside of transactions. With `http_request`, what
    has been counted for it already is not counted again.

    Returns: what is left of the limit, or None where there is none.

    Raises:
        RateLimited: the limit is reached.
    """
    if http_request is not None and hasattr(http_request, "usage"):
        known: Usage | None = http_request.usage
        return known
    limit = application.rate_limit_per_minute
    limit = settings.RATE_LIMIT_PER_MINUTE if limit is None else limit
    usage = _counted(f"api:{application.pk}", limit)
    if http_request is not None:
        http_request.usage = usage  # type: ignore[attr-defined]
    if usage is not None and not usage.admitted:
        raise RateLimited(
            f"This application has made its {limit} requests of this minute. Spread them, or let "
            "staff raise its limit in the admin.",
            usage,
        )
    return usage


def admit_to_tokens(application: Application) -> None:
    """Count one call for a token, with whatever secret, apart from the API's calls: whoever only
    knows a client id cannot use the API's limit up. Raises RateLimited."""
    usage = _counted(f"token:{application.pk}", settings.TOKEN_RATE_LIMIT_PER_MINUTE)
    if usage is not None and not usage.admitted:
        raise RateLimited(
            "Too many calls for tokens in this minute. Keep a token until it expires.", usage
        )


def _counted(key: str, limit: int) -> Usage | None:
    if limit == 0:
        return None
    try:
        return windows.take(key, limit=limit, seconds=PERIOD)
    except OperationalError as error:
        # A limiter that cannot count lets through: a busy writer must not stop reads, and what
        # writes meets the same database itself.
        logger.warning("A request was not counted: %s", error)
        return None


class PerApplication(BaseThrottle):
    """DRF's door to `admit`."""

    def allow_request(self, request: Request, view: Any) -> bool:
        if isinstance(request.user, Caller):
            admit(request.user.application, request._request)
        return True


class RateLimitHeaders:
    """Tells callers what is left of their limit, as the IETF's RateLimit header fields do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        usage: Usage | None = getattr(request, "usage", None)
        if usage is not None:
            response["RateLimit-Limit"] = str(usage.limit)
            response["RateLimit-Remaining"] = str(usage.remaining)
            response["RateLimit-Reset"] = str(math.ceil(usage.seconds))
        return response
