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


class MetadataField(serializers.DictField):
    """The tenant's own words about a record: text by name."""

    child = serializers.CharField(max_length=2000, allow_blank=True, trim_whitespace=False)


class CurrencyField(serializers.RegexField):
    """An ISO 4217 code; kept in capitals."""

    default_error_messages = {"invalid": "Use a currency code of three letters such as USD."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[A-Za-z]{3}$", **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return str(super().to_internal_value(data)).upper()


class CoordinateField(serializers.FloatField):
    """Degrees of latitude or longitude; no money, so a float will do."""

    def to_internal_value(self, data: Any) -> float:
        degrees = super().to_internal_value(data)
        if not abs(degrees) <= 180:  # so that NaN is refused too
            raise serializers.ValidationError("Use degrees from -180 to 180.")
        return degrees


@extend_schema_field(
    {
        "type": "string",
        "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T"
        r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}\+0000$",
        "description": "UTC, with milliseconds and a numeric zone. Other forms of ISO 8601 are "
        "understood.",
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


def without_nulls(value: Any) -> Any:
    """`value` with null members of its objects left out, at any depth.

    The SDKs send every field of a model, unset ones as null.
    """
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
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
