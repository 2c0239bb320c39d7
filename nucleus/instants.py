"""Times as staff read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone

UNITS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))


def instant_text(instant: datetime | None, none: str = "never") -> str:
    """The instant to the second, such as "2026-11-27 14:05:09 UTC"; `none` for None."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if instant else none


def age_text(instant: datetime | None, now: datetime | None = None) -> str:
    """How long ago the instant was, in its largest unit; "never" for None.

    Args:
        now: the present, unless given.
    """
    if instant is None:
        return "never"
    age = (now or timezone.now()) - instant
    for unit, name in UNITS:
        if age >= unit:
            return f"{age // unit} {name} ago"
    return "just now"
