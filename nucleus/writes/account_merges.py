"""Move the entries of an account that is merged into another one.

Each change of an entry is reported as the state before it, from which undone_merges.py restores it.
All functions are called in a transaction that has locked both accounts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Count, F, QuerySet
from django.db.models.functions import Coalesce, TruncDate

from nucleus.models import (
    AggregationAccount,
    AggregationAccountHolding,
    AggregationAccountTransaction,
)
from nucleus.models.ledger import SourcedEntry
from nucleus.writes.sourced_entries import (
    BATCH_ROWS,
    SOURCE,
    entries,
    source_ids,
    write,
    write_sources,
)

DAY = Coalesce(F("booking_date"), TruncDate("transaction_date", tzinfo=UTC))
COMPARED = (
    "amount", "transaction_type", "description", "currency_code", "is_active", "cash",
    "investment", "status",
)  # fmt: skip
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


def move_transactions(pair: AccountPair, record: Record) -> int:
    """Move the merged account's transactions to the kept one, but for those that it has as well.

    Those have the same day, amount, direction, description and currency, as many as are alike.
    They stay and become inactive. Returns how many were moved.
    """
    moved = 0
    for first, last in _periods(pair.merged):
        rows = _transactions(pair.merged, first, last)
        counterparts = _transactions(pair.kept, first, last)
        shared_ids = source_ids(AggregationAccountTransaction, pair.kept, rows)
        pairs, unmatched = _match(rows, counterparts, shared_ids)
        before: list[EntryState] = []
        changed: list[SourcedEntry] = []
        renumbered: list[SourcedEntry] = []
        for row, counterpart in pairs:
            changed += _deactivate(row, before)
            if counterpart is not None:
                renumbered += _hand_over_source(pair, row, counterpart, before)
        for row in unmatched:
            changed += _move(pair, row, before)
        write(AggregationAccountTransaction, changed)
        write_sources(AggregationAccountTransaction, renumbered)
        record(before)
        moved += len(unmatched)
    if pair.source_moves:
        _protect_earlier_rows(pair)
    else:
        rows_of_source = entries(AggregationAccountTransaction, pair.kept).filter(
            source_generation=pair.earlier_generation
        )
        rows_of_source.update(source_generation=pair.kept_generation)
    return moved


def merge_holdings(pair: AccountPair, record: Record) -> None:
    """Leave one snapshot of positions active: that of the account whose source goes on."""
    model = AggregationAccountHolding
    kept, merged = entries(model, pair.kept), entries(model, pair.merged)
    if pair.source_moves:
        _change_in_batches(kept, record, partial(_deactivate, of_merged_account=False))
        own_ids = source_ids(model, pair.kept, list(merged))
        _change_in_batches(merged.exclude(source_id__in=own_ids), record, partial(_move, pair))
    _change_in_batches(merged, record, _deactivate)


def _periods(account: AggregationAccount) -> Iterator[tuple[date, date]]:
    """Periods that together cover the account's transactions, with about BATCH_ROWS in each."""
    days = entries(AggregationAccountTransaction, account).annotate(day=DAY).values("day")
    counts = list(days.annotate(rows=Count("pk")).order_by("day").values_list("day", "rows"))
    first, total = None, 0
    for day, rows in counts:
        first, total = first or day, total + rows
        if total >= BATCH_ROWS:
            yield first, day
            first, total = None, 0
    if first is not None:
        yield first, counts[-1][0]


def _transactions(
    account: AggregationAccount, first: date, last: date
) -> list[AggregationAccountTransaction]:
    """The account's transactions of the days from `first` to `last`; of equal ones posted first."""
    rows = entries(AggregationAccountTransaction, account).annotate(day=DAY)
    rows = rows.filter(day__gte=first, day__lte=last).order_by("-status", "pk")
    return list(rows.only("tenant", "aggregation_account", *SOURCE, *COMPARED))


def _match(
    rows: Sequence[AggregationAccountTransaction],
    counterparts: Sequence[AggregationAccountTransaction],
    shared_ids: set[str],
) -> tuple[
    list[tuple[AggregationAccountTransaction, AggregationAccountTransaction | None]],
    list[AggregationAccountTransaction],
]:
    """Pairs of the merged and the kept account's equal rows, and the merged account's other rows.

    Args:
        shared_ids: source ids that both accounts have; these rows are equal, whatever they say.
    """
    by_key: defaultdict[Hashable, list[AggregationAccountTransaction]] = defaultdict(list)
    for counterpart in reversed(counterparts):  # popped from the end
        if counterpart.source_id not in shared_ids:
            by_key[_key(counterpart)].append(counterpart)
    pairs: list[tuple[AggregationAccountTransaction, AggregationAccountTransaction | None]] = []
    unmatched = []
    for row in rows:
        if row.source_id in shared_ids:
            pairs.append((row, None))
        elif alike := by_key.get(_key(row)):
            pairs.append((row, alike.pop()))
        else:
            unmatched.append(row)
    return pairs, unmatched


def _key(row: Any) -> Hashable:
    """What equal transactions have in common."""
    parts = None
    if row.cash is not None or row.investment is not None:
        parts = json.dumps([row.cash, row.investment], sort_keys=True, default=str)
    return (
        row.day, row.amount, row.transaction_type, row.description, row.currency_code,
        row.is_active, parts,
    )  # fmt: skip


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


def _hand_over_source(
    pair: AccountPair,
    row: SourcedEntry,
    counterpart: SourcedEntry,
    before: list[EntryState],
) -> list[SourcedEntry]:
    """Give the kept account's equal entry the id that the moving source will list it under."""
    is_listed = pair.source_moves and row.source_generation == pair.merged_generation
    if not is_listed or row.source_id is None:
        return []
    before.append(_state(counterpart, of_merged_account=False))
    counterpart.source_id = row.source_id
    counterpart.source_updated_at = row.source_updated_at
    counterpart.source_generation = pair.kept_generation
    return [counterpart]


def _move(pair: AccountPair, row: Any, before: list[EntryState]) -> list[SourcedEntry]:
    before.append(_state(row, of_merged_account=True))
    is_listed = pair.source_moves and row.source_generation == pair.merged_generation
    # Pending rows do not last: the kept account's next listing withdraws those that it lacks.
    is_pending = getattr(row, "status", None) == "pending"
    row.source_generation = pair.kept_generation if is_listed or is_pending else NO_SOURCE
    row.aggregation_account_id = pair.kept.pk
    return [row]


def _protect_earlier_rows(pair: AccountPair) -> None:
    """Keep what the kept account's earlier source has posted: the new one may never list it."""
    rows = entries(AggregationAccountTransaction, pair.kept).exclude(status="pending")
    rows = rows.filter(source_generation__lt=pair.kept_generation, source_id__isnull=False)
    rows.exclude(source_generation=NO_SOURCE).update(source_generation=NO_SOURCE)


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
