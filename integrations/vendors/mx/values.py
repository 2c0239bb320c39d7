"""Single values out of MX's JSON, where anything may be null, missing or of another type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

Payload = Mapping[str, Any]

LARGEST = Decimal(10) ** 15
SMALLEST = Decimal("1e-8")


class Unusable(ValueError):
    """A payload lacks what its record cannot do without; the message says what."""


def text(payload: Payload, name: str, limit: int = 255) -> str | None:
    """A string, cut at `limit`; None for all but non-empty strings and whole numbers."""
    value = payload.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    return value.strip()[:limit] or None


def required(payload: Payload, name: str) -> str:
    """An identifier. Raises Unusable."""
    value = payload.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > 255:
        raise Unusable(f"MX sent no usable {name}.")
    return value.strip()


def number(payload: Payload, name: str) -> Decimal | None:
    """An exact decimal of at most 15 digits before the point, rounded to 8 after it."""
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        amount = Decimal(value)
    except (InvalidOperation, ValueError):
        return None
    if not amount.is_finite() or abs(amount) >= LARGEST:
        return None
    return amount.quantize(SMALLEST, ROUND_HALF_EVEN).normalize() + 0  # no negative zero


def flag(payload: Payload, name: str) -> bool:
    """True only for JSON's true."""
    return payload.get(name) is True


def whole(payload: Payload, name: str) -> int | None:
    """A whole number of at most nine digits."""
    value = number(payload, name)
    if value is None or value != value.to_integral_value() or abs(value) >= 10**9:
        return None
    return int(value)


def instant(payload: Payload, name: str) -> datetime | None:
    """An aware UTC instant from an ISO 8601 timestamp, a date (midnight), or Unix seconds."""
    value = payload.get(name)
    try:
        if isinstance(value, str):
            return _from_text(value.strip())
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return datetime.fromtimestamp(int(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _from_text(value: str) -> datetime:
    if len(value) <= 10:
        return datetime.combine(date.fromisoformat(value), time(), UTC)
    moment = datetime.fromisoformat(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def meta(payload: Payload, names: tuple[str, ...]) -> dict[str, str]:
    """What has no column of its own, as `mx_…` strings; nulls are left out."""
    found = {}
    for name in names:
        value = payload.get(name)
        if isinstance(value, bool):
            found[f"mx_{name}"] = str(value).lower()
        elif isinstance(value, int | Decimal | str) and str(value).strip():
            found[f"mx_{name}"] = str(value).strip()[:2000]
    return found


def readable(word: str) -> str:
    """An enum value for people: PLAN_401_K → Plan 401 K."""
    return word.replace("_", " ").title()
