"""Transactions of one aggregation account, as their source sends them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from nucleus.models import AggregationAccount, AggregationAccountTransaction
from nucleus.writes import bulk_upsert
from nucleus.writes.account_merges import NO_SOURCE
from nucleus.writes.accounts import lock
from nucleus.writes.continuation import continue_transactions

BATCH_ROWS = 2000  # of one statement
KEPT = ("merchant", "merchant_id", "location")  # what is stored stays if the source has nothing
FOLLOWING = {"transaction_category_id": "source_category_id"}  # until the tenant chooses another


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionRow:
    """A transaction as its source sends it; `source_id` is unique within the account."""

    source_id: str
    source_updated_at: datetime | None
    transaction_date: datetime
    booking_date: date
    currency_code: str
    status: str
    amount: Decimal
    transaction_type: str
    category: str | None = None
    subcategory: str | None = None
    description: str | None = None
    memo: str | None = None
    merchant: str | None = None
    merchant_id: UUID | None = None
    source_category_id: UUID | None = None
    location: dict[str, Any] | None = None
    is_recurring: bool = False
    is_fee: bool = False
    is_transfer: bool = False
    is_active: bool = True
    source_generation: int = 1
    metadata: dict[str, str] = field(default_factory=dict)


def with_booking_date(
    row: AggregationAccountTransaction, columns: dict[str, Any]
) -> dict[str, Any]:
    """The columns that a tenant writes, with the day of their instant as the booking date.

    A row that is stored with another booking date keeps it.

    Args:
        row: the stored row, or a new one.
    """
    moment = columns.get("transaction_date")
    if moment is None or columns.get("booking_date"):
        return columns
    if not row._state.adding and row.booking_date not in (None, row.transaction_date.date()):
        return columns
    return columns | {"booking_date": moment.astimezone(UTC).date()}


def upsert_transactions(
    *, account: AggregationAccount, rows: Iterable[TransactionRow], read_at: datetime | None = None
) -> int:
    """Store transactions; returns how many rows were written.

    Rows of an earlier source of the account that they continue keep their ids; see continuation.py.
    A stored merchant stays if the source names none; a category that the tenant chose stays.

    Args:
        read_at: when reading them began; see bulk_upsert.upsert.
    """
    return bulk_upsert.upsert_in_batches(
        AggregationAccountTransaction,
        account=account,
        rows=rows,
        prepare=continue_transactions,
        read_at=read_at,
        keep=KEPT,
        follow=FOLLOWING,
        on_insert={"is_excluded_analysis": False},
    )


def stored_transactions(
    *, account: AggregationAccount, source_ids: Collection[str]
) -> list[AggregationAccountTransaction]:
    """The stored rows of these source ids, newest first."""
    return list(
        AggregationAccountTransaction.objects.for_tenant(account.tenant_id)
        .filter(aggregation_account=account, source_id__in=source_ids)
        .order_by("-transaction_date", "id")
    )


@dataclass(frozen=True, slots=True)
class StoredTransaction:
    """What the withdrawal of a stored transaction depends on."""

    source_id: str
    source_generation: int
    status: str | None
    booking_date: date
    amount: Decimal | None
    transaction_type: str | None
    currency_code: str
    create_date: datetime
    update_date: datetime


def sourced_transactions(
    *, account: AggregationAccount, from_date: date, to_date: date
) -> Iterator[StoredTransaction]:
    """The transactions that a source may withdraw of these days, oldest first."""
    names = [column.name for column in fields(StoredTransaction)]
    rows = (
        AggregationAccountTransaction.objects.for_tenant(account.tenant_id)
        .filter(aggregation_account=account, source_id__isnull=False)
        .filter(booking_date__range=(from_date, to_date))
        .exclude(status="canceled")
        .exclude(source_generation=NO_SOURCE)
        .order_by("booking_date", "id")
    )
    for values in rows.values_list(*names).iterator(chunk_size=BATCH_ROWS):
        yield StoredTransaction(*values)


def cancel_transactions(
    *,
    account: AggregationAccount,
    source_ids: Collection[str],
    written_before: datetime | None = None,
) -> list[AggregationAccountTransaction]:
    """Cancel stored transactions that no longer exist at their source; returns those it changed.

    Args:
        source_ids: ids that are not stored, or canceled already, are no error.
        written_before: rows that were written later are left alone.
    """
    if not source_ids:
        return []
    ids = sorted(source_ids)
    canceled: list[AggregationAccountTransaction] = []
    with transaction.atomic():
        lock(account)
        for start in range(0, len(ids), BATCH_ROWS):
            rows = (
                AggregationAccountTransaction.objects.for_tenant(account.tenant_id)
                .filter(aggregation_account=account, source_id__in=ids[start : start + BATCH_ROWS])
                .exclude(status="canceled")
            )
            if written_before is not None:
                rows = rows.filter(update_date__lt=written_before)
            canceled += list(rows)
        _cancel(canceled)
    return canceled


def _cancel(rows: list[AggregationAccountTransaction]) -> None:
    """Mark the rows canceled, in the caller's transaction and in memory."""
    change = {"status": "canceled", "is_active": False, "update_date": timezone.now()}
    ids = [row.pk for row in rows]
    for start in range(0, len(ids), BATCH_ROWS):
        batch = ids[start : start + BATCH_ROWS]
        AggregationAccountTransaction.unscoped.filter(pk__in=batch).update(**change)
    for row in rows:
        for name, value in change.items():
            setattr(row, name, value)
