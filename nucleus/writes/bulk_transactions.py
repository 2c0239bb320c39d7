"""Outcomes of bulk requests: recorded with the records they are about, deleted after a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from nucleus.models import BulkTransaction, Client, Tenant


def record_bulk_transaction(
    *,
    tenant: Tenant,
    client: Client | None,
    entity_uri: str,
    operation: str,
    success: list[dict[str, Any]],
    error: list[dict[str, Any]],
) -> BulkTransaction:
    """Store the outcome of a bulk request; to be called in the transaction of its records.

    Args:
        client: the client to which the caller's token is confined.
        success: `index` and `id` of each item that succeeded.
        error: the reasons of the others, as the model describes them.
    """
    if not error:
        status = BulkTransaction.Status.COMPLETED
    else:
        status = BulkTransaction.Status.PARTIAL if success else BulkTransaction.Status.FAILED
    row = BulkTransaction(
        tenant=tenant,
        client=client,
        entity_uri=entity_uri,
        operation=operation,
        status=status,
        success=success,
        error=error,
    )
    row.save(force_insert=True)
    return row


def prune(batch_size: int) -> int:
    """Delete at most `batch_size` outcomes older than RETENTION_DAYS["bulk"]; returns how many."""
    retention = timedelta(days=settings.RETENTION_DAYS["bulk"])
    expired = BulkTransaction.unscoped.filter(create_date__lt=timezone.now() - retention)
    ids = list(expired.values_list("pk", flat=True)[:batch_size])
    return BulkTransaction.unscoped.filter(pk__in=ids).delete()[0] if ids else 0
