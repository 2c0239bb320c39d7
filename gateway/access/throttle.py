"""Rate limits per application and per client, counted across processes.

Tokens of the tenant and tokens of single clients have separate limits, and so have token calls that
succeed and token calls that fail: no caller can exhaust the limit of another.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, Throttled

from gateway.access import counters, request_counters
from gateway.access.client_address import network_of
from gateway.access.counters import Usage
from gateway.access.models import Application
from nucleus.models import Client

PERIOD = 60.0  # seconds
MAX_WAIT = 1.0  # seconds for SQLite's one writer, after which a request is not counted
CLIENT_FRACTION = 10  # a client's tokens get at most a tenth of the application's limit
# Failures of one address are counted in this many rows, because anybody can invent client ids.
FAILURE_BUCKETS = 4096
logger = logging.getLogger(__name__)


class RateLimited(Throttled):
    """Too many requests; `wait` is in how many seconds the next one is admitted."""

    default_code = "rate_limited"

    def __init__(self, detail: str, usage: Usage) -> None:
        super().__init__(wait=max(1.0, usage.seconds), detail=detail)


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests per minute for one counter."""

    key: str
    maximum: int  # 0: unlimited
    message: str  # of the error when the limit is reached


def admit(
    application: Application,
    http_request: HttpRequest | None = None,
    *,
    client: Client | None = None,
) -> Usage | None:
    """Count one request with a token of the application, or of one of its clients.

    Call it outside of a transaction: the count must be committed even if the request fails.

    Args:
        http_request: counted once, however often this is called with it.
        client: the client that the token is confined to.

    Returns:
        The usage of the limit with the fewest requests left; None if no limit applies.

    Raises:
        RateLimited: a limit is reached.
    """
    if http_request is not None and hasattr(http_request, "usage"):
        counted_usage: Usage | None = http_request.usage
        return counted_usage
    tightest: Usage | None = None
    message = ""
    for limit in _limits(application, client):
        usage = _increment(limit.key, limit.maximum, request_counters.increment)
        if usage is None:
            continue
        if tightest is None or usage.remaining < tightest.remaining or not usage.admitted:
            tightest, message = usage, limit.message
        if not usage.admitted:
            break
    if http_request is not None:
        http_request.usage = tightest  # type: ignore[attr-defined]
    if tightest is not None and not tightest.admitted:
        raise RateLimited(message, tightest)
    return tightest


def _limits(application: Application, client: Client | None) -> list[Limit]:
    """The limits that apply to a request.

    The client's own comes first, so that requests beyond it are not counted against the limit of
    all clients.
    """
    total = application.rate_limit_per_minute
    total = settings.RATE_LIMIT_PER_MINUTE if total is None else total
    advice = "Spread requests over time, or ask staff to raise its limit in the admin."
    if client is None:
        message = f"This application has used its {total} requests per minute. {advice}"
        return [Limit(f"api:{application.pk}", total, message)]
    per_client = _limit_per_client(application, total)
    return [
        Limit(
            f"api:{application.pk}:{client.pk}",
            per_client,
            f"The tokens of this client have used their {per_client} requests per minute. Spread "
            "requests over time, or ask staff to raise the application's limit per client in the "
            "admin.",
        ),
        Limit(
            f"api:{application.pk}:clients",
            total,
            f"The tokens of this application's clients have used their {total} requests per "
            f"minute. {advice}",
        ),
    ]


def _limit_per_client(application: Application, total: int) -> int:
    """Requests per minute of all tokens of one client; 0 is unlimited."""
    if application.client_rate_limit_per_minute is not None:
        return application.client_rate_limit_per_minute
    default: int = settings.CLIENT_RATE_LIMIT_PER_MINUTE
    return min(default, max(1, total // CLIENT_FRACTION)) if default and total else default


@contextmanager
def token_call(application: Application) -> Iterator[None]:
    """Count a call for tokens by an authenticated application.

    A call that fails within the context is not counted: a person who sends wrong passwords through
    the application's back end must not exhaust its limit.

    Raises:
        RateLimited: the application's limit is reached.
    """
    key = f"token:{application.pk}"
    usage = _increment(key, settings.TOKEN_RATE_LIMIT_PER_MINUTE)
    if usage is not None and not usage.admitted:
        raise RateLimited(
            "Too many calls for tokens per minute. Keep a token until it expires.", usage
        )
    try:
        yield
    except APIException:
        if usage is not None:
            _decrement(key)
        raise


def limit_failures(client_id: str, address: str) -> None:
    """Count a failed call for tokens by client id, whether or not it exists, and by address.

    Only failing calls are refused for it. Client secrets are generated and cheap to check, so a
    correct one is accepted after any number of wrong ones.

    Args:
        client_id: as sent.
        address: the IP address of the connection.

    Raises:
        RateLimited: too many calls failed.
    """
    bucket = int(counters.hashed_key("client", client_id)[-8:], 16) % FAILURE_BUCKETS
    key = counters.hashed_key("token-failure", network_of(address), bucket)
    usage = _increment(key, settings.TOKEN_RATE_LIMIT_PER_MINUTE)
    if usage is not None and not usage.admitted:
        raise RateLimited(
            "Too many calls for tokens with this client id failed within a minute. Correct calls "
            "are still accepted. Check the client id, the secret and the parameters.",
            usage,
        )


def _increment(
    key: str, limit: int, increment: Callable[..., Usage] = counters.increment
) -> Usage | None:
    if limit == 0:
        return None
    try:
        return increment(key, limit=limit, seconds=PERIOD, max_wait=MAX_WAIT)
    except OperationalError as error:
        # Fail open: a busy writer must not stop reads, and a request that writes meets the same
        # database itself.
        logger.warning("A request was not counted: %s", error)
        return None


def _decrement(key: str) -> None:
    try:
        counters.decrement(key)
    except OperationalError as error:
        logger.warning("A failed call for tokens stays counted: %s", error)


class RateLimitHeaders:
    """Adds the RateLimit header fields of the IETF draft to responses."""

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
