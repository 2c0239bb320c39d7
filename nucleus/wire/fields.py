"""Fields that read Hydrogen's manners (contract section 2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class LenientBooleanField(serializers.BooleanField):
    """Booleans in queries: True, False, true, false, 1, 0."""

    def to_internal_value(self, data: Any) -> bool:
        if isinstance(data, bool):
            return data
        word = str(data).strip().lower()
        if word in ("true", "1"):
            return True
        if word in ("false", "0"):
            return False
        raise serializers.ValidationError("Use true or false.")


@extend_schema_field(
    {
        "type": "string",
        "description": "UTC, with milliseconds and a numeric zone.",
        "example": "2026-11-21T09:30:00.000+0000",
    }
)
class InstantField(serializers.Field):
    """An instant in any form an SDK sends; without a zone it is UTC, without a time midnight."""

    def to_internal_value(self, data: Any) -> datetime:
        moment = instant_of(str(data)) if isinstance(data, str) else None
        if moment is None:
            raise serializers.ValidationError(
                "Use an ISO 8601 instant such as 2026-11-21T09:30:00.000+0000."
            )
        return moment

    def to_representation(self, value: Any) -> Any:
        return value


def instant_of(text: str) -> datetime | None:
    """The instant that `text` names, or None."""
    cleaned = text.strip().replace("'T'", "T")
    try:
        moment = parse_datetime(cleaned)
        day: date | None = None if moment else parse_date(cleaned)
    except ValueError:
        return None
    if moment is None and day is not None:
        moment = datetime.combine(day, time(), UTC)
    if moment is None:
        return None
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return None
