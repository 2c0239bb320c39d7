"""Exchange rates of a tenant: checked, read from CSV, stored."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError

from nucleus.models import CurrencyRate, Tenant
from nucleus.writes.refusals import Columns, Item, Refusal

COLUMNS = ("currency_code_from", "currency_code_to", "exchange_rate", "date")
MAX_ROWS = 1000
MAX_RATES_BYTES = 100_000
NON_FIELD_ERRORS = "non_field_errors"


class RatesRefused(ValueError):
    """The file cannot be used; the message says what to change."""


def read_currency_rates(*, tenant: Tenant, content: bytes) -> list[CurrencyRate]:
    """The rates of a CSV file, checked and not stored yet. Raises RatesRefused.

    Args:
        content: UTF-8; the first line names COLUMNS; the date is like 2026-11-21.
    """
    outcomes = checked_rates(tenant=tenant, items=_lines(content))
    rates: list[CurrencyRate] = []
    for number, outcome in enumerate(outcomes, start=2):
        if isinstance(outcome, Refusal):
            raise RatesRefused(f"Line {number}: {_sentence(outcome)}")
        rates.append(outcome)
    if not rates:
        raise RatesRefused(f"The file holds no rates. Its first line is {','.join(COLUMNS)}.")
    return rates


def checked_rates(*, tenant: Tenant, items: Sequence[Item]) -> list[CurrencyRate | Refusal]:
    """Rates that are not stored yet, or why one cannot be, in the order of `items`."""
    outcomes: list[CurrencyRate | Refusal] = []
    pairs: set[tuple[str, str]] = set()
    for item in items:
        outcome = item if isinstance(item, Refusal) else _checked(tenant, item)
        if isinstance(outcome, CurrencyRate):
            pair = (outcome.currency_code_from, outcome.currency_code_to)
            if pair in pairs:
                message = f"{' to '.join(pair)} is in it twice."
                outcome = Refusal({NON_FIELD_ERRORS: [message]})
            pairs.add(pair)
        outcomes.append(outcome)
    return outcomes


def _checked(tenant: Tenant, columns: Columns) -> CurrencyRate | Refusal:
    row = CurrencyRate(tenant=tenant, **columns)
    try:
        row.clean_fields(exclude=["tenant"])
        row.clean()
    except ValidationError as error:
        return Refusal(dict(error.message_dict))
    return row


def _sentence(refusal: Refusal) -> str:
    return "; ".join(
        " ".join(messages) if name == NON_FIELD_ERRORS else f"{name}: {' '.join(messages)}"
        for name, messages in refusal.errors.items()
    )


def store_currency_rates(rows: Sequence[CurrencyRate]) -> None:
    """Store them all; a pair's new rate replaces its old one."""
    # Always in the same order, or two requests with the same pairs could wait for each other.
    ordered = sorted(rows, key=lambda row: (row.currency_code_from, row.currency_code_to))
    CurrencyRate.unscoped.bulk_create(
        ordered,
        update_conflicts=True,
        unique_fields=["tenant", "currency_code_from", "currency_code_to"],
        update_fields=["exchange_rate", "date", "update_date"],
    )


def _lines(content: bytes) -> list[dict[str, Any]]:
    if len(content) > MAX_RATES_BYTES:
        raise RatesRefused(f"The file is larger than {MAX_RATES_BYTES} bytes.")
    try:
        reader = csv.DictReader(content.decode("utf-8-sig").splitlines(), strict=True)
        lines = [{name: (line.get(name) or "").strip() for name in COLUMNS} for line in reader]
    except (UnicodeDecodeError, csv.Error):
        raise RatesRefused("The file is not CSV in UTF-8.") from None
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise RatesRefused(
            f"The first line must name {', '.join(COLUMNS)}; missing: {', '.join(missing)}."
        )
    if len(lines) > MAX_ROWS:
        raise RatesRefused(f"The file has more than {MAX_ROWS} rates.")
    for line in lines:
        for name in COLUMNS[:2]:
            line[name] = line[name].upper()
    return lines
