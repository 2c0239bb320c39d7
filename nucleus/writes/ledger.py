"""Balances, transactions and holdings of one aggregation account."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
)
from nucleus.writes import bulk_upsert
from nucleus.writes.accounts import lock
from nucleus.writes.changes import rounded_as_stored, save_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionRow:
    """A transaction as its source sends it; `source_id` is unique within the account."""

    source_id: str
    source_updated_at: datetime | None
    transaction_date: datetime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingRow:
    """A position as its source sends it."""

    source_id: str
    source_updated_at: datetime | None
    currency_code: str
    shares: Decimal
    ticker: str | None = None
    ticker_name: str | None = None
    cusip: str | None = None
    holding_type: str | None = None
    amount: Decimal | None = None
    price: Decimal | None = None
    cost_basis: Decimal | None = None
    holding_date: datetime | None = None
    is_active: bool = True
    source_generation: int = 1
    metadata: dict[str, str] = field(default_factory=dict)


def record_balance(
    *,
    account: AggregationAccount,
    balance: Decimal | None,
    available_balance: Decimal | None,
    available_credit: Decimal | None,
    currency_code: str,
    time_stamp: datetime | None,
    now: datetime,
) -> AggregationAccountBalance:
    """Store the current balance as a new row of its history, unless it is unchanged.

    Args:
        time_stamp: as of when, according to the source; None if unknown.
        now: the date of a balance without time stamp.

    A balance older than the newest stored one is ignored; one with the same time stamp replaces it.
    """
    amounts = {
        "balance": rounded_as_stored(balance),
        "available_balance": rounded_as_stored(available_balance),
        "available_credit": rounded_as_stored(available_credit),
        "currency_code": currency_code,
    }
    with transaction.atomic():
        lock(account)
        newest = (
            AggregationAccountBalance.objects.for_tenant(account.tenant_id)
            .filter(aggregation_account=account)
            .order_by("-balance_time_stamp", "-create_date")
            .first()
        )
        if newest is not None:
            is_unchanged = all(getattr(newest, name) == value for name, value in amounts.items())
            newest_stamp = newest.balance_time_stamp
            if is_unchanged and time_stamp in (None, newest_stamp):
                return newest
            if time_stamp and time_stamp < newest_stamp:
                return newest
            if time_stamp == newest_stamp:
                save_changes(newest, amounts)
                return newest
        row = AggregationAccountBalance(
            tenant_id=account.tenant_id,
            aggregation_account=account,
            balance_time_stamp=time_stamp or now,
            **amounts,
        )
        row.save(force_insert=True)
        return row


def upsert_transactions(*, account: AggregationAccount, rows: Iterable[TransactionRow]) -> int:
    """Store transactions; returns how many rows were written.

    A stored merchant stays if the source names none; a category that the tenant chose stays.
    """
    return _upsert(
        AggregationAccountTransaction,
        account,
        rows,
        keep=("merchant", "merchant_id", "location"),
        follow={"transaction_category_id": "source_category_id"},
        on_insert={"is_excluded_analysis": False},
    )


def upsert_holdings(*, account: AggregationAccount, rows: Iterable[HoldingRow]) -> int:
    """Store positions; returns how many rows were written."""
    return _upsert(AggregationAccountHolding, account, rows)


def stored_transactions(
    *, account: AggregationAccount, source_ids: Collection[str]
) -> list[AggregationAccountTransaction]:
    """The stored rows of these source ids, newest first."""
    return list(
        AggregationAccountTransaction.objects.for_tenant(account.tenant_id)
        .filter(aggregation_account=account, source_id__in=source_ids)
        .order_by("-transaction_date", "id")
    )


def stored_holdings(
    *, account: AggregationAccount, source_ids: Collection[str]
) -> list[AggregationAccountHolding]:
    """The stored rows of these source ids."""
    return list(
        AggregationAccountHolding.objects.for_tenant(account.tenant_id)
        .filter(aggregation_account=account, source_id__in=source_ids)
        .order_by("ticker", "id")
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
    since = datetime.combine(from_date, time(), UTC)
    until = datetime.combine(to_date + timedelta(days=1), time(), UTC)
    with transaction.atomic():
        lock(account)
        pending = (
            AggregationAccountTransaction.objects.for_tenant(account.tenant_id)
            .filter(aggregation_account=account, status="pending", source_id__isnull=False)
            .filter(transaction_date__gte=since, transaction_date__lt=until)
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


def retire_missing_holdings(
    *, account: AggregationAccount, listed_source_ids: Collection[str], listed_at: datetime
) -> None:
    """Deactivate positions that are missing from the complete snapshot.

    Args:
        listed_at: when the snapshot began; rows that another pull has written since are left alone.
    """
    with transaction.atomic():
        lock(account)
        active = AggregationAccountHolding.objects.for_tenant(account.tenant_id).filter(
            aggregation_account=account,
            is_active=True,
            source_id__isnull=False,
            update_date__lt=listed_at,
        )
        missing_ids = [
            row_id
            for row_id, source_id in active.values_list("pk", "source_id")
            if source_id not in listed_source_ids
        ]
        active.filter(pk__in=missing_ids).update(is_active=False, update_date=timezone.now())


def _upsert(model: Any, account: AggregationAccount, rows: Iterable[Any], **rules: Any) -> int:
    """Write rows in batches, each in a transaction; `rules` are those of bulk_upsert.upsert."""
    written = 0
    batch: dict[str, Any] = {}  # by source id: of two equally old versions the later one is used
    for row in rows:
        if not _is_older(row, batch.get(row.source_id)):
            batch[row.source_id] = row
        if len(batch) >= bulk_upsert.BATCH_ROWS:
            written += _upsert_batch(model, account, batch, rules)
            batch = {}
    return written + (_upsert_batch(model, account, batch, rules) if batch else 0)


def _upsert_batch(
    model: Any, account: AggregationAccount, batch: dict[str, Any], rules: dict[str, Any]
) -> int:
    with transaction.atomic():
        lock(account)
        return bulk_upsert.upsert(model, account=account, rows=list(batch.values()), **rules)


def _is_older(row: Any, other: Any) -> bool:
    if other is None or row.source_updated_at is None or other.source_updated_at is None:
        return False
    return bool(row.source_updated_at < other.source_updated_at)
