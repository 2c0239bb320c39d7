"""Delete expired tokens, counters and idempotency keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from gateway.access import password_grant
from gateway.access.models import AccessToken, IdempotencyKey, UsageWindow
from gateway.access.staff_models import StaffSession

# Longer than any window but that of recent sign-ins, and so that staff can look into an incident.
RETENTION = timedelta(days=1)


def prune(batch: int) -> int:
    """Delete at most `batch` rows of each kind. Returns how many rows were deleted."""
    now = timezone.now()
    before = now - RETENTION
    sign_ins_before = (now - timedelta(seconds=password_grant.RECENT_SIGN_IN)).timestamp()
    windows = UsageWindow.objects.filter(started__lt=before.timestamp())
    sign_ins = windows.filter(key__startswith=password_grant.SIGNED_IN_PREFIX)
    return (
        _delete(AccessToken.objects.filter(expires__lt=before), batch)
        + _delete(windows.exclude(key__startswith=password_grant.SIGNED_IN_PREFIX), batch)
        + _delete(sign_ins.filter(started__lt=sign_ins_before), batch)
        + _delete(StaffSession.objects.filter(used_at__lt=before), batch)
        + _delete(IdempotencyKey.objects.filter(expires_at__lt=now), batch)
    )


def _delete(rows: QuerySet[Any, Any], batch: int) -> int:
    keys = list(rows.values_list("pk", flat=True)[:batch])
    # Filtered again: a window may have restarted since.
    return rows.filter(pk__in=keys).delete()[0] if keys else 0
