"""Give transactions back to a merged account; merged_transactions.py has moved them.

In a few statements, as there; what has changed since the merge stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connections, router
from django.utils import timezone

from nucleus.models import AggregationAccountTransaction
from nucleus.writes.sourced_entries import BATCH_ROWS
from nucleus.writes.undone_merges import Separation, copy_of

TABLE = AggregationAccountTransaction._meta.db_table
DIFFERS = {"postgresql": "IS DISTINCT FROM", "sqlite": "IS NOT"}
# Rows of the merged account whose place a source of the kept account has taken or may take.
IS_MOVED_BACK = "of_merged_account AND is_with_kept AND NOT is_returning"


def restore_transactions(separation: Separation, select: str, parameters: Sequence[Any]) -> None:
    """Restore transactions that a merge has changed, as undone_merges.restore_entries does.

    Args:
        select: SQL for what they were, with the columns of merged_transactions.STATE; `parameters`
            are its own.
    """
    connection = connections[router.db_for_write(AggregationAccountTransaction)]
    with connection.cursor() as cursor:
        _compare(connection, cursor, separation, select, parameters)
        cursor.execute(
            f"SELECT id FROM restored_rows WHERE {IS_MOVED_BACK} AND has_other_source"  # noqa: S608
        )
        replaced = [row[0] for row in cursor.fetchall()]
        copies = _copies([pk if isinstance(pk, UUID) else UUID(pk) for pk in replaced])
        _restore_accounts(connection, cursor, separation)
        cursor.execute(
            f"UPDATE {TABLE} AS t SET source_id = s.source_id, "  # noqa: S608
            "source_updated_at = s.source_updated_at, source_generation = s.source_generation "
            "FROM restored_rows s WHERE t.id = s.id AND s.has_other_source "
            f"AND (({IS_MOVED_BACK}) OR (NOT of_merged_account AND is_returning)) "
            f"AND NOT EXISTS (SELECT 1 FROM {TABLE} o WHERE o.source_id = s.source_id "
            "AND o.aggregation_account_id = t.aggregation_account_id AND o.id <> t.id)"
        )
        cursor.execute("DROP TABLE restored_rows")  # SQLite's would outlive the transaction
    AggregationAccountTransaction.unscoped.bulk_create(copies)


def _compare(
    connection: Any, cursor: Any, separation: Separation, select: str, parameters: Sequence[Any]
) -> None:
    """Stage the rows that still exist, with what has become of each."""
    generations = ", ".join(str(int(number)) for number in separation.generations) or "NULL"
    cursor.execute(
        "CREATE TEMP TABLE restored_rows AS SELECT s.id, s.of_merged_account, s.source_id, "  # noqa: S608
        "s.source_updated_at, s.source_generation, t.aggregation_account_id = %s AS is_with_kept, "
        "COALESCE(t.aggregation_account_id = %s "
        f"AND t.source_generation IN ({generations}), FALSE) AS is_returning, "
        f"t.source_id {DIFFERS[connection.vendor]} s.source_id "
        "AS has_other_source, (s.is_active AND NOT t.is_active "
        "AND COALESCE(t.status, '') <> 'canceled') AS is_to_activate "
        f"FROM ({select}) s JOIN {TABLE} t ON t.id = s.id",
        [_prepared(connection, "aggregation_account", separation.kept.pk)] * 2 + list(parameters),
    )
    if connection.vendor == "postgresql":  # else the planner takes it for small
        cursor.execute("ANALYZE restored_rows")


def _restore_accounts(connection: Any, cursor: Any, separation: Separation) -> None:
    """Write the account, generation and activity of the staged rows."""
    now = _prepared(connection, "update_date", timezone.now())
    merged = _prepared(connection, "aggregation_account", separation.merged.pk)
    activated = "of_merged_account AND NOT is_with_kept"
    if separation.source_returns:
        activated = f"({activated}) OR NOT of_merged_account"
    cursor.execute(
        f"UPDATE {TABLE} SET is_active = TRUE, update_date = %s WHERE id IN "  # noqa: S608
        f"(SELECT id FROM restored_rows WHERE is_to_activate AND ({activated}))",
        [now],
    )
    moves = f"UPDATE {TABLE} AS t SET aggregation_account_id = %s, update_date = %s,"  # noqa: S608
    cursor.execute(
        f"{moves} source_generation = s.source_generation "
        f"FROM restored_rows s WHERE t.id = s.id AND {IS_MOVED_BACK}",
        [merged, now],
    )
    for earlier, generation in separation.generations.items():
        cursor.execute(
            f"{moves} source_generation = %s FROM restored_rows s WHERE t.id = s.id "
            "AND of_merged_account AND is_returning AND t.aggregation_account_id = %s "
            "AND t.source_generation = %s",
            [
                merged,
                now,
                generation,
                _prepared(connection, "aggregation_account", separation.kept.pk),
                earlier,
            ],
        )


def _copies(ids: Sequence[UUID]) -> list[AggregationAccountTransaction]:
    """New rows with the content of these, before they change."""
    copies: list[AggregationAccountTransaction] = []
    for start in range(0, len(ids), BATCH_ROWS):
        rows = AggregationAccountTransaction.unscoped.filter(pk__in=ids[start : start + BATCH_ROWS])
        copies += [copy_of(row) for row in rows]
    return copies


def _prepared(connection: Any, name: str, value: Any) -> Any:
    field: Any = AggregationAccountTransaction._meta.get_field(name)
    return field.get_db_prep_save(value, connection=connection)
