"""How often applications and their clients may call, counted in the database and therefore over all
processes.

Tokens of the whole tenant and tokens of single clients have budgets of their own, and so have calls
for tokens that succeed and calls that fail: nobody can use up what somebody else needs.
"""

from __future__ import annotations

import ipaddress
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, Throttled

from gateway.access import counters
from gateway.access.counters import Usage
from gateway.access.models import Application
from nucleus.models import Client

PERIOD = 60.0  # seconds
CLIENTS_PART = 10  # a client's token gets at most this fraction of the application's limit
IPV6_PREFIX = 64  # bits; one subscriber has all addresses behind them
BUCKETS = 4096  # of failures from one address; anybody can invent client ids, so few rows for all
logger = logging.getLogger(__name__)


class RateLimited(Throttled):
    """Too often; `wait` says in how many seconds it works again."""

    default_code = "rate_limited"

    def __init__(self, detail: str, usage: Usage) -> None:
        super().__init__(wait=max(1.0, usage.seconds), detail=detail)


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests per minute under one key. `refusal` is what callers beyond it are told."""

    key: str
    most: int  # 0: any number
    refusal: str


def admit(
    application: Application,
    http_request: HttpRequest | None = None,
    *,
    client: Client | None = None,
) -> Usage | None:
    """Count one request with a token of the application, or of that client of it.

    The count is committed at once, so call it outside of transactions. With `http_request`, what
    has been counted for it already is not counted again.

    Returns: what is left of the limit that is nearest, or None where there is none.

    Raises:
        RateLimited: a limit is reached.
    """
    if http_request is not None and hasattr(http_request, "usage"):
        known: Usage | None = http_request.usage
        return known
    nearest: Usage | None = None
    refusal = ""
    for limit in _limits(application, client):
        usage = _counted(limit.key, limit.most)
        if usage is None:
            continue
        if nearest is None or usage.remaining < nearest.remaining or not usage.admitted:
            nearest, refusal = usage, limit.refusal
        if not usage.admitted:
            break
    if http_request is not None:
        http_request.usage = nearest  # type: ignore[attr-defined]
    if nearest is not None and not nearest.admitted:
        raise RateLimited(refusal, nearest)
    return nearest


def _limits(application: Application, client: Client | None) -> list[Limit]:
    """What a request counts against; the client's own share first, so that what is beyond it takes
    nothing from the other clients."""
    whole = application.rate_limit_per_minute
    whole = settings.RATE_LIMIT_PER_MINUTE if whole is None else whole
    raise_it = "Spread them, or let staff raise its limit in the admin."
    if client is None:
        refusal = f"This application has made its {whole} requests of this minute. {raise_it}"
        return [Limit(f"api:{application.pk}", whole, refusal)]
    share = _share(application, whole)
    return [
        Limit(
            f"api:{application.pk}:{client.pk}",
            share,
            f"The tokens of this client have made their {share} requests of this minute. Spread "
            "them, or let staff raise the application's limit for each client in the admin.",
        ),
        Limit(
            f"api:{application.pk}:clients",
            whole,
            f"The tokens of this application's clients have made their {whole} requests of this "
            f"minute. {raise_it}",
        ),
    ]


def _share(application: Application, whole: int) -> int:
    """How many requests the tokens of one client have in a minute; 0 is any number."""
    if application.client_rate_limit_per_minute is not None:
        return application.client_rate_limit_per_minute
    share: int = settings.CLIENT_RATE_LIMIT_PER_MINUTE
    return min(share, max(1, whole // CLIENTS_PART)) if share and whole else share


@contextmanager
def token_call(application: Application) -> Iterator[None]:
    """Count a call of the application, which has proved to be it, to the authorization server.

    A call that is refused inside is not counted: whoever sends wrong passwords or client tokens
    through the application's back end must not use up its tokens.

    Raises:
        RateLimited: the application has had all tokens of this minute.
    """
    key = f"token:{application.pk}"
    usage = _counted(key, settings.TOKEN_RATE_LIMIT_PER_MINUTE)
    if usage is not None and not usage.admitted:
        raise RateLimited(
            "Too many calls for tokens in this minute. Keep a token until it expires.", usage
        )
    try:
        yield
    except APIException:
        if usage is not None:
            _uncount(key)
        raise


def limit_failures(client_id: str, address: str) -> None:
    """Count a call to the authorization server that failed, by the client id that it named, whether
    or not there is such an application, and by where it came from.

    Only failures are ever refused for it: secrets are generated and checking one is cheap, so the
    right one is looked for however many wrong ones came before.

    Raises:
        RateLimited: there were too many.
    """
    bucket = int(counters.hashed_key("client", client_id)[-8:], 16) % BUCKETS
    key = counters.hashed_key("token-failure", network_of(address), bucket)
    usage = _counted(key, settings.TOKEN_RATE_LIMIT_PER_MINUTE)
    if usage is not None and not usage.admitted:
        raise RateLimited(
            "Too many calls for tokens with this client id failed in this minute; those that are "
            "right are still answered. Check the client id, the secret and the parameters.",
            usage,
        )


def network_of(address: str) -> str:
    """What addresses are counted by: IPv4 addresses and IPv6 networks; other text as it is."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((int(known), IPV6_PREFIX), strict=False))
    return str(known)


def _counted(key: str, limit: int) -> Usage | None:
    if limit == 0:
        return None
    try:
        return counters.increment(key, limit=limit, seconds=PERIOD)
    except OperationalError as error:
        # A limiter that cannot count lets through: a busy writer must not stop reads, and what
        # writes meets the same database itself.
        logger.warning("A request was not counted: %s", error)
        return None


def _uncount(key: str) -> None:
    try:
        counters.decrement(key)
    except OperationalError as error:
        logger.warning("A refused request stays counted: %s", error)


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
