"""Whether calling a vendor with these keys makes sense now, learnt from the last calls.

Three things close the door for a while: the vendor said 429, it failed ten times in a row, or it
refuses the keys. Each opens it again by itself: after the time the vendor named, after a pause that
ends with one trying, and for refused keys every quarter of an hour, with a good "Test connection",
or when the keys are changed.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from integrations.models import CredentialHealth, VendorCredential
from integrations.vendors.base import CallRecord
from integrations.vendors.errors import (
    VendorAccessDenied,
    VendorRateLimited,
    VendorUnavailable,
)

MOST_FAILURES = 10  # in a row, then the breaker opens
MOMENT = timedelta(seconds=2)
PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=5)
RATE_LIMIT_PAUSE = timedelta(seconds=60)
PROBE_REFUSED_EVERY = timedelta(minutes=15)
FAILURES = {"vendor_unavailable", "vendor_timeout", "vendor_bad_response"}
UNAUTHORIZED, TOO_MANY = 401, 429
REFUSED = (
    "The vendor refuses these keys, so calls are paused. Correct them under Credentials, or press "
    "Test connection there once the vendor accepts them."
)
BROKEN = "The vendor failed several times in a row; calls are paused for a moment."
LIMITED = "The vendor asked to be called less often; calls are paused until then."


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
        until = None if health is None else getattr(health, column)
        if health is None or until is None:
            return
        left = (until - timezone.now()).total_seconds()
        if left <= 0 and self._is_first(health, column):
            return
        raise _refusal(health, max(left, MOMENT.total_seconds()))

    def _is_first(self, health: CredentialHealth, column: str) -> bool:
        """One caller tries after a pause; the others wait for what it finds."""
        if not health.is_refused and health.failures < MOST_FAILURES:
            return True
        seen = {column: getattr(health, column)}
        next_try = timezone.now() + (MOMENT if column == "anyone_at" else PAUSE)
        mine = CredentialHealth.objects.filter(pk=health.pk, **seen)
        return bool(mine.update(**{column: next_try}))

    def saw(self, call: CallRecord) -> None:
        """Learn from a call."""
        now = timezone.now()
        if call.error is None:
            self._well()
        elif call.status == UNAUTHORIZED:
            self._note(
                is_refused=True, refused_at=now, reason=REFUSED, retry_at=now + PROBE_REFUSED_EVERY
            )
        elif call.status == TOO_MANY:
            named = None if call.retry_after is None else now + timedelta(seconds=call.retry_after)
            self._note(reason=LIMITED, retry_at=named or now + RATE_LIMIT_PAUSE, anyone_at=named)
        elif call.error in FAILURES:
            self._failed()

    def _well(self) -> None:
        if self.health is not None:
            CredentialHealth.objects.filter(pk=self.credential.pk).delete()
            self.health = None

    def _failed(self) -> None:
        with transaction.atomic():
            row, _ = CredentialHealth.objects.select_for_update().get_or_create(
                credential=self.credential
            )
            row.failures += 1
            if row.failures >= MOST_FAILURES:
                pause = min(PAUSE * 2 ** min(row.failures - MOST_FAILURES, 10), LONGEST_PAUSE)
                now = timezone.now()
                row.reason, row.retry_at, row.anyone_at = BROKEN, now + pause, now + MOMENT
            row.save()
        self.health = row

    def _note(self, **columns: object) -> None:
        self.health, _ = CredentialHealth.objects.update_or_create(
            credential=self.credential, defaults=columns
        )


def _refusal(health: CredentialHealth, left: float) -> Exception:
    if health.is_refused:
        return VendorAccessDenied(health.reason, vendor=health.credential.vendor, retry_after=left)
    kind = VendorUnavailable if health.failures >= MOST_FAILURES else VendorRateLimited
    return kind(health.reason, vendor=health.credential.vendor, retry_after=left)
