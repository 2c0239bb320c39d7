"""Balances and holdings of one aggregation account."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet, UUIDField
from django.utils import timezone

from nucleus.compiled_queries import CompiledQuery, Parameter, all_columns, next_instance
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
)
from nucleus.plausibility import CLOCK_TOLERANCE, plausible_instant
from nucleus.writes import bulk_upsert
from nucleus.writes.accounts import lock
from nucleus.writes.changes import rounded_as_stored, save_changes
from nucleus.writes.continuation import continue_holdings


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    """A current balance as its source sends it.

    `time_stamp` is as of when, according to the source; None if unknown. `read_at` is when reading
    it began; the date of a balance without usable time stamp.
    """

    balance: Decimal | None
    available_balance: Decimal | None
    available_credit: Decimal | None
    currency_code: str
    time_stamp: datetime | None
    read_at: datetime

    @property
    def plausible_stamp(self) -> datetime | None:
        return plausible_instant(self.time_stamp, now=self.read_at)

    def amounts(self) -> dict[str, Decimal | str | None]:
        """The columns that are compared, as the database keeps them."""
        return {
            "balance": rounded_as_stored(self.balance),
            "available_balance": rounded_as_stored(self.available_balance),
            "available_credit": rounded_as_stored(self.available_credit),
            "currency_code": self.currency_code,
        }

    def equals(self, stored: AggregationAccountBalance) -> bool:
        """Whether the newest stored balance needs no change and no successor."""
        stamp = self.plausible_stamp
        if stamp is not None and stamp > stored.balance_time_stamp:
            return False
        return all(getattr(stored, name) == value for name, value in self.amounts().items())


def unchanged_balance(
    account: AggregationAccount, row: BalanceRow
) -> AggregationAccountBalance | None:
    """The newest stored balance if `record_balance` would write nothing; takes no lock."""
    rows = NEWEST_BALANCE.rows(tenant=account.tenant_id, account=account.pk)
    newest = next_instance(AggregationAccountBalance, iter(rows[0])) if rows else None
    if newest is None or _is_in_future(newest, row.read_at) or not row.equals(newest):
        return None
    return newest


def record_balance(account: AggregationAccount, row: BalanceRow) -> AggregationAccountBalance:
    """Store the current balance as a new row of its history, unless it is unchanged.

    A balance with the time stamp of the newest stored one replaces it. Time stamps are claims: one
    that cannot be true is as none, and a changed balance with an older one is the newest all the
    same, unless the stored one was written after reading began.
    """
    time_stamp, read_at = row.plausible_stamp, row.read_at
    with transaction.atomic():
        lock(account)
        newest = _newest_balance(account, read_at)
        if newest is not None:
            if row.equals(newest):
                return newest
            stored_stamp = newest.balance_time_stamp
            if time_stamp == stored_stamp:
                save_changes(newest, row.amounts())
                return newest
            if time_stamp is None or time_stamp < stored_stamp:
                if newest.update_date > read_at:
                    return newest
                time_stamp = max(read_at, stored_stamp + timedelta(milliseconds=1))
        stored = AggregationAccountBalance(
            tenant_id=account.tenant_id,
            aggregation_account=account,
            balance_time_stamp=time_stamp or read_at,
            **row.amounts(),
        )
        stored.save(force_insert=True)
        return stored


def _balances(tenant: Any, account: Any) -> QuerySet[AggregationAccountBalance]:
    """The balances of an account, the newest first."""
    rows = AggregationAccountBalance.objects.for_tenant(tenant)
    return rows.filter(aggregation_account=account).order_by("-balance_time_stamp", "-create_date")


NEWEST_BALANCE = CompiledQuery(
    lambda: _balances(
        Parameter("tenant", UUIDField()), Parameter("account", UUIDField())
    ).values_list(*all_columns(AggregationAccountBalance))[:1]
)


def _is_in_future(row: AggregationAccountBalance, now: datetime) -> bool:
    return row.balance_time_stamp > now + CLOCK_TOLERANCE


def _newest_balance(account: AggregationAccount, now: datetime) -> AggregationAccountBalance | None:
    """The newest stored balance. Dates in the future, of earlier versions, become those of storing.

    Otherwise such a row would be the newest for ever.
    """
    rows = _balances(account.tenant_id, account)
    newest = rows.first()
    if newest is not None and _is_in_future(newest, now):
        rows.order_by().filter(balance_time_stamp__gt=now + CLOCK_TOLERANCE).update(
            balance_time_stamp=F("create_date")
        )
        newest = rows.first()
    return newest


def upsert_holdings(
    *,
    account: AggregationAccount,
    rows: Iterable[HoldingRow],
    read_at: datetime | None = None,
    absent: Collection[str] = (),
) -> int:
    """Store positions; returns how many rows were written.

    Args:
        read_at: when reading them began; see bulk_upsert.upsert.
        absent: columns that the source does not have; what is stored there stays.
    """
    return bulk_upsert.upsert_in_batches(
        AggregationAccountHolding,
        account=account,
        rows=rows,
        prepare=partial(continue_holdings, absent=absent),
        read_at=read_at,
        keep=tuple(absent),
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


def has_active_holdings(account: AggregationAccount) -> bool:
    """Whether the account has positions that a source has listed."""
    return (
        AggregationAccountHolding.objects.for_tenant(account.tenant_id)
        .filter(aggregation_account=account, is_active=True, source_id__isnull=False)
        .exists()
    )


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
