"""Forgetting tokens that expired, and counts that are over."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from gateway.access.models import AccessToken, UsageWindow

KEPT = timedelta(days=1)  # for people who look into what happened; longer than any window


def prune(batch: int) -> int:
    """Delete at most `batch` each of tokens and windows that were over a day ago; how many."""
    before = timezone.now() - KEPT
    expired = AccessToken.objects.filter(expires__lt=before)
    ids = list(expired.values_list("pk", flat=True)[:batch])
    count = AccessToken.objects.filter(pk__in=ids).delete()[0] if ids else 0
    over = UsageWindow.objects.filter(started__lt=before.timestamp())
    keys = list(over.values_list("pk", flat=True)[:batch])
    # Asked again: a window may have begun anew since.
    return count + (over.filter(pk__in=keys).delete()[0] if keys else 0)
