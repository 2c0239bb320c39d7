"""Saving a row only where it differs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.db import models

MONEY_STEP = Decimal("1e-8")  # the scale of MoneyField


def rounded_as_stored(value: Any) -> Any:
    """The value as the database stores it, so that rounding is not mistaken for a change."""
    if isinstance(value, Decimal):
        return value.quantize(MONEY_STEP, ROUND_HALF_EVEN)
    return value


def changes(row: models.Model, columns: Mapping[str, Any]) -> list[str]:
    """The names of the columns whose values differ from those of `row`, by attribute name."""
    return [
        name for name, value in columns.items() if getattr(row, name) != rounded_as_stored(value)
    ]


def save_changes(row: models.Model, columns: Mapping[str, Any]) -> list[str]:
    """Set `columns` on `row` and save those that differ; a new row is inserted whole.

    Args:
        row: a model with the column `update_date`.
        columns: values by attribute name.

    Returns the names of the columns that differed. Nothing is written to a stored row if there are
    none.
    """
    changed = changes(row, columns)
    for name in changed:
        setattr(row, name, columns[name])
    if row._state.adding:
        row.save(force_insert=True)
    elif changed:
        row.save(update_fields=[*changed, "update_date"])
    return changed
