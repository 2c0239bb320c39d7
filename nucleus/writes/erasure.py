"""The erasure of a client: its rows are deleted, and rows that stay are redacted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
    AuditLog,
    BankLink,
    BulkTransaction,
    Business,
    Client,
    StaffAction,
)
from nucleus.models.ledger import AccountEntry

REDACTED = "[erased]"
BULK_TRANSACTIONS_PER_BATCH = 50  # each names up to a thousand records
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ENTRY_MODELS: tuple[type[AccountEntry], ...] = (
    AggregationAccountTransaction,
    AggregationAccountHolding,
    AggregationAccountBalance,
)
# Rows that only their account assigns to a client, by the `entity_uri` of bulk requests.
ENTRY_MODEL_OF_ENTITY = {
    "aggregation_account_balance": AggregationAccountBalance,
    "aggregation_account_transaction": AggregationAccountTransaction,
    "aggregation_account_holding": AggregationAccountHolding,
}


def mark_for_erasure(client_id: UUID) -> Client | None:
    """Lock the client and deactivate it, once; to be called in a transaction.

    Returns None if an earlier erasure has deleted the client.
    """
    client = Client.unscoped.select_for_update().filter(pk=client_id).first()
    if client is not None and client.erase_requested_at is None:
        client.is_active, client.erase_requested_at = False, timezone.now()
        client.save(update_fields=["is_active", "erase_requested_at", "update_date"])
    return client


def delete_entries(
    model: type[AccountEntry], *, tenant_id: UUID, client_id: UUID, limit: int
) -> int:
    """Delete at most `limit` entries of the client's accounts; returns how many were deleted."""
    rows = model.unscoped.filter(tenant=tenant_id, aggregation_account__client=client_id)
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    return model.unscoped.filter(pk__in=ids).delete()[0] if ids else 0


def delete_client(*, tenant_id: UUID, client_id: UUID) -> dict[str, int]:
    """Delete the client and what still belongs to it; returns the number of rows by model label."""
    _redact_staff_actions(client_id)
    return Client.unscoped.filter(tenant=tenant_id, pk=client_id).delete()[1]


def _redact_staff_actions(client_id: UUID) -> None:
    """Remove the client's name from what staff did to it."""
    kind, key = ContentType.objects.get_for_model(Client), str(client_id)
    actions = StaffAction.objects.filter(content_type=kind, object_id=key)
    actions.update(object_name=REDACTED, changes=[])
    LogEntry.objects.filter(content_type=kind, object_id=key).update(object_repr=REDACTED)


def redact_bulk_transactions(
    *, tenant_id: UUID, client_id: UUID, renew: Callable[[], None]
) -> None:
    """Remove the ids of the client and its records from outcomes of bulk requests; counts stay.

    To be called before the records are deleted: afterwards their owner is unknown.

    Args:
        renew: called in each of the short transactions.
    """
    ids_of_client = {str(client_id)}
    owned_models: tuple[Any, ...] = (AggregationAccount, BankLink)
    for model in owned_models:
        ids_of_client |= _ids(model.unscoped.filter(tenant=tenant_id, client=client_id))
    rows = BulkTransaction.unscoped.filter(tenant=tenant_id).order_by("pk")
    last = UUID(int=0)
    while batch := list(rows.filter(pk__gt=last)[:BULK_TRANSACTIONS_PER_BATCH]):
        last = batch[-1].pk
        with transaction.atomic():
            renew()
            for row in batch:
                _redact_bulk_transaction(row, ids_of_client, client_id)


def _redact_bulk_transaction(
    row: BulkTransaction, ids_of_client: set[str], client_id: UUID
) -> None:
    text = json.dumps([row.success, row.error])
    ids_in_row = set(UUIDS.findall(text))
    redacted_ids = ids_in_row & ids_of_client
    if entry_model := ENTRY_MODEL_OF_ENTITY.get(row.entity_uri):
        entries = entry_model.unscoped.filter(
            aggregation_account__client=client_id, pk__in=ids_in_row
        )
        redacted_ids |= _ids(entries)
    if redacted_ids:
        redacted = UUIDS.sub(lambda match: REDACTED if match[0] in redacted_ids else match[0], text)
        success, error = json.loads(redacted)
        BulkTransaction.unscoped.filter(pk=row.pk).update(success=success, error=error)


def _ids(rows: QuerySet[Any]) -> set[str]:
    return {str(pk) for pk in rows.values_list("pk", flat=True)}


def redact_audit_logs(*, tenant_id: UUID, client_id: UUID) -> int:
    """Redact the content of audit log entries that name the client; returns how many they are."""
    rows = AuditLog.unscoped.filter(tenant=tenant_id)
    return _naming(rows, "client_ids", client_id).update(
        request_url=REDACTED, request=None, response=REDACTED, secondary_id=None, metadata={}
    )


def remove_from_businesses(*, tenant_id: UUID, client_id: UUID) -> int:
    """Remove the client from the `ownership` of businesses; returns how many businesses changed."""
    rows = Business.unscoped.filter(tenant=tenant_id)
    count = 0
    for business in _naming(rows, "ownership", client_id).select_for_update().order_by("pk"):
        business.ownership = [
            part for part in business.ownership if part["client_id"] != str(client_id)
        ]
        business.save(update_fields=["ownership", "update_date"])
        count += 1
    return count


def _naming(rows: QuerySet[Any], column: str, client_id: UUID) -> QuerySet[Any]:
    """The rows whose JSON column contains the client's id."""
    rows = rows.annotate(column_text=Cast(column, TextField()))
    return rows.filter(column_text__contains=str(client_id))
