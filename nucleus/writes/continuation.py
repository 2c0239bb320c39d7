"""Rows of an account that another source continues keep their ids.

When a person connects a bank again, the vendor lists the same transactions and positions under new
ids. An incoming row whose id is not stored takes over a row of an earlier generation that is alike,
as many as are alike; the upsert then finds it under its new id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any

from django.db.models import Model, QuerySet

from nucleus.models import (
    AggregationAccount,
    AggregationAccountHolding,
    AggregationAccountTransaction,
)

BATCH_ROWS = 500  # of one UPDATE
TRANSACTION_IDENTITY = (
    "booking_date", "amount", "transaction_type", "description", "currency_code",
)  # fmt: skip
HOLDING_IDENTITY = ("ticker", "ticker_name", "cusip", "holding_type", "currency_code")
Fit = Callable[[Any, Any], bool]  # whether a stored row fits an incoming one of the same identity


def continue_transactions(account: AggregationAccount, rows: Sequence[Any]) -> None:
    """Let incoming transactions continue stored ones, in the caller's transaction.

    Args:
        rows: TransactionRows of one generation, under the lock of the account.
    """
    earlier = _earlier_rows(AggregationAccountTransaction, account, rows)
    if earlier is None:
        return
    days = [row.booking_date for row in rows]
    _continue(
        earlier.filter(booking_date__range=(min(days), max(days))),
        _unknown_rows(AggregationAccountTransaction, account, rows),
        identity=TRANSACTION_IDENTITY,
        fits=(
            lambda stored, row: stored.status == row.status,
            lambda stored, row: stored.status != "canceled",
            lambda stored, row: True,
        ),
    )


def continue_holdings(
    account: AggregationAccount, rows: Sequence[Any], *, absent: Collection[str] = ()
) -> None:
    """Let incoming positions continue stored ones; see continue_transactions.

    Args:
        absent: columns that the source does not have, and by which no two rows differ.
    """
    earlier = _earlier_rows(AggregationAccountHolding, account, rows)
    if earlier is None:
        return
    _continue(
        earlier,
        _unknown_rows(AggregationAccountHolding, account, rows),
        identity=tuple(name for name in HOLDING_IDENTITY if name not in absent),
        fits=(
            lambda stored, row: stored.is_active and stored.shares == row.shares,
            lambda stored, row: stored.is_active,
            lambda stored, row: True,
        ),
    )


def _earlier_rows(
    model: type[Model], account: AggregationAccount, rows: Sequence[Any]
) -> QuerySet[Any] | None:
    """Stored rows of earlier generations; None if there can be none."""
    if not rows or rows[0].source_generation <= 1:
        return None
    return model._base_manager.filter(
        aggregation_account=account,
        source_id__isnull=False,
        source_generation__lt=rows[0].source_generation,
    )


def _unknown_rows(
    model: type[Model], account: AggregationAccount, rows: Sequence[Any]
) -> list[Any]:
    """The incoming rows whose source ids are not stored."""
    rows_of_account = model._base_manager.filter(
        aggregation_account=account, source_id__in=[row.source_id for row in rows]
    )
    stored_ids = set(rows_of_account.values_list("source_id", flat=True))
    return [row for row in rows if row.source_id not in stored_ids]


def _continue(
    earlier: QuerySet[Any], incoming: list[Any], *, identity: tuple[str, ...], fits: Sequence[Fit]
) -> None:
    """Give the stored rows that `incoming` continue its source ids.

    Args:
        fits: from the closest to the loosest; each is tried for all rows before the next one.
    """
    if not incoming:
        return
    stored: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in earlier.order_by("create_date", "id"):
        stored[_identity(row, identity)].append(row)
    continued = []
    for is_fit in fits:
        remaining = []
        for row in incoming:
            alike = stored.get(_identity(row, identity), [])
            match = next((candidate for candidate in alike if is_fit(candidate, row)), None)
            if match is None:
                remaining.append(row)
                continue
            alike.remove(match)
            match.source_id, match.source_generation = row.source_id, row.source_generation
            match.source_updated_at = None
            continued.append(match)
        incoming = remaining
    columns = ["source_id", "source_generation", "source_updated_at"]
    earlier.model._base_manager.bulk_update(continued, columns, batch_size=BATCH_ROWS)


def _identity(row: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)
