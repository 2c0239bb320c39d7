"""Whether calling a vendor with these keys makes sense now, learnt from the last calls.

Three things keep callers out for a while: the vendor said 429, it failed ten times in a row, or it
refuses the keys. Each ends automatically: after the time the vendor named, after a pause that ends
with one caller trying, and for refused keys every quarter of an hour, with a good "Test
connection", or when the keys are changed. The state is replaced as a whole, so it always has one
cause.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations.jobs import requeue
from integrations.models import CredentialHealth, VendorCredential
from integrations.vendors.base import CallRecord
from integrations.vendors.errors import (
    VendorAccessDenied,
    VendorError,
    VendorRateLimited,
    VendorUnavailable,
)

MOST_FAILURES = 10  # in a row, then the breaker opens
MOMENT = timedelta(seconds=2)
PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=5)
RATE_LIMIT_PAUSE = timedelta(seconds=60)
PROBE_REFUSED_EVERY = timedelta(minutes=15)
RECORD_SUCCESS_EVERY = timedelta(minutes=1)
FAILURES = {"vendor_unavailable", "vendor_timeout", "vendor_bad_response"}
UNAUTHORIZED, TOO_MANY = 401, 429

State = CredentialHealth.State
REFUSALS: dict[str, type[VendorError]] = {
    State.REFUSED: VendorAccessDenied,
    State.FAILING: VendorUnavailable,
    State.LIMITED: VendorRateLimited,
}


class Watch:
    """Watches the calls made with one credential, and knows whether any should be made."""

    def __init__(self, credential: VendorCredential) -> None:
        self.credential = credential
        self.health = CredentialHealth.objects.filter(pk=credential.pk).first()

    def admit(self, *, interactive: bool) -> None:
        """Let a use case begin.

        Args:
            interactive: somebody waits for the answer. They are only kept from calling while the
                vendor itself asked for a pause, or for moments while it is down.

        Raises:
            VendorAccessDenied, VendorUnavailable, VendorRateLimited: calls are paused; with
                `retry_after`.
        """
        health, column = self.health, "anyone_at" if interactive else "retry_at"
        until: datetime | None = None if health is None else getattr(health, column)
        if health is None or until is None:
            return
        left = (until - timezone.now()).total_seconds()
        if left <= 0 and self._is_first(health, column):
            return
        refusal = REFUSALS[health.state](
            health.reason,
            vendor=self.credential.vendor,
            retry_after=max(left, MOMENT.total_seconds()),
        )
        refusal.is_pause, refusal.was_sent = True, False
        raise refusal

    def _is_first(self, health: CredentialHealth, column: str) -> bool:
        """One caller tries after a pause; the others wait for the result."""
        if health.state == State.LIMITED:
            return True
        next_try = timezone.now() + (MOMENT if column == "anyone_at" else PAUSE)
        unchanged = {"since": health.since, column: getattr(health, column)}
        rows = CredentialHealth.objects.filter(pk=health.pk, state=health.state, **unchanged)
        return bool(rows.update(**{column: next_try}))

    def saw(self, call: CallRecord) -> None:
        """Learn from a call."""
        now = timezone.now()
        if call.error is None:
            self._succeeded(now)
        elif call.status == UNAUTHORIZED:
            self._replace(state=State.REFUSED, since=now, retry_at=now + PROBE_REFUSED_EVERY)
        elif call.status == TOO_MANY:
            named = None if call.retry_after is None else now + timedelta(seconds=call.retry_after)
            self._replace(
                state=State.LIMITED,
                since=now,
                retry_at=named or now + RATE_LIMIT_PAUSE,
                anyone_at=named,
            )
        elif call.error in FAILURES:
            self._failed(now)

    def _succeeded(self, now: datetime) -> None:
        known = self.health
        if known is None:
            self._first_success(now)
        elif known.state != State.WORKING:
            self._recovered(known, now)
        elif known.last_success_at is None or known.last_success_at < now - RECORD_SUCCESS_EVERY:
            known.last_success_at = now
            CredentialHealth.objects.filter(pk=known.pk).update(last_success_at=now)

    def _first_success(self, now: datetime) -> None:
        if self._is_current():
            self.health, _ = CredentialHealth.objects.get_or_create(
                credential=self.credential,
                defaults=_columns(state=State.WORKING, since=now, last_success_at=now),
            )

    def _recovered(self, known: CredentialHealth, now: datetime) -> None:
        """Working again, unless another process has learnt something newer meanwhile.

        A call that was on its way when the vendor asked for a pause must not end the pause.
        """
        rows = CredentialHealth.objects.filter(pk=known.pk, state=known.state, since=known.since)
        if rows.update(**_columns(state=State.WORKING, since=now, last_success_at=now)):
            requeue.release(tenant_id=self.credential.tenant_id, vendor=self.credential.vendor)
        self.health = CredentialHealth.objects.filter(pk=known.pk).first()

    def _failed(self, now: datetime) -> None:
        with transaction.atomic():
            rows = CredentialHealth.objects.select_for_update()
            row = rows.filter(pk=self.credential.pk).first()
            if row is not None and self._was_on_its_way(row, now):
                self.health = row
                return
            failures = 1 if row is None else row.failures + 1
            since = row.since if row is not None and row.failures else now
            pause = _pause(failures, now)
            self._replace(state=State.FAILING, since=since, failures=failures, **pause)

    def _was_on_its_way(self, row: CredentialHealth, now: datetime) -> bool:
        """Whether the call began before the vendor asked for the pause that still lasts."""
        is_known = self.health is not None and self.health.since == row.since
        lasts = row.state == State.LIMITED and row.anyone_at is not None and row.anyone_at > now
        return lasts and not is_known

    def _replace(self, **columns: Any) -> None:
        if self._is_current():
            self.health, _ = CredentialHealth.objects.update_or_create(
                credential=self.credential, defaults=_columns(**columns)
            )

    def _is_current(self) -> bool:
        """False when the keys were changed while the call was on its way: it was about others."""
        rows = VendorCredential.unscoped.filter(pk=self.credential.pk)
        return rows.filter(update_date=self.credential.update_date).exists()


def _columns(**columns: Any) -> dict[str, Any]:
    """The whole state, so that nothing of the last one is left; only the last success stays."""
    return {"failures": 0, "retry_at": None, "anyone_at": None} | columns


def _pause(failures: int, now: datetime) -> dict[str, datetime]:
    """How long callers are kept out after so many failures in a row."""
    if failures < MOST_FAILURES:
        return {}
    pause = min(PAUSE * 2 ** min(failures - MOST_FAILURES, 10), LONGEST_PAUSE)
    return {"retry_at": now + pause, "anyone_at": now + MOMENT}
