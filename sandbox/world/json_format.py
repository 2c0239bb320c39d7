"""JSON text with exact amounts: cents are integers until they are serialized."""

from __future__ import annotations

from datetime import datetime
from json.encoder import encode_basestring
from math import isfinite
from typing import Any

import simplejson


class Cents(int):
    """An amount in cents, serialized as a decimal number."""


def dump_payload(payload: dict[str, Any]) -> str:
    """JSON text with amounts as exact decimals (1234 cents → 12.34)."""
    values = [f'"{name}":{dump_value(value)}' for name, value in payload.items()]
    return f"{{{','.join(values)}}}"


def dump_value(value: Any) -> str:
    """JSON text of one value."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, Cents):
        return format_cents(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and isfinite(value):
        return repr(value)  # as dump_exact writes it, at a tenth of the cost
    return dump_exact(value)


def dump_exact(value: Any) -> str:
    """JSON text; a Decimal keeps its digits."""
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=False, allow_nan=False)


def load_exact(text: str | bytes) -> Any:
    """Parsed JSON, with a Decimal for every number that has a fraction. Raises ValueError."""
    return simplejson.loads(text, use_decimal=True, allow_nan=False)


def format_cents(cents: int) -> str:
    """1234 → 12.34, 1230 → 12.3, 1200 → 12.0, as MX prints numbers."""
    sign, cents = ("-" if cents < 0 else ""), abs(cents)
    fraction = f"{cents % 100:02d}"
    return f"{sign}{cents // 100}.{fraction[0] if fraction[1] == '0' else fraction}"


def format_datetime(moment: datetime) -> str:
    """MX's timestamps."""
    return f"{moment.isoformat()[:19]}+00:00"  # strftime takes five times as long
