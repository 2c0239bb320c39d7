"""Give the entries of a merged account back to it; account_merges.py has moved them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from nucleus.models import (
    AggregationAccount,
    AggregationAccountHolding,
    AggregationAccountTransaction,
)
from nucleus.models.ledger import SourcedEntry
from nucleus.writes.account_merges import EntryState
from nucleus.writes.sourced_entries import (
    BATCH_ROWS,
    SOURCE,
    entries,
    source_ids,
    write,
    write_sources,
)

Entry = TypeVar("Entry", bound=SourcedEntry)
MODELS: tuple[type[SourcedEntry], ...] = (AggregationAccountTransaction, AggregationAccountHolding)


@dataclass(frozen=True, slots=True)
class Separation:
    """Two accounts whose merge is undone.

    Args:
        generations: of the sources that go back to the merged account: those of the kept
            account's entries, and those that they get.
        source_returns: the kept account's current source is one of them.
    """

    kept: AggregationAccount
    merged: AggregationAccount
    generations: Mapping[int, int]
    source_returns: bool


def restore_entries(separation: Separation, states: Sequence[EntryState]) -> None:
    """Restore entries that a merge has changed, as far as nothing has changed them since.

    Entries that were deleted are left out. An entry of the merged account whose place a source of
    the kept account has taken goes back with its own source; the kept account gets a copy.
    """
    by_model: defaultdict[type[SourcedEntry], list[EntryState]] = defaultdict(list)
    for state in states:
        by_model[state.model].append(state)
    for model, batch in by_model.items():
        _restore_batch(separation, model, batch)


def move_entries_since(separation: Separation, since: datetime) -> None:
    """Move what a source that goes back has brought to the kept account since the merge."""
    for model in MODELS:
        rows = entries(model, separation.kept).filter(
            create_date__gt=since, source_generation__in=list(separation.generations)
        )
        last = UUID(int=0)
        while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH_ROWS]):
            last = batch[-1].pk
            shared_ids = source_ids(model, separation.merged, batch)
            moving = [row for row in batch if row.source_id not in shared_ids]
            for row in moving:
                _assign(row, separation)
            write(model, moving)


def _restore_batch(
    separation: Separation, model: type[SourcedEntry], states: Sequence[EntryState]
) -> None:
    stored = model.unscoped.filter(pk__in=[state.entry_id for state in states])
    rows = {row.pk: row for row in stored.only(*_columns(model))}
    changed: list[SourcedEntry] = []
    renumbered: list[SourcedEntry] = []
    replaced: list[UUID] = []
    for state in states:
        row = rows.get(state.entry_id)
        if row is None:
            continue
        is_with_kept = row.aggregation_account_id == separation.kept.pk
        if not state.of_merged_account:
            if is_with_kept and row.source_generation in separation.generations:
                renumbered += _with_source(row, state)
            if separation.source_returns:
                changed += _reactivated(row, state)
        elif not is_with_kept:
            changed += _reactivated(row, state)
        elif row.source_generation in separation.generations:
            changed.append(_assign(row, separation))
        else:
            if row.source_id != state.source_id:
                replaced.append(row.pk)
            row.aggregation_account_id = separation.merged.pk
            row.source_generation = state.source_generation
            renumbered += _with_source(row, state)
            changed.append(row)
    copies = [copy_of(row) for row in model.unscoped.filter(pk__in=replaced)]
    write(model, changed)
    write_sources(model, _without_conflicts(model, renumbered))
    model.unscoped.bulk_create(copies)


def _columns(model: type[SourcedEntry]) -> list[str]:
    """What restoring an entry reads and writes."""
    names = ["aggregation_account_id", "is_active", "status", *SOURCE]
    return [field.attname for field in model._meta.concrete_fields if field.attname in names]


def _assign(row: SourcedEntry, separation: Separation) -> SourcedEntry:
    """Give a row to the merged account, under the generation that its source has there."""
    row.aggregation_account_id = separation.merged.pk
    row.source_generation = separation.generations[row.source_generation]
    return row


def _with_source(row: SourcedEntry, state: EntryState) -> list[SourcedEntry]:
    """Give the row its source of before; returns it if that is another one."""
    if row.source_id == state.source_id:
        return []
    row.source_id = state.source_id
    row.source_updated_at = state.source_updated_at
    row.source_generation = state.source_generation
    return [row]


def _reactivated(row: Any, state: EntryState) -> list[SourcedEntry]:
    """Activate what the merge has deactivated, unless it was canceled since."""
    if row.is_active or not state.is_active or getattr(row, "status", None) == "canceled":
        return []
    row.is_active = True
    return [row]


def copy_of(row: Entry) -> Entry:
    """A new row with the same content."""
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    return type(row)(**{field.attname: getattr(row, field.attname) for field in fields})


def _without_conflicts(model: Any, rows: Sequence[SourcedEntry]) -> list[SourcedEntry]:
    """The rows whose new source ids are free in their accounts; the others keep what they have."""
    stored = model.unscoped.filter(
        aggregation_account_id__in={row.aggregation_account_id for row in rows},
        source_id__in=[row.source_id for row in rows],
    )
    columns = ("aggregation_account_id", "source_id", "pk")
    users = {(account_id, value): pk for account_id, value, pk in stored.values_list(*columns)}
    return [
        row
        for row in rows
        if users.get((row.aggregation_account_id, row.source_id), row.pk) == row.pk
    ]
