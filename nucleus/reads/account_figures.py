"""What people read about one account: its balances over time, money in and out, newest rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
)
from nucleus.reads.entry_totals import Totals, transaction_totals

MAX_BALANCES = 90
MAX_TRANSACTIONS = 10
MAX_HOLDINGS = 20


@dataclass(frozen=True, slots=True)
class Period:
    """Days under which the bank books, the last one included."""

    first: date
    last: date


def newest_balances(account: AggregationAccount) -> list[AggregationAccountBalance]:
    """At most MAX_BALANCES active ones, the current one first."""
    rows = _active(AggregationAccountBalance, account)
    return list(rows.order_by("-balance_time_stamp", "-create_date")[:MAX_BALANCES])


def newest_transactions(account: AggregationAccount) -> list[AggregationAccountTransaction]:
    """At most MAX_TRANSACTIONS, also canceled ones."""
    rows = AggregationAccountTransaction.objects.for_tenant(account.tenant_id)
    own = rows.filter(aggregation_account=account)
    return list(own.order_by("-transaction_date", "id")[:MAX_TRANSACTIONS])


def held_positions(account: AggregationAccount) -> list[AggregationAccountHolding]:
    """At most MAX_HOLDINGS active ones."""
    rows = _active(AggregationAccountHolding, account)
    return list(rows.order_by("ticker", "id")[:MAX_HOLDINGS])


def totals_of(account: AggregationAccount, period: Period) -> Totals:
    """Money in and out of the account in a period, of at most LIST_WINDOW rows."""
    rows = AggregationAccountTransaction.objects.for_tenant(account.tenant_id).filter(
        aggregation_account=account,
        booking_date__gte=period.first,
        booking_date__lte=period.last,
    )
    return transaction_totals(rows.order_by("-transaction_date", "id"))


def _active(model: Any, account: AggregationAccount) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.for_tenant(account.tenant_id)
    return rows.filter(aggregation_account=account, is_active=True)
