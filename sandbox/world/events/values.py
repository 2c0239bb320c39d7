"""Reads the values of an event, and says what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

MAX_CENTS = 10**15
MAX_TEXT = 2000
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
SPAN = re.compile(r"(\d{1,6})([smhdw])")


def span(value: Any) -> timedelta:
    """A length of time such as 90s, 15m, 3h, 2d, 1w. Raises ValueError."""
    match = SPAN.fullmatch(str(value).strip())
    if match is None:
        raise ValueError("A span is a number and s, m, h, d or w, such as 90s, 15m, 3h, 2d, 1w.")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


class Values:
    """The values of an event by name. All methods raise ValueError for what does not fit."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, max_length: int = MAX_TEXT) -> str:
        """A string that is not empty."""
        value = self.text_or_none(name, max_length)
        if not value:
            raise ValueError(f"{name} is required: a string.")
        return value

    def text_or_none(self, name: str, max_length: int = MAX_TEXT) -> str | None:
        """A string or null."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{name} must be a string or null.")
        if value is not None and len(value) > max_length:
            raise ValueError(f"{name} may have {max_length} characters.")
        return value

    def choice(self, name: str, choices: Collection[str]) -> str:
        value = self._values.get(name)
        if value not in choices:
            raise ValueError(f"{name} must be one of {', '.join(choices)}.")
        return str(value)

    def flag(self, name: str) -> bool:
        """A boolean; false without one."""
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false.")
        return value

    def cents(self, name: str) -> int:
        """An amount such as 12.34 or "12.34", in cents."""
        value = self._values.get(name)
        try:
            if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
                raise InvalidOperation
            cents = Decimal(value) * 100
            has_whole_cents = cents.is_finite() and abs(cents) < MAX_CENTS and cents == int(cents)
        except InvalidOperation:
            has_whole_cents = False
        if not has_whole_cents:
            raise ValueError(f"{name} must be an amount with at most two decimals, such as 12.34.")
        return int(cents)

    def day(self, name: str) -> date:
        value = self._values.get(name)
        try:
            return date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            raise ValueError(f"{name} must be a date such as 2026-01-31.") from None

    def span(self, name: str, default: timedelta) -> timedelta:
        return span(self._values[name]) if name in self._values else default

    def listing(self, name: str) -> list[Any]:
        value = self._values.get(name)
        if not isinstance(value, list):
            raise ValueError(f"{name} must be a list.")
        return value

    def fields(self, allowed: Collection[str]) -> dict[str, Any] | None:
        """`fields`, which replace those of MX's answer; None removes former ones."""
        value = self._values.get("fields")
        if value is None:
            return None
        if not isinstance(value, dict):
            raise ValueError("fields must be an object, or null.")
        check_names(value, allowed, "fields")
        return value


def check_names(names: Collection[str], allowed: Collection[str], where: str) -> None:
    """Raise ValueError for unknown names."""
    if unknown := sorted(set(names) - set(allowed)):
        raise ValueError(
            f"Unknown in {where}: {', '.join(unknown)}. Known: {', '.join(sorted(allowed))}."
        )
