"""JSON text with exact amounts: cents are integers until they are serialized."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any


class Cents(int):
    """An amount in cents, serialized as a decimal number."""


def dump_payload(payload: dict[str, Any]) -> str:
    """JSON text with amounts as exact decimals (1234 cents → 12.34)."""
    parts = []
    for name, value in payload.items():
        text = (
            format_cents(value)
            if isinstance(value, Cents)
            else json.dumps(value, ensure_ascii=False)
        )
        parts.append(f"{json.dumps(name)}:{text}")
    return "{" + ",".join(parts) + "}"


def format_cents(cents: int) -> str:
    """1234 → 12.34, 1230 → 12.3, 1200 → 12.0, as MX prints numbers."""
    sign, cents = ("-" if cents < 0 else ""), abs(cents)
    fraction = f"{cents % 100:02d}"
    return f"{sign}{cents // 100}.{fraction[0] if fraction[1] == '0' else fraction}"


def format_datetime(moment: datetime) -> str:
    """MX's timestamps."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")
