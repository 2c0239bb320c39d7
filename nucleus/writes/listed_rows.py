"""Whether what a source lists is stored already, read in one statement and without a lock.

Most listings bring nothing new. Then the stored rows are all that a request needs, and no writer
has to wait for another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Model, UUIDField

from nucleus.compiled_queries import (
    CompiledQuery,
    Parameter,
    RawQuery,
    all_columns,
    next_instance,
)
from nucleus.models import (
    AggregationAccount,
    AggregationAccountHolding,
    AggregationAccountTransaction,
    Merchant,
    MerchantLocation,
)
from nucleus.writes.account_merges import NO_SOURCE
from nucleus.writes.bulk_upsert import DIALECTS, KEYS
from nucleus.writes.changes import rounded_as_stored
from nucleus.writes.ledger import HoldingRow
from nucleus.writes.transactions import FOLLOWING, KEPT, TransactionRow

# One row for each listed transaction: it, its merchant and its location, null where not stored.
# The last column counts the stored rows that a complete listing of the window would withdraw if it
# lacked them; of earlier generations, those from the first listed day on.
LISTED = """
    WITH listed (source_id, merchant_id, location_id) AS (VALUES {marks})
    SELECT {columns}, (
        SELECT COUNT(*) FROM {transactions}
        WHERE aggregation_account_id = %s AND booking_date BETWEEN %s AND %s
        AND source_id IS NOT NULL AND (status IS NULL OR status <> 'canceled')
        AND (source_generation = %s OR (source_generation <> {no_source} AND booking_date >= %s))
    )
    FROM listed s
    LEFT JOIN {stored}
    LEFT JOIN {merchants} m ON m.source = %s AND m.source_id = s.merchant_id
    LEFT JOIN {locations} l ON l.source = %s AND l.source_id = s.location_id
"""
MODELS: dict[str, type[Model]] = {
    "t": AggregationAccountTransaction,
    "m": Merchant,
    "l": MerchantLocation,
}
RAW_LISTED = RawQuery(*MODELS.values())


@dataclass(frozen=True, slots=True)
class ListedTransaction:
    """A source's ids of a transaction, of its merchant and of its location."""

    source_id: str
    merchant_id: str | None
    location_id: str | None


@dataclass(frozen=True, slots=True)
class Window:
    """The days that a complete listing covers, and the source that was listed.

    Attributes:
        since, until: the first and the last day.
        oldest: the first day with a listed row; None without one.
        generation: of the rows of this source; see nucleus.models' SourcedEntry.
        source: the vendor, whose ids merchants and locations have.
    """

    since: date
    until: date
    oldest: date | None
    generation: int
    source: str


@dataclass(slots=True)
class StoredTransactions:
    """What is stored of listed transactions, by the source's ids.

    `withdrawable` counts the stored rows of the window that a listing without them withdraws.
    """

    rows: dict[str, AggregationAccountTransaction] = field(default_factory=dict)
    merchants: dict[str, Merchant | None] = field(default_factory=dict)
    locations: dict[str, MerchantLocation | None] = field(default_factory=dict)
    withdrawable: int = 0

    def newest_first(self) -> list[AggregationAccountTransaction]:
        by_id = sorted(self.rows.values(), key=lambda row: row.pk.int)
        return sorted(by_id, key=lambda row: row.transaction_date, reverse=True)

    def equal(self, rows: Sequence[TransactionRow], window: Window) -> bool:
        """Whether these are what the source has listed, and nothing else is in the window."""
        if len(self.rows) < len(rows):
            return False
        if not all(
            _is_stored(row, self.rows.get(row.source_id), keep=KEPT, follow=FOLLOWING)
            for row in rows
        ):
            return False
        listed = [row for row in self.rows.values() if row.status != "canceled"]
        days = [row.booking_date for row in listed if row.booking_date is not None]
        return self.withdrawable == sum(window.since <= day <= window.until for day in days)


def listed_transactions(
    account: AggregationAccount, listed: Sequence[ListedTransaction], window: Window
) -> StoredTransactions:
    """What is stored of the listed transactions, with their merchants and locations."""
    result = StoredTransactions()
    ids = [(row.source_id, row.merchant_id, row.location_id) for row in listed]
    for row in RAW_LISTED.rows(_statement(len(ids)), _parameters(account, ids, window)):
        values = iter(row)
        transaction = next_instance(AggregationAccountTransaction, values)
        merchant = next_instance(Merchant, values)
        location = next_instance(MerchantLocation, values)
        result.withdrawable = next(values)
        if transaction is not None:
            result.rows[str(transaction.source_id)] = transaction
        if merchant is not None:
            result.merchants[merchant.source_id] = merchant
        if location is not None:
            result.locations[location.source_id] = location
    return result


def _statement(count: int) -> str:
    table = AggregationAccountTransaction._meta.db_table
    columns = [
        f"{alias}.{model_field.column}"
        for alias, model in MODELS.items()
        for model_field in model._meta.concrete_fields
    ]
    return LISTED.format(
        marks=", ".join(["(%s, %s, %s)"] * max(1, count)),
        columns=", ".join(columns),
        transactions=table,
        stored=DIALECTS[connection.vendor].stored.format(table),
        merchants=Merchant._meta.db_table,
        locations=MerchantLocation._meta.db_table,
        no_source=NO_SOURCE,
    )


def _parameters(
    account: AggregationAccount, ids: Sequence[tuple[str | None, ...]], window: Window
) -> list[Any]:
    model_field = AggregationAccountTransaction._meta.get_field("aggregation_account")
    account_id = model_field.get_db_prep_value(account.pk, connection)
    since, until, oldest = (
        connection.ops.adapt_datefield_value(day)
        for day in (
            window.since,
            window.until,
            window.oldest or window.until + timedelta(days=1),
        )
    )
    listed = [value for row in ids or [(None, None, None)] for value in row]
    stored = [account_id, since, until, window.generation, oldest]
    return [*listed, *stored, account_id, window.source, window.source]


def unchanged_holdings(
    account: AggregationAccount, rows: Sequence[HoldingRow], *, absent: Collection[str]
) -> list[AggregationAccountHolding] | None:
    """The stored positions if they are the complete snapshot `rows`, by ticker; else None.

    Args:
        absent: columns that the source does not have.
    """
    listed = {row.source_id: row for row in rows}
    if len(listed) != len(rows):
        return None
    values = HOLDINGS.rows(tenant=account.tenant_id, account=account.pk)
    stored = [next_instance(AggregationAccountHolding, iter(row)) for row in values]
    present = [row for row in stored if row is not None and row.source_id in listed]
    are_equal = len(present) == len(listed) and all(
        _is_stored(listed[str(row.source_id)], row, keep=absent, follow={}) for row in present
    )
    has_others = any(
        row is not None and row.is_active and row.source_id not in listed for row in stored
    )
    return present if are_equal and not has_others else None


HOLDINGS = CompiledQuery(
    lambda: (
        AggregationAccountHolding.objects.for_tenant(Parameter("tenant", UUIDField()))
        .filter(aggregation_account=Parameter("account", UUIDField()), source_id__isnull=False)
        .order_by("ticker", "id")
        .values_list(*all_columns(AggregationAccountHolding))
    )
)


def _is_stored(row: Any, stored: Any, *, keep: Collection[str], follow: Mapping[str, str]) -> bool:
    """Whether bulk_upsert.upsert would leave the stored row as it is; its arguments."""
    if stored is None:
        return False
    for name in (column.name for column in fields(row)):
        value, before = getattr(row, name), getattr(stored, name)
        if name in KEYS or (value is None and name in keep):
            continue
        if name == "metadata":
            value = (before or {}) | value
        if rounded_as_stored(value) != before:
            return False
    return all(
        getattr(stored, name) is not None or getattr(row, source) is None
        for name, source in follow.items()
    )
