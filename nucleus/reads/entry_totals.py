"""Totals of transactions and holdings, for people. They add a bounded number of rows, exactly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

ZERO = Decimal(0)


@dataclass(slots=True)
class CurrencyTotal:
    """Sums of one currency. `money_out` is positive; `value` is the worth of holdings."""

    currency_code: str
    count: int = 0
    money_in: Decimal = ZERO
    money_out: Decimal = ZERO
    value: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        return self.money_in - self.money_out


@dataclass(slots=True)
class Totals:
    """Sums by currency.

    Attributes:
        rows: how many rows were read.
        left_out: those of them that are in no sum: withdrawn, canceled, without an amount, or of
            an unknown direction.
        is_complete: false if there are more rows than LIST_WINDOW, of which only the first count.
    """

    currencies: list[CurrencyTotal] = field(default_factory=list)
    rows: int = 0
    left_out: int = 0
    is_complete: bool = True


def transaction_totals(rows: QuerySet[Any]) -> Totals:
    """Money in and out of these transactions; the first LIST_WINDOW of them in their order."""
    columns = ("currency_code", "amount", "transaction_type", "status", "is_active")
    totals, sums = Totals(), _Sums()
    for code, amount, direction, status, is_active in _read(rows, columns, totals):
        if amount is None or not is_active or status == "canceled":
            totals.left_out += 1
        elif direction == "Credit":
            sums[code].money_in += amount
            sums[code].count += 1
        elif direction == "Debit":
            sums[code].money_out += amount
            sums[code].count += 1
        else:
            totals.left_out += 1
    return _with(totals, sums)


def holding_totals(rows: QuerySet[Any]) -> Totals:
    """The market value of these holdings; the first LIST_WINDOW of them in their order."""
    totals, sums = Totals(), _Sums()
    for code, amount, is_active in _read(rows, ("currency_code", "amount", "is_active"), totals):
        if amount is None or not is_active:
            totals.left_out += 1
        else:
            sums[code].value += amount
            sums[code].count += 1
    return _with(totals, sums)


class _Sums(dict[str, CurrencyTotal]):
    def __missing__(self, code: str) -> CurrencyTotal:
        self[code] = CurrencyTotal(code)
        return self[code]


def _read(
    rows: QuerySet[Any], columns: tuple[str, ...], totals: Totals
) -> Iterable[tuple[Any, ...]]:
    limit = settings.LIST_WINDOW
    read = list(rows.select_related(None).values_list(*columns)[: limit + 1])
    totals.is_complete = len(read) <= limit
    totals.rows = min(len(read), limit)
    return read[:limit]


def _with(totals: Totals, sums: _Sums) -> Totals:
    totals.currencies = [sums[code] for code in sorted(sums)]
    return totals
