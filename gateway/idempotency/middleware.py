"""`Idempotency-Key`: a POST that is repeated with the same key is done once.

Its response is repeated for a week.

A POST that only writes to our own database (LOCAL_PATHS) stores the key, its effect and the
response in one transaction; a concurrent repetition waits for it. A POST that calls a vendor must
not keep a transaction open, so its key is committed first, with a lease. Repetitions are refused
while the lease lasts. Afterwards the next one takes over and runs again, which is safe because the
flows write by natural keys. Failures are not stored: the same request may succeed later.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

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
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from rest_framework.exceptions import APIException, ValidationError

from gateway.access import throttle
from gateway.access.authentication import identify
from gateway.errors import responses
from gateway.idempotency import key_store
from gateway.idempotency.fingerprint import fingerprint
from gateway.idempotency.key_store import KeyedRequest, KeyInUse
from nucleus.encryption import DecryptionFailed

logger = logging.getLogger(__name__)
HEADER = "Idempotency-Key"
PATHS = ("/integration/v1/", "/nucleus/v1/")
LOCAL_PATHS = ("/nucleus/v1/", "/integration/v1/webhook", "/integration/v1/async/")
KEY_PATTERN = re.compile(r"[\x21-\x7e]{1,255}")
LOCK_TIMEOUT = "5s"  # PostgreSQL; SQLite's time-out is in settings.DATABASES
LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's SQLSTATE when LOCK_TIMEOUT is over
LEASE_MARGIN = timedelta(seconds=30)  # added to the longest possible duration of a request
# Errors of the transaction that are raised outside of the view: foreign keys are checked at commit.
TRANSACTION_ERRORS = (
    APIException, OperationalError, InterfaceError, IntegrityError, DataError, DecryptionFailed,
)  # fmt: skip

View = Callable[[HttpRequest], HttpResponse]


class IdempotencyMiddleware:
    """Handles POST requests to the API that have the header."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        has_key = request.method == "POST" and HEADER in request.headers
        if not has_key or not request.path_info.startswith(PATHS):
            return self.get_response(request)
        try:
            keyed_request = _keyed_request(request)
            if keyed_request is None:
                return self.get_response(request)
            if request.path_info.startswith(LOCAL_PATHS):
                return _run_in_transaction(keyed_request, request, self.get_response)
            return _run_under_lease(keyed_request, request, self.get_response)
        except TRANSACTION_ERRORS as error:
            is_lock_timeout = getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE
            return responses.error_response(request, KeyInUse() if is_lock_timeout else error)


def _keyed_request(request: HttpRequest) -> KeyedRequest | None:
    """The caller, key and fingerprint; None if the view will refuse the request anyway.

    Also counts the request for the rate limit, before a transaction is opened.

    Raises:
        RateLimited: the caller's limit is reached.
        ValidationError: the key is malformed.
    """
    try:
        caller = identify(request)
        body = request.body
    except (APIException, RequestDataTooBig, UnreadablePostError):
        return None
    if caller is None or not caller.has_scope("create"):
        return None
    throttle.admit(caller.application, request, client=caller.client)
    key = request.headers[HEADER]
    if not KEY_PATTERN.fullmatch(key):
        message = "Send 1 to 255 visible ASCII characters, for example a new UUID."
        raise ValidationError({HEADER: [message]})
    return KeyedRequest(caller, key, fingerprint(request, caller, body))


def _run_in_transaction(
    keyed_request: KeyedRequest, request: HttpRequest, view: View
) -> HttpResponse:
    if (row := keyed_request.find()) is not None:
        return key_store.replay(row)
    with transaction.atomic():
        with _lock_timeout():
            row = keyed_request.insert()
        if row is not None:
            response = view(request)
            if key_store.is_success(response):
                key_store.store_response(row, response)
            else:
                transaction.set_rollback(True)
            return response
    if (row := keyed_request.find()) is not None:
        return key_store.replay(row)
    raise KeyInUse


def _run_under_lease(keyed_request: KeyedRequest, request: HttpRequest, view: View) -> HttpResponse:
    seconds = settings.VENDOR_DEADLINE_SECONDS + settings.MEMBER_WAIT_SECONDS
    lease = timedelta(seconds=seconds) + LEASE_MARGIN
    row = keyed_request.find()
    if row is not None and row.status is not None:
        return key_store.replay(row)
    row = keyed_request.insert(lease) if row is None else key_store.take_over(row, lease)
    if row is None:
        raise KeyInUse
    response = view(request)
    try:
        key_store.complete(row, response)
    except DatabaseError:  # the response is valid; a repetition runs again after the lease
        logger.exception("The response for an Idempotency-Key could not be stored")
    return response


@contextmanager
def _lock_timeout() -> Iterator[None]:
    """On PostgreSQL, wait for locks no longer than LOCK_TIMEOUT; SQLite always has a time-out."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        yield
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
