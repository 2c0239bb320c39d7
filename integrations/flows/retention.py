"""Retention: delete old rows, a bounded batch at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from integrations.models import (
    AsyncTransaction,
    AuditLog,
    InboundWebhook,
    Job,
    JobState,
    OutboundEvent,
)

BATCH = 1000


def prune() -> int:
    """Delete rows older than RETENTION_DAYS; returns how many. Dead jobs are kept for staff."""
    count = sum(delete_batch(rows) for rows in _expired())
    return count + sum(int(import_string(path)(BATCH)) for path in settings.RETENTION_HOOKS)


def delete_batch(rows: QuerySet[Any, Any]) -> int:
    """Delete at most BATCH of the rows, which keeps transactions short; returns how many."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    return rows.model._base_manager.filter(pk__in=ids).delete()[0] if ids else 0


def _expired() -> list[QuerySet[Any, Any]]:
    now = timezone.now()
    max_age = {name: timedelta(days=days) for name, days in settings.RETENTION_DAYS.items()}
    return [
        Job.objects.filter(
            state__in=(JobState.DONE, JobState.MERGED, JobState.CANCELED),
            finished_at__lt=now - max_age["jobs"],
        ),
        InboundWebhook.objects.filter(create_date__lt=now - max_age["webhooks"]),
        AsyncTransaction.unscoped.filter(finished_at__lt=now - max_age["jobs"]),
        OutboundEvent.unscoped.filter(create_date__lt=now - max_age["events"]),
        AuditLog.objects.filter(create_date__lt=now - max_age["audit"]),
    ]
