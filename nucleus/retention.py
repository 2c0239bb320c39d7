"""Forgetting what became of old bulk requests."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from nucleus.models import BulkTransaction


def prune(batch: int) -> int:
    """Delete at most `batch` of those older than RETENTION_DAYS["bulk"]; how many."""
    kept = timedelta(days=settings.RETENTION_DAYS["bulk"])
    old = BulkTransaction.unscoped.filter(create_date__lt=timezone.now() - kept)
    ids = list(old.values_list("pk", flat=True)[:batch])
    return BulkTransaction.unscoped.filter(pk__in=ids).delete()[0] if ids else 0
