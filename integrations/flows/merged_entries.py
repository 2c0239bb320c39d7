"""What transactions and holdings were before a merge of their accounts changed them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from integrations.models import AccountMerge, MergedEntry
from nucleus.models import AggregationAccountHolding, AggregationAccountTransaction
from nucleus.models.ledger import SourcedEntry
from nucleus.writes.account_merges import EntryState

MODELS: dict[str, type[SourcedEntry]] = {
    MergedEntry.Kind.TRANSACTION.value: AggregationAccountTransaction,
    MergedEntry.Kind.HOLDING.value: AggregationAccountHolding,
}
KINDS = {model: kind for kind, model in MODELS.items()}
BATCH_ROWS = 5000


def record(row: AccountMerge, states: Sequence[EntryState]) -> None:
    """Store what entries were before the merge changed them."""
    MergedEntry.objects.bulk_create(
        MergedEntry(
            merge=row,
            kind=KINDS[state.model],
            entry_id=state.entry_id,
            of_merged_account=state.of_merged_account,
            source_id=state.source_id,
            source_updated_at=state.source_updated_at,
            source_generation=state.source_generation,
            is_active=state.is_active,
        )
        for state in states
    )


def recorded_holdings(row: AccountMerge) -> Iterator[list[EntryState]]:
    """What the merge has recorded of holdings, in batches."""
    last = 0
    while batch := list(
        row.entries.filter(pk__gt=last, kind=MergedEntry.Kind.HOLDING).order_by("pk")[:BATCH_ROWS]
    ):
        last = batch[-1].pk
        yield [
            EntryState(
                model=MODELS[entry.kind],
                entry_id=entry.entry_id,
                of_merged_account=entry.of_merged_account,
                source_id=entry.source_id,
                source_updated_at=entry.source_updated_at,
                source_generation=entry.source_generation,
                is_active=entry.is_active,
            )
            for entry in batch
        ]
