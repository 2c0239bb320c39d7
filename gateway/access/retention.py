"""Forgetting tokens, counts and idempotency keys that are over."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from gateway.access import password_grant
from gateway.access.models import AccessToken, IdempotencyKey, UsageWindow

KEPT = timedelta(days=1)  # for people who look into what happened; longer than other windows


def prune(batch: int) -> int:
    """Delete at most `batch` of each kind; how many rows."""
    now = timezone.now()
    before = now - KEPT
    sign_ins_before = (now - timedelta(seconds=password_grant.RECENT)).timestamp()
    windows = UsageWindow.objects.filter(started__lt=before.timestamp())
    sign_ins = windows.filter(key__startswith=password_grant.SIGNED_IN)
    return (
        _delete(AccessToken.objects.filter(expires__lt=before), batch)
        + _delete(windows.exclude(key__startswith=password_grant.SIGNED_IN), batch)
        + _delete(sign_ins.filter(started__lt=sign_ins_before), batch)
        + _delete(IdempotencyKey.objects.filter(expires_at__lt=now), batch)
    )


def _delete(rows: QuerySet, batch: int) -> int:
    keys = list(rows.values_list("pk", flat=True)[:batch])
    # Asked again: a window may have begun anew since.
    return rows.filter(pk__in=keys).delete()[0] if keys else 0
