"""A circuit breaker per credential: whether the vendor may be called with it now.

| State | Cause | Calls resume |
|---|---|---|
| working | the last call succeeded | |
| limited | 429 of all calls | after the time that the vendor named, else after a minute |
| failing | ten failures in a row | after a pause that doubles; one caller probes first |
| refused | 401 | when a probe succeeds (every 15 minutes), or when it was changed |

The row in CredentialHealth is replaced as a whole, so it always has exactly one cause.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import transaction
from django.utils import timezone

from integrations.jobs import requeue
from integrations.models import CredentialHealth, VendorCredential
from integrations.vendors.base import CallRecord
from integrations.vendors.errors import (
    POLICIES,
    VendorAccessDenied,
    VendorError,
    VendorJobLimited,
    VendorRateLimited,
    VendorUnavailable,
)

MAX_FAILURES = 10  # in a row; then the circuit opens
INTERACTIVE_PROBE_INTERVAL = timedelta(seconds=2)
PAUSE, MAX_PAUSE = timedelta(seconds=15), timedelta(minutes=5)
RATE_LIMIT_PAUSE = timedelta(seconds=60)
REFUSED_PROBE_INTERVAL = timedelta(minutes=15)
SUCCESS_RECORD_INTERVAL = timedelta(minutes=1)
# Error codes of calls that count as failures of the vendor.
FAILURE_CODES = {
    policy.code for kind, policy in POLICIES.items() if issubclass(kind, VendorUnavailable)
}
UNAUTHORIZED, TOO_MANY = 401, 429
JOB_LIMITED = POLICIES[VendorJobLimited].code  # a 429 that says nothing about other calls

State = CredentialHealth.State
REFUSALS: dict[str, type[VendorError]] = {
    State.REFUSED: VendorAccessDenied,
    State.FAILING: VendorUnavailable,
    State.LIMITED: VendorRateLimited,
}


class Recorder(Protocol):
    """Receives the result of every call."""

    def record(self, call: CallRecord) -> None: ...


class Ignored:
    """Records nothing: calls with a credential that is not stored say nothing about one that is."""

    def record(self, call: CallRecord) -> None:
        """Do nothing."""


class CircuitBreaker:
    """Records the calls made with one credential, and refuses calls while it is open.

    Args:
        health: as stored; None for a credential that was never tried.
    """

    def __init__(self, credential: VendorCredential, health: CredentialHealth | None) -> None:
        self.credential = credential
        self.health = health

    def check(self, *, interactive: bool) -> None:
        """Refuse a use case while calls are paused.

        Args:
            interactive: a person waits for the response. Such callers are refused only while the
                vendor itself asked for a pause, or for two seconds after a failed probe.

        Raises:
            VendorAccessDenied, VendorUnavailable, VendorRateLimited: calls are paused; with
                `retry_after`.
        """
        health, column = self.health, "anyone_at" if interactive else "retry_at"
        until: datetime | None = None if health is None else getattr(health, column)
        if health is None or until is None:
            return
        remaining = (until - timezone.now()).total_seconds()
        if remaining <= 0 and self._acquire_probe(health, column):
            return
        refusal = REFUSALS[health.state](
            health.reason,
            vendor=self.credential.vendor,
            retry_after=max(remaining, INTERACTIVE_PROBE_INTERVAL.total_seconds()),
        )
        refusal.is_pause, refusal.was_sent = True, False
        raise refusal

    def _acquire_probe(self, health: CredentialHealth, column: str) -> bool:
        """Whether this caller is the one that probes after a pause; the others are refused."""
        if health.state == State.LIMITED:
            return True
        next_try = timezone.now() + (INTERACTIVE_PROBE_INTERVAL if column == "anyone_at" else PAUSE)
        unchanged = {"since": health.since, column: getattr(health, column)}
        rows = CredentialHealth.objects.filter(pk=health.pk, state=health.state, **unchanged)
        return bool(rows.update(**{column: next_try}))

    def record(self, call: CallRecord) -> None:
        """Update the state after a call."""
        now = timezone.now()
        if call.error is None:
            self._record_success(now)
        elif call.status == UNAUTHORIZED:
            self._replace(state=State.REFUSED, since=now, retry_at=now + REFUSED_PROBE_INTERVAL)
        elif call.error == JOB_LIMITED:
            return
        elif call.status == TOO_MANY:
            resume_at = (
                None if call.retry_after is None else now + timedelta(seconds=call.retry_after)
            )
            self._replace(
                state=State.LIMITED,
                since=now,
                retry_at=resume_at or now + RATE_LIMIT_PAUSE,
                anyone_at=resume_at,
            )
        elif call.error in FAILURE_CODES:
            self._record_failure(now)

    def _record_success(self, now: datetime) -> None:
        health = self.health
        if health is None:
            self._record_first_success(now)
        elif health.state != State.WORKING:
            self._record_recovery(health, now)
        elif (
            health.last_success_at is None or health.last_success_at < now - SUCCESS_RECORD_INTERVAL
        ):
            health.last_success_at = now
            CredentialHealth.objects.filter(pk=health.pk).update(last_success_at=now)

    def _record_first_success(self, now: datetime) -> None:
        if self._credential_unchanged():
            self.health, _ = CredentialHealth.objects.get_or_create(
                credential=self.credential,
                defaults=_columns(state=State.WORKING, since=now, last_success_at=now),
            )

    def _record_recovery(self, health: CredentialHealth, now: datetime) -> None:
        """Set working again, unless another process has recorded a newer state.

        A call in flight when the vendor asked for a pause must not end the pause.
        """
        rows = CredentialHealth.objects.filter(pk=health.pk, state=health.state, since=health.since)
        if rows.update(**_columns(state=State.WORKING, since=now, last_success_at=now)):
            requeue.release_postponed(
                tenant_id=self.credential.tenant_id, vendor=self.credential.vendor
            )
        self.health = CredentialHealth.objects.filter(pk=health.pk).first()

    def _record_failure(self, now: datetime) -> None:
        with transaction.atomic():
            rows = CredentialHealth.objects.select_for_update()
            row = rows.filter(pk=self.credential.pk).first()
            if row is not None and self._started_before_pause(row, now):
                self.health = row
                return
            failures = 1 if row is None else row.failures + 1
            since = row.since if row is not None and row.failures else now
            pause = _pause(failures, now)
            self._replace(state=State.FAILING, since=since, failures=failures, **pause)

    def _started_before_pause(self, row: CredentialHealth, now: datetime) -> bool:
        """Whether the call started before the vendor asked for the current pause."""
        is_newest = self.health is not None and self.health.since == row.since
        is_paused = row.state == State.LIMITED and row.anyone_at is not None and row.anyone_at > now
        return is_paused and not is_newest

    def _replace(self, **columns: Any) -> None:
        if self._credential_unchanged():
            self.health, _ = CredentialHealth.objects.update_or_create(
                credential=self.credential, defaults=_columns(**columns)
            )

    def _credential_unchanged(self) -> bool:
        """False if the credential was changed during the call: the result is about the old one."""
        rows = VendorCredential.unscoped.filter(pk=self.credential.pk)
        return rows.filter(update_date=self.credential.update_date).exists()


def read(credential: VendorCredential) -> CircuitBreaker:
    """The circuit breaker of the credential, with its stored state."""
    return CircuitBreaker(credential, CredentialHealth.objects.filter(pk=credential.pk).first())


def _columns(**columns: Any) -> dict[str, Any]:
    """All columns of a state; `last_success_at` alone is kept from the previous one."""
    return {"failures": 0, "retry_at": None, "anyone_at": None} | columns


def _pause(failures: int, now: datetime) -> dict[str, datetime]:
    """When callers may try again after that many failures in a row."""
    if failures < MAX_FAILURES:
        return {}
    pause = min(PAUSE * 2 ** min(failures - MAX_FAILURES, 10), MAX_PAUSE)
    return {"retry_at": now + pause, "anyone_at": now + INTERACTIVE_PROBE_INTERVAL}
