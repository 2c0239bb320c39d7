"""Move the transactions of an account that is merged into another one, in a few statements.

An account may have tens of thousands, and other writers wait meanwhile. So they are compared and
changed within the database; the same statements serve SQLite and PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections, router
from django.utils import timezone

from nucleus.models import AggregationAccountTransaction
from nucleus.writes.account_merges import NO_SOURCE, AccountPair
from nucleus.writes.sourced_entries import entries

TABLE = AggregationAccountTransaction._meta.db_table
DAYS = {
    "postgresql": "COALESCE(booking_date, (transaction_date AT TIME ZONE 'UTC')::date)",
    "sqlite": "COALESCE(booking_date, date(transaction_date))",
}
# What equal transactions have in common; as text, amounts compare without SQLite's slow collation.
EQUAL = (
    "amount || ''", "transaction_type", "description", "currency_code", "is_active", "cash",
    "investment",
)  # fmt: skip
STATE = (
    "{0}.id, {1} AS of_merged_account, {0}.source_id, {0}.source_updated_at, "
    "{0}.source_generation, {0}.is_active"
)
RecordSelected = Callable[[str, Sequence[Any]], None]


def move_transactions(pair: AccountPair, record: RecordSelected) -> int:
    """Move the merged account's transactions to the kept one, but for those that it has as well.

    Those have the same day, amount, direction, description and currency, as many as are alike.
    They stay and become inactive. So do those whose source ids the kept account has, whatever they
    say. Returns how many were moved.

    Args:
        record: stores what transactions were before; called with a SELECT of STATE.
    """
    connection = connections[router.db_for_write(AggregationAccountTransaction)]
    with connection.cursor() as cursor:
        _compare(connection, cursor, pair)
        record(
            f"SELECT {STATE.format('m', 'TRUE')} FROM merged_rows s JOIN {TABLE} m ON m.id = s.id "  # noqa: S608
            "WHERE m.is_active OR NOT s.is_equal",
            [],
        )
        if pair.source_moves:
            _hand_over_sources(cursor, pair, record)
        now = _prepared(connection, "update_date", timezone.now())
        cursor.execute(
            f"UPDATE {TABLE} SET is_active = FALSE, update_date = %s "  # noqa: S608
            "WHERE is_active AND id IN (SELECT id FROM merged_rows WHERE is_equal)",
            [now],
        )
        # Pending rows do not last: the kept account's next listing withdraws those that it lacks.
        cursor.execute(
            f"UPDATE {TABLE} SET aggregation_account_id = %s, update_date = %s, "  # noqa: S608
            "source_generation = CASE WHEN status = 'pending' OR source_generation = %s "
            f"THEN %s ELSE {NO_SOURCE} END "
            "WHERE id IN (SELECT id FROM merged_rows WHERE NOT is_equal)",
            [
                _prepared(connection, "aggregation_account", pair.kept.pk),
                now,
                pair.merged_generation if pair.source_moves else None,
                pair.kept_generation,
            ],
        )
        moved = int(cursor.rowcount)
        for stage in ("compared_rows", "merged_rows"):  # SQLite's would outlive the transaction
            cursor.execute(f"DROP TABLE {stage}")
    if pair.source_moves:
        _protect_earlier_rows(pair)
    else:
        rows_of_source = entries(AggregationAccountTransaction, pair.kept).filter(
            source_generation=pair.earlier_generation
        )
        rows_of_source.update(source_generation=pair.kept_generation)
    return moved


def _compare(connection: Any, cursor: Any, pair: AccountPair) -> None:
    """Stage the merged account's rows, each with its equal one of the kept account, if any."""
    kept, merged = (
        _prepared(connection, "aggregation_account", account.pk)
        for account in (pair.kept, pair.merged)
    )
    equal = ", ".join(["is_shared", DAYS[connection.vendor], *EQUAL])
    cursor.execute(
        "CREATE TEMP TABLE compared_rows AS SELECT id, aggregation_account_id, is_shared, "  # noqa: S608
        f"DENSE_RANK() OVER (ORDER BY {equal}) AS alike, "
        f"ROW_NUMBER() OVER (PARTITION BY aggregation_account_id, {equal} "
        "ORDER BY status DESC, id) AS position "
        f"FROM (SELECT t.*, EXISTS (SELECT 1 FROM {TABLE} o WHERE o.source_id = t.source_id "
        "AND o.aggregation_account_id IN (%s, %s) AND o.id <> t.id) AS is_shared "
        f"FROM {TABLE} t WHERE t.aggregation_account_id IN (%s, %s)) AS entries",
        [kept, merged, kept, merged],
    )
    cursor.execute("CREATE INDEX compared_rows_alike ON compared_rows (alike, position)")
    cursor.execute(
        "CREATE TEMP TABLE merged_rows AS SELECT m.id, k.id AS counterpart_id, "
        "(m.is_shared OR k.id IS NOT NULL) AS is_equal FROM compared_rows m "
        "LEFT JOIN compared_rows k ON k.alike = m.alike AND k.position = m.position "
        "AND k.aggregation_account_id = %s AND NOT k.is_shared "
        "WHERE m.aggregation_account_id = %s",
        [kept, merged],
    )
    if connection.vendor == "postgresql":  # else the planner takes it for small
        cursor.execute("ANALYZE merged_rows")


def _hand_over_sources(cursor: Any, pair: AccountPair, record: RecordSelected) -> None:
    """Give equal rows of the kept account the ids under which the moving source will list them."""
    listed = (
        f"FROM merged_rows s JOIN {TABLE} m ON m.id = s.id {{0}} "
        "AND m.source_generation = %s AND m.source_id IS NOT NULL"
    )
    record(
        f"SELECT {STATE.format('k', 'FALSE')} "
        + listed.format(f"JOIN {TABLE} k ON k.id = s.counterpart_id"),
        [pair.merged_generation],
    )
    cursor.execute(
        f"UPDATE {TABLE} AS k SET source_id = m.source_id, "  # noqa: S608
        "source_updated_at = m.source_updated_at, source_generation = %s "
        + listed.format("WHERE k.id = s.counterpart_id"),
        [pair.kept_generation, pair.merged_generation],
    )


def _prepared(connection: Any, name: str, value: Any) -> Any:
    field: Any = AggregationAccountTransaction._meta.get_field(name)
    return field.get_db_prep_save(value, connection=connection)


def _protect_earlier_rows(pair: AccountPair) -> None:
    """Keep what the kept account's earlier source has posted: the new one may never list it."""
    rows = entries(AggregationAccountTransaction, pair.kept).exclude(status="pending")
    rows = rows.filter(source_generation__lt=pair.kept_generation, source_id__isnull=False)
    rows.exclude(source_generation=NO_SOURCE).update(source_generation=NO_SOURCE)
