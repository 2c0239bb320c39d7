"""What becomes of the entries of an account that is merged into another one; positions.

Each change of an entry is reported as the state before it, from which undone_merges.py restores it.
All functions are called in a transaction that has locked both accounts. Transactions, which may be
very many, are in merged_transactions.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from nucleus.models import AggregationAccount, AggregationAccountHolding
from nucleus.models.ledger import SourcedEntry
from nucleus.writes.sourced_entries import BATCH_ROWS, entries, source_ids, write

NO_SOURCE = 0  # the generation of entries that no source may withdraw; see SourcedEntry


@dataclass(frozen=True, slots=True)
class EntryState:
    """An entry as it was before a merge changed it."""

    model: type[SourcedEntry]
    entry_id: UUID
    of_merged_account: bool
    source_id: str | None
    source_updated_at: datetime | None
    source_generation: int
    is_active: bool


Record = Callable[[Sequence[EntryState]], None]


@dataclass(frozen=True, slots=True)
class AccountPair:
    """Two accounts of which one is merged into the other.

    Args:
        earlier_generation: of the entries that the kept account's source has listed.
        kept_generation: of the entries that the kept account's source lists from now on.
        merged_generation: of the entries that the merged account's source lists.
        source_moves: the source of the merged account becomes that of the kept one.
    """

    kept: AggregationAccount
    merged: AggregationAccount
    earlier_generation: int
    kept_generation: int
    merged_generation: int
    source_moves: bool


def merge_holdings(pair: AccountPair, record: Record) -> None:
    """Leave one snapshot of positions active: that of the account whose source goes on."""
    model = AggregationAccountHolding
    kept, merged = entries(model, pair.kept), entries(model, pair.merged)
    if pair.source_moves:
        _change_in_batches(kept, record, partial(_deactivate, of_merged_account=False))
        own_ids = source_ids(model, pair.kept, list(merged))
        _change_in_batches(merged.exclude(source_id__in=own_ids), record, partial(_move, pair))
    _change_in_batches(merged, record, _deactivate)


def _state(row: SourcedEntry, *, of_merged_account: bool) -> EntryState:
    return EntryState(
        type(row),
        row.pk,
        of_merged_account,
        row.source_id,
        row.source_updated_at,
        row.source_generation,
        row.is_active,
    )


def _deactivate(
    row: SourcedEntry, before: list[EntryState], *, of_merged_account: bool = True
) -> list[SourcedEntry]:
    """Deactivate an entry; returns it if that changed it."""
    if not row.is_active:
        return []
    before.append(_state(row, of_merged_account=of_merged_account))
    row.is_active = False
    return [row]


def _move(pair: AccountPair, row: SourcedEntry, before: list[EntryState]) -> list[SourcedEntry]:
    before.append(_state(row, of_merged_account=True))
    is_listed = pair.source_moves and row.source_generation == pair.merged_generation
    row.source_generation = pair.kept_generation if is_listed else NO_SOURCE
    row.aggregation_account_id = pair.kept.pk
    return [row]


def _change_in_batches(
    rows: QuerySet[Any],
    record: Record,
    change: Callable[[Any, list[EntryState]], list[SourcedEntry]],
) -> None:
    """Apply `change` to all rows, in batches by primary key."""
    last = UUID(int=0)
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH_ROWS]):
        last = batch[-1].pk
        before: list[EntryState] = []
        write(rows.model, [entry for row in batch for entry in change(row, before)])
        record(before)
