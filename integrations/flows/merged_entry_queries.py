"""States of transactions before a merge of their accounts, tens of thousands at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from integrations import sql
from integrations.models import AccountMerge, MergedEntry

TABLE = MergedEntry._meta.db_table
COLUMNS = "entry_id, of_merged_account, source_id, source_updated_at, source_generation, is_active"


def record_transactions(row: AccountMerge, select: str, parameters: Sequence[Any]) -> None:
    """Store what a statement of merged_transactions.py selects: the columns of its STATE."""
    merge_id = sql.parameter(MergedEntry, "merge", row.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} (merge_id, kind, {COLUMNS}) "  # noqa: S608
            f"SELECT %s, %s, states.* FROM ({select}) states",
            [merge_id, MergedEntry.Kind.TRANSACTION.value, *parameters],
        )


def recorded_transactions(row: AccountMerge) -> tuple[str, list[Any]]:
    """A statement that selects what record_transactions has stored, and its parameters."""
    merge_id = sql.parameter(MergedEntry, "merge", row.pk)
    columns = COLUMNS.replace("entry_id", "entry_id AS id")
    select = f"SELECT {columns} FROM {TABLE} WHERE merge_id = %s AND kind = %s"  # noqa: S608
    return select, [merge_id, MergedEntry.Kind.TRANSACTION.value]
