"""Exchange rates that a tenant's staff upload, as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError

from nucleus.models import CurrencyRate, Tenant

COLUMNS = ("currency_code_from", "currency_code_to", "exchange_rate", "date")
MAX_ROWS = 1000
MAX_RATES_BYTES = 100_000


class RatesRefused(ValueError):
    """The file cannot be used; the message says what to change."""


def read_currency_rates(*, tenant: Tenant, content: bytes) -> list[CurrencyRate]:
    """The rates of a CSV file, checked and not stored yet. Raises RatesRefused.

    Args:
        content: UTF-8; the first line names COLUMNS; the date is like 2026-11-21.
    """
    rows: dict[tuple[str, str], CurrencyRate] = {}
    for number, values in enumerate(_lines(content), start=2):
        row = CurrencyRate(tenant=tenant, **values)
        try:
            row.clean_fields(exclude=["tenant"])
            row.clean()
        except ValidationError as error:
            words = "; ".join(
                f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items()
            )
            raise RatesRefused(f"Line {number}: {words}") from None
        pair = (row.currency_code_from, row.currency_code_to)
        if pair in rows:
            raise RatesRefused(f"Line {number}: {' to '.join(pair)} is in the file twice.")
        rows[pair] = row
    if not rows:
        raise RatesRefused(f"The file holds no rates. Its first line is {','.join(COLUMNS)}.")
    return list(rows.values())


def store_currency_rates(rows: Sequence[CurrencyRate]) -> None:
    """Store them all; a pair's new rate replaces its old one."""
    CurrencyRate.unscoped.bulk_create(
        rows,
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
