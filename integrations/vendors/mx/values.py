"""Single values of MX's JSON, where anything may be null, missing or of another type.

Each is bounded before anything computes with it, so that no value of MX makes a read expensive.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from nucleus import exact_json, plain_text, web_urls

Payload = Mapping[str, Any]

MAX_AMOUNT = Decimal(10) ** 15
SMALLEST = Decimal("1e-8")
MAX_TIMESTAMP = Decimal(datetime.max.replace(tzinfo=UTC).timestamp()).to_integral_value()
MIN_YEAR = 1000  # years before it are nobody's bank data, and not every database writes them alike
MAX_BITS = 4 * exact_json.MAX_DIGITS  # of a whole number: more digits than any text may have
ONE_LINE = 255  # characters of a name; what may be longer may have several lines
MAX_INSTANT_LENGTH = 40  # characters; ISO 8601 with microseconds and a zone has 32


class InvalidPayload(ValueError):
    """A payload lacks a value that its record requires; the message names it."""


def text(payload: Payload, name: str, limit: int = ONE_LINE) -> str | None:
    """A string, cleaned and cut at `limit`; None for all but non-empty ones and whole numbers."""
    value = payload.get(name)
    if isinstance(value, int) and _exact(value) is not None:
        value = str(value)
    if not isinstance(value, str):
        return None
    clean = plain_text.one_line if limit <= ONE_LINE else plain_text.lines
    return clean(value)[:limit].strip() or None


def required(payload: Payload, name: str) -> str:
    """An identifier. Raises InvalidPayload."""
    value = payload.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > 255:
        raise InvalidPayload(f"MX sent no usable {name}.")
    return value.strip()


def number(payload: Payload, name: str) -> Decimal | None:
    """An exact decimal of at most 15 digits before the point, rounded to 8 after it."""
    amount = _exact(payload.get(name))
    if amount is None or amount.copy_abs() >= MAX_AMOUNT:
        return None
    return amount.quantize(SMALLEST, ROUND_HALF_EVEN).normalize() + 0  # no negative zero


def _exact(value: Any) -> Decimal | None:
    """A number, or a text that writes one down, if it is small enough to compute with."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        if isinstance(value, str):
            return exact_json.number(value.strip())
        if isinstance(value, int) and value.bit_length() > MAX_BITS:
            return None
        return exact_json.bounded(Decimal(value))
    except exact_json.Malformed:
        return None


def flag(payload: Payload, name: str) -> bool:
    """True only for JSON's true."""
    return payload.get(name) is True


def integer(payload: Payload, name: str) -> int | None:
    """A whole number of at most nine digits."""
    value = number(payload, name)
    if value is None or value != value.to_integral_value() or abs(value) >= 10**9:
        return None
    return int(value)


def instant(payload: Payload, name: str) -> datetime | None:
    """An aware UTC instant from an ISO 8601 timestamp, a date (midnight), or Unix seconds."""
    value = payload.get(name)
    try:
        moment = _from_text(value.strip()) if isinstance(value, str) else _from_seconds(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment and moment.year >= MIN_YEAR else None


def day(payload: Payload, name: str) -> date | None:
    """A date, or the date that an ISO 8601 timestamp begins with: dates are never shifted."""
    value = payload.get(name)
    try:
        if isinstance(value, str):
            written = date.fromisoformat(value.strip()[:10])
            return written if written.year >= MIN_YEAR else None
    except ValueError:
        return None
    moment = instant(payload, name)
    return moment.date() if moment else None


def _from_seconds(value: Any) -> datetime | None:
    seconds = _exact(value)
    if seconds is None or seconds.copy_abs() > MAX_TIMESTAMP:
        return None
    return datetime.fromtimestamp(int(seconds), UTC)


def _from_text(value: str) -> datetime | None:
    if len(value) > MAX_INSTANT_LENGTH:
        return None
    if len(value) <= 10:
        return datetime.combine(date.fromisoformat(value), time(), UTC)
    moment = datetime.fromisoformat(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def extra_metadata(payload: Payload, names: tuple[str, ...]) -> dict[str, str]:
    """Fields without a column of their own, as `mx_…` strings; nulls are left out."""
    metadata = {}
    for name in names:
        value = payload.get(name)
        if isinstance(value, bool):
            metadata[f"mx_{name}"] = str(value).lower()
        elif isinstance(value, str):
            if clean := plain_text.lines(value)[:2000]:
                metadata[f"mx_{name}"] = clean
        elif (amount := _exact(value)) is not None:
            metadata[f"mx_{name}"] = format(amount, "f")
    return metadata


def web_url(payload: Payload, name: str) -> str | None:
    """An http or https URL; None for anything else, such as javascript:."""
    url = text(payload, name, web_urls.MAX_LENGTH + 1)
    return url if url and web_urls.url_error(url) is None else None


def readable(value: str, limit: int = 255) -> str:
    """An enum value for people: PLAN_401_K → Plan 401 K. Some letters grow when capitalised."""
    return value.replace("_", " ").title()[:limit]
