"""Transactions of one aggregation account, as their source sends them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from nucleus.models import AggregationAccount, AggregationAccountTransaction
from nucleus.writes import bulk_upsert
from nucleus.writes.accounts import lock


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

    A stored merchant stays if the source names none; a category that the tenant chose stays.

    Args:
        read_at: when reading them began; see bulk_upsert.upsert.
    """
    return bulk_upsert.upsert_in_batches(
        AggregationAccountTransaction,
        account=account,
        rows=rows,
        read_at=read_at,
        keep=("merchant", "merchant_id", "location"),
        follow={"transaction_category_id": "source_category_id"},
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


def cancel_missing_pending(
    *,
    account: AggregationAccount,
    listed_source_ids: Collection[str],
    from_date: date,
    to_date: date,
    listed_at: datetime,
) -> list[AggregationAccountTransaction]:
    """Cancel stored pending transactions of the window that are missing from its complete listing.

    Args:
        listed_source_ids: at least those of pending transactions in the listing.
        from_date, to_date: first and last day of the listing.
        listed_at: when the listing began; rows that another pull has written since are left alone.
    """
    with transaction.atomic():
        lock(account)
        pending = (
            AggregationAccountTransaction.objects.for_tenant(account.tenant_id)
            .filter(aggregation_account=account, status="pending", source_id__isnull=False)
            .filter(booking_date__range=(from_date, to_date))
            .filter(update_date__lt=listed_at)
        )
        missing = [row for row in pending if row.source_id not in listed_source_ids]
        _cancel(missing)
    return missing


def cancel_transactions(
    *, account: AggregationAccount, source_ids: Collection[str]
) -> list[AggregationAccountTransaction]:
    """Cancel stored transactions that their source says no longer exist; returns those it changed.

    Args:
        source_ids: ids that are not stored, or canceled already, are no error.
    """
    if not source_ids:
        return []
    with transaction.atomic():
        lock(account)
        rows = list(
            AggregationAccountTransaction.objects.for_tenant(account.tenant_id)
            .filter(aggregation_account=account, source_id__in=source_ids)
            .exclude(status="canceled")
        )
        _cancel(rows)
    return rows


def _cancel(rows: list[AggregationAccountTransaction]) -> None:
    """Mark the rows canceled, in the caller's transaction and in memory."""
    change = {"status": "canceled", "is_active": False, "update_date": timezone.now()}
    ids = [row.pk for row in rows]
    AggregationAccountTransaction.unscoped.filter(pk__in=ids).update(**change)
    for row in rows:
        for name, value in change.items():
            setattr(row, name, value)
