"""Forgetting what is no longer needed, a bounded batch at a time."""

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
    """Delete what is older than the settings keep; how many rows. Dead jobs stay for people."""
    count = sum(delete_batch(rows) for rows in _expired())
    return count + sum(int(import_string(path)(BATCH)) for path in settings.RETENTION_HOOKS)


def delete_batch(rows: QuerySet[Any, Any]) -> int:
    """At most BATCH of the rows, so that no transaction gets long."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    return rows.model._base_manager.filter(pk__in=ids).delete()[0] if ids else 0


def _expired() -> list[QuerySet[Any, Any]]:
    now = timezone.now()
    keep = {name: timedelta(days=days) for name, days in settings.RETENTION_DAYS.items()}
    return [
        Job.objects.filter(
            state__in=(JobState.DONE, JobState.MERGED), finished_at__lt=now - keep["jobs"]
        ),
        InboundWebhook.objects.filter(create_date__lt=now - keep["webhooks"]),
        AsyncTransaction.unscoped.filter(finished_at__lt=now - keep["jobs"]),
        OutboundEvent.unscoped.filter(create_date__lt=now - keep["events"]),
        AuditLog.objects.filter(create_date__lt=now - keep["audit"]),
    ]
