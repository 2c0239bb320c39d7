"""`Idempotency-Key`: a POST that is repeated with the same key happens once, and is answered with
the same bytes for a week.

What stays within our own database (LOCAL) has the key, its effect and the stored answer in one
transaction; a second request waits for it. What calls a vendor may not hold a transaction open, so
the key is committed first, with a lease: while it lasts others are refused, and once it has lapsed
the next one takes over and runs again, which the flows allow by their natural keys. Failures are
not kept: the same request may succeed later.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import APIException, ValidationError

from gateway.access import throttle
from gateway.access.authentication import Caller, identify
from gateway.access.models import IdempotencyKey
from gateway.errors import responses
from integrations.jobs.job_queue import database_now
from nucleus.encryption import DecryptionFailed

logger = logging.getLogger(__name__)
HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
PATHS = ("/integration/v1/", "/nucleus/v1/")
LOCAL = ("/nucleus/v1/", "/integration/v1/webhook", "/integration/v1/async/")
KEPT_FOR = timedelta(days=7)
KEPT_HEADERS = ("Content-Type", "Cache-Control", "Location", "Warning")
ACCEPTABLE = re.compile(r"[\x21-\x7e]{1,255}")
LOCK_TIMEOUT = "5s"  # PostgreSQL; SQLite waits as long as settings.DATABASES says
LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's SQLSTATE for it
MARGIN = timedelta(seconds=30)  # of a lease, over the longest request
# What the transaction may raise, outside of the view: PostgreSQL and SQLite look at foreign keys
# when it is committed.
ANSWERED = (
    APIException, OperationalError, InterfaceError, IntegrityError, DataError, DecryptionFailed,
)  # fmt: skip

View = Callable[[HttpRequest], HttpResponse]


class KeyReused(APIException):
    """The key stands for another request."""

    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = (
        "This Idempotency-Key was used for a different request (path, query, body or kind of "
        "token). Send a new key with every new request."
    )


class StillRunning(APIException):
    """The first request with the key has no answer yet."""

    status_code = 409
    default_code = "idempotency_key_in_use"
    default_detail = (
        "A request with this Idempotency-Key is still running. Repeat it later with the same key."
    )
    wait = 2


class IdempotencyMiddleware:
    """Acts on POSTs to the API that carry the header."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or HEADER not in request.headers:
            return self.get_response(request)
        try:
            asked = _asked(request) if request.path_info.startswith(PATHS) else None
            if asked is None:
                return self.get_response(request)
            if request.path_info.startswith(LOCAL):
                return _in_one_transaction(asked, request, self.get_response)
            return _under_a_lease(asked, request, self.get_response)
        except ANSWERED as error:
            return responses.error_response(request, _timed_out(error) or error)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may have been made before."""

    caller: Caller
    key: str
    fingerprint: str

    def known(self) -> IdempotencyKey | None:
        """The row of the key. Raises KeyReused when it stands for another request."""
        rows = IdempotencyKey.objects.filter(
            application=self.caller.application, caller=self._caller, key=self.key
        )
        row = rows.first()
        if row is not None and row.expires_at <= database_now():
            rows.filter(pk=row.pk).delete()
            return None
        if row is not None and row.fingerprint != self.fingerprint:
            raise KeyReused
        return row

    def begun(self, lease: timedelta | None = None) -> IdempotencyKey | None:
        """A new row; None when there is one. PostgreSQL waits for whoever is inserting it."""
        now = database_now()
        row = IdempotencyKey(
            application=self.caller.application,
            caller=self._caller,
            key=self.key,
            fingerprint=self.fingerprint,
            lease_until=None if lease is None else now + lease,
            expires_at=now + KEPT_FOR,
        )
        IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
        return row if IdempotencyKey.objects.filter(pk=row.pk).exists() else None

    @property
    def _caller(self) -> str:
        """Whose key it is: each client has keys of its own, which nobody else can occupy or probe,
        and so has the tenant."""
        return str(self.caller.client.pk) if self.caller.client else ""


def _asked(request: HttpRequest) -> Asked | None:
    """What to look for; None where the view will refuse the request anyway.

    Raises ValidationError for a key that is none, and RateLimited.
    """
    try:
        identity = identify(request)
        body = request.body
    except (APIException, RequestDataTooBig, UnreadablePostError):
        return None
    if identity is None or not identity[0].has_scope("create"):
        return None
    caller = identity[0]  # counted here, because a count commits by itself
    throttle.admit(caller.application, request, client=caller.client)
    key = request.headers[HEADER]
    if not ACCEPTABLE.fullmatch(key):
        words = "Send 1 to 255 visible ASCII characters, a new UUID for example."
        raise ValidationError({HEADER: [words]})
    return Asked(caller, key, _fingerprint(request, caller, body))


def _fingerprint(request: HttpRequest, caller: Caller, body: bytes) -> str:
    """What has to be the same again. An answer must not reach a token that may see less.

    Keyed, because a body may hold a password or an account number: from a plain hash in a stolen
    table they could be guessed.
    """
    parts = [
        request.method,
        request.path_info,
        request.META.get("QUERY_STRING", ""),
        caller.has_scope("account_numbers"),
        _canonical(body),
    ]
    keyed = salted_hmac("gateway.idempotency", json.dumps(parts), algorithm="sha256")
    return str(keyed.hexdigest())


def _canonical(body: bytes) -> str:
    """JSON without its spaces and the order of its members; anything else as it is.

    Exact: numbers keep their digits, apart from text that looks like them, and members that occur
    twice stay two.
    """
    try:
        value = json.loads(
            body.decode(),
            parse_int=_number,
            parse_float=_number,
            parse_constant=_number,
            object_pairs_hook=_members,
        )
        return json.dumps(value)
    except (ValueError, RecursionError):
        return body.hex()


def _number(digits: str) -> dict[str, str]:
    return {"number": digits}


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {"members": sorted(pairs, key=itemgetter(0))}


def _in_one_transaction(asked: Asked, request: HttpRequest, view: View) -> HttpResponse:
    if (row := asked.known()) is not None:
        return _replay(row)
    with transaction.atomic():
        with _bounded_wait():
            row = asked.begun()
        if row is not None:
            response = view(request)
            if _is_kept(response):
                _fill(row, response)
                row.save()
            else:
                transaction.set_rollback(True)
            return response
    if (row := asked.known()) is not None:
        return _replay(row)
    raise StillRunning


def _under_a_lease(asked: Asked, request: HttpRequest, view: View) -> HttpResponse:
    lease = timedelta(seconds=settings.VENDOR_DEADLINE_SECONDS + settings.MEMBER_WAIT_SECONDS)
    lease += MARGIN
    row = asked.known()
    if row is not None and row.status is not None:
        return _replay(row)
    row = asked.begun(lease) if row is None else _taken_over(row, lease)
    if row is None:
        raise StillRunning
    response = view(request)
    try:
        _end(row, response)
    except DatabaseError:  # the answer is true all the same; once the lease is over, it can be had
        logger.exception("the answer to an Idempotency-Key could not be kept")
    return response


def _taken_over(row: IdempotencyKey, lease: timedelta) -> IdempotencyKey | None:
    """The row with the next token, if its lease has lapsed and nobody was faster."""
    now = database_now()
    lapsed = IdempotencyKey.objects.filter(pk=row.pk, token=row.token, lease_until__lt=now)
    if not lapsed.update(token=F("token") + 1, lease_until=now + lease):
        return None
    row.token += 1
    return row


def _end(row: IdempotencyKey, response: HttpResponse) -> None:
    """Keep a success and forget a failure, unless another request has taken over."""
    mine = IdempotencyKey.objects.filter(pk=row.pk, token=row.token)
    if not _is_kept(response):
        mine.delete()
        return
    with transaction.atomic():
        if mine.update(status=response.status_code, lease_until=None):
            _fill(row, response)
            row.save()


def _is_kept(response: HttpResponse) -> bool:
    return 200 <= response.status_code < 300


def _fill(row: IdempotencyKey, response: HttpResponse) -> None:
    row.status = response.status_code
    row.lease_until = None
    row.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    row.body = response.content.decode()


def _replay(row: IdempotencyKey) -> HttpResponse:
    if row.status is None:
        raise StillRunning
    headers = row.headers | {REPLAYED: "true"}
    return HttpResponse(row.body.encode(), status=row.status, headers=headers)


@contextmanager
def _bounded_wait() -> Iterator[None]:
    """No lock is waited for longer than LOCK_TIMEOUT; SQLite's own time-out is always on."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        yield
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")


def _timed_out(error: Exception) -> StillRunning | None:
    """The first request with the key has kept its row locked for too long."""
    is_it = getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE
    return StillRunning() if is_it else None
