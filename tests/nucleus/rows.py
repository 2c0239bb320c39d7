"""Rows as a source sends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from nucleus.writes import HoldingRow, TransactionRow

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def transaction_row(number: int = 1, **changes: Any) -> TransactionRow:
    values: dict[str, Any] = {
        "source_id": f"TRN-{number}",
        "source_updated_at": NOON,
        "transaction_date": NOON,
        "booking_date": NOON.date(),
        "currency_code": "USD",
        "status": "posted",
        "amount": Decimal("61.11"),
        "transaction_type": "Debit",
        "description": "Café ラーメン屋",
        "location": {"city": "Zürich", "latitude": 47.4},
        "metadata": {"mx_posted_at": "2026-01-03"},
    }
    return TransactionRow(**values | changes)


def holding_row(number: int, **changes: Any) -> HoldingRow:
    values: dict[str, Any] = {
        "source_id": f"HOL-{number}",
        "source_updated_at": None,
        "currency_code": "USD",
        "shares": Decimal("81.375"),
    }
    return HoldingRow(**values | changes)
