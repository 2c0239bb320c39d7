"""Rows of idempotency keys: find, insert, take over, complete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.http import HttpResponse
from rest_framework.exceptions import APIException

from gateway.access.authentication import Caller
from gateway.access.models import IdempotencyKey
from integrations.jobs.job_queue import database_now

RETENTION = timedelta(days=7)
STORED_HEADERS = ("Content-Type", "Cache-Control", "Location", "Warning")
REPLAYED_HEADER = "Idempotent-Replayed"


class KeyReused(APIException):
    """The key belongs to another request."""

    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = (
        "This Idempotency-Key was used for a different request (path, query, body or kind of "
        "token). Send a new key with every new request."
    )


class KeyInUse(APIException):
    """The first request with the key has no response yet."""

    status_code = 409
    default_code = "idempotency_key_in_use"
    default_detail = (
        "A request with this Idempotency-Key is still running. Repeat it later with the same key."
    )
    wait = 2


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request with an idempotency key, which may be a repetition."""

    caller: Caller
    key: str
    fingerprint: str

    @property
    def caller_id(self) -> str:
        """The client's id, or "" for the tenant: callers cannot use or probe each other's keys."""
        return str(self.caller.client.pk) if self.caller.client else ""

    def find(self) -> IdempotencyKey | None:
        """The row of the key, if it has not expired.

        Raises:
            KeyReused: the key belongs to another request.
        """
        rows = IdempotencyKey.objects.filter(
            application=self.caller.application, caller=self.caller_id, key=self.key
        )
        row = rows.first()
        if row is not None and row.expires_at <= database_now():
            rows.filter(pk=row.pk).delete()
            return None
        if row is not None and row.fingerprint != self.fingerprint:
            raise KeyReused
        return row

    def insert(self, lease: timedelta | None = None) -> IdempotencyKey | None:
        """Insert a row for the key; None if there is one.

        On PostgreSQL this waits for an uncommitted row of another transaction.
        """
        now = database_now()
        row = IdempotencyKey(
            application=self.caller.application,
            caller=self.caller_id,
            key=self.key,
            fingerprint=self.fingerprint,
            lease_until=None if lease is None else now + lease,
            expires_at=now + RETENTION,
        )
        IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
        return row if IdempotencyKey.objects.filter(pk=row.pk).exists() else None


def take_over(row: IdempotencyKey, lease: timedelta) -> IdempotencyKey | None:
    """The row with a new lease and fencing token; None if its lease is still held."""
    now = database_now()
    expired = IdempotencyKey.objects.filter(pk=row.pk, token=row.token, lease_until__lt=now)
    if not expired.update(token=F("token") + 1, lease_until=now + lease):
        return None
    row.token += 1
    return row


def complete(row: IdempotencyKey, response: HttpResponse) -> None:
    """Store a success and delete the row of a failure, unless another request has taken over."""
    own = IdempotencyKey.objects.filter(pk=row.pk, token=row.token)
    if not is_success(response):
        own.delete()
        return
    with transaction.atomic():
        if own.update(status=response.status_code, lease_until=None):
            store_response(row, response)


def store_response(row: IdempotencyKey, response: HttpResponse) -> None:
    """Save the response in the row, which the caller has locked."""
    row.status = response.status_code
    row.lease_until = None
    row.headers = {name: response[name] for name in STORED_HEADERS if name in response}
    row.body = response.content.decode()
    row.save()


def replay(row: IdempotencyKey) -> HttpResponse:
    """The stored response. Raises KeyInUse if there is none yet."""
    if row.status is None:
        raise KeyInUse
    headers = row.headers | {REPLAYED_HEADER: "true"}
    return HttpResponse(row.body.encode(), status=row.status, headers=headers)


def is_success(response: HttpResponse) -> bool:
    return 200 <= response.status_code < 300
