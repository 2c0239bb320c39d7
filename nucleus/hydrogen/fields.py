"""Serializer fields that accept what Hydrogen's clients send (docs/hydrogen-contract.md#values)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from nucleus import exact_json, iso_codes, plain_text, web_urls
from nucleus.models.base import CURRENCY_LENGTH

CANONICAL_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
EXAMPLE_ID = "2035f52d-4b5a-4c0e-9f0e-5a1f0c0b7a11"
# Python's own parsers also accept weeks, ordinal dates, other digits and any separator of the time.
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = re.compile(DATE.pattern + r"(?:[Tt ][0-9:.,]+ ?(?:[Zz]|[+-][0-9:]+)?)?")
NOT_A_UUID = f"Must be a UUID such as {EXAMPLE_ID}."


class LenientBooleanField(serializers.BooleanField):
    """Booleans in queries: True, False, true, false, 1, 0."""

    def to_internal_value(self, data: Any) -> bool:
        if isinstance(data, bool):
            return data
        text = str(data).strip().lower()
        if text in ("true", "1"):
            return True
        if text in ("false", "0"):
            return False
        raise serializers.ValidationError("Use true or false.")


def uuid_of(value: object) -> UUID | None:
    """The UUID in the canonical form, with dashes, that `value` is; None for anything else.

    Python's own parser also accepts braces, and dashes anywhere.
    """
    if isinstance(value, str) and CANONICAL_UUID.fullmatch(value):
        return UUID(value)
    return None


def is_path_id(text: str) -> bool:
    """Whether a path may name an object by `text`: a UUID in lower case, as in responses."""
    return uuid_of(text) is not None and text == text.lower()


def not_a_uuid(text: str) -> str:
    """The message for a path that has `text` where an id should be."""
    return (
        f"{text[:64]!r} is not the id of an object. Ids are UUIDs in lower case with dashes, such "
        f"as {EXAMPLE_ID}."
    )


class IdField(serializers.UUIDField):
    """The id of an object: a string in the canonical form of a UUID."""

    default_error_messages = {"invalid": NOT_A_UUID}

    def to_internal_value(self, data: Any) -> UUID:
        value = data if isinstance(data, UUID) else uuid_of(data)
        if value is None:
            self.fail("invalid")
        return value


class FlagField(serializers.BooleanField):
    """A boolean in a body: true or false, also as strings in any case; not 1, not "yes"."""

    default_error_messages = {"invalid": "Use true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if isinstance(data, bool):
            return data
        text = data.lower() if isinstance(data, str) else ""
        if text not in ("true", "false"):
            self.fail("invalid")
        return text == "true"


def number_of(value: Any) -> Decimal | None:
    """The number in a body or query, in the forms of JSON; None for anything else.

    Python's own parsers also accept underscores and the digits of other scripts.
    """
    try:
        if isinstance(value, str):
            return exact_json.number(value.strip(" "))
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return exact_json.bounded(Decimal(str(value)))
    except exact_json.Malformed:
        pass
    return None


class NumberField(serializers.DecimalField):
    """An exact number."""

    def to_internal_value(self, data: Any) -> Any:
        number = number_of(data)
        if number is None:
            self.fail("invalid")
        return super().to_internal_value(number)


class WholeNumberField(serializers.IntegerField):
    """A whole number; 10.0 is one."""

    def to_internal_value(self, data: Any) -> int:
        number = number_of(data)
        if number is None or number != number.to_integral_value():
            self.fail("invalid")
        return int(number)


class DayField(serializers.DateField):
    """A day in a body, as YYYY-MM-DD."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str) and not DATE.fullmatch(data):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.DATE)
class LenientDayField(serializers.Field[Any, Any, Any, Any]):
    """A day in UTC in a query; SDKs may send a time of that day."""

    def to_internal_value(self, data: Any) -> date:
        moment = instant_of(str(data))
        if moment is None:
            raise serializers.ValidationError("Use a date such as 2026-11-21.")
        return moment.date()


class VocabularyField(serializers.ChoiceField):
    """One of a few values, in any case; the error lists them."""

    default_error_messages = {"invalid_choice": "{input} is not known here. Use {values}."}

    def __init__(self, values: Iterable[str], **kwargs: Any) -> None:
        self.values_by_key = {value.lower(): value for value in values}
        super().__init__(choices=list(self.values_by_key.values()), **kwargs)

    def to_internal_value(self, data: Any) -> str:
        value = self.values_by_key.get(data.strip().lower()) if isinstance(data, str) else None
        if value is None:
            *others, last = self.values_by_key.values()
            values = f"{', '.join(others)} or {last}" if others else last
            self.fail("invalid_choice", input=repr(data)[:64], values=values)
        return value


class PlainTextField(serializers.CharField):
    """One line of text that is shown as it is stored: a name, a title, a status.

    A stored text may be repeated even if it is older than this check.
    """

    refused = plain_text.IN_ONE_LINE
    default_error_messages = {
        "unprintable": "Use printable characters only: no {character}.",
    }

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if (match := self.refused.search(text)) and text != self._stored():
            self.fail("unprintable", character=f"U+{ord(match[0]):04X}")
        return text

    def _stored(self) -> Any:
        return getattr(getattr(self.parent, "instance", None), self.field_name or "", None)


class LongTextField(PlainTextField):
    """Text of several lines, in any direction."""

    refused = plain_text.IN_LINES


class DigitsField(PlainTextField):
    """Digits that are no amount, such as an account number: a JSON number loses leading zeros."""

    default_error_messages = {"invalid": "Send it as a string, or leading zeros would be lost."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class WebUrlField(PlainTextField):
    """An http or https URL, for whoever shows it as a link or an image.

    Args:
        absolute: a text without any scheme is no URL, either.
    """

    def __init__(self, *, absolute: bool = True, **kwargs: Any) -> None:
        self.absolute = absolute
        super().__init__(**{"max_length": web_urls.MAX_LENGTH, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        url = super().to_internal_value(data)
        if (self.absolute or web_urls.has_scheme(url)) and (error := web_urls.url_error(url)):
            raise serializers.ValidationError(error)
        return url


class MetadataField(serializers.DictField):
    """The tenant's own data about a record: text by name."""

    child = LongTextField(max_length=2000, allow_blank=True, trim_whitespace=False)


class CurrencyField(serializers.RegexField):
    """An ISO 4217 code; kept in capitals."""

    default_error_messages = {"invalid": "Use a currency code of three letters such as USD."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[A-Za-z]{3}$", **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return str(super().to_internal_value(data)).upper()


class RecordCurrencyField(PlainTextField):
    """The currency of a record: an ISO 4217 code, in capitals; nucleus.writes.rules checks it.

    The unit that a vendor has given the record may be repeated, and is no code of three letters.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": CURRENCY_LENGTH, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        return code.upper() if iso_codes.is_currency(code.upper()) else code


class CoordinateField(serializers.FloatField):
    """Degrees of latitude or longitude; no money, so a float will do."""

    def to_internal_value(self, data: Any) -> float:
        number = number_of(data)
        if number is None:
            self.fail("invalid")
        degrees = super().to_internal_value(float(number))
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
class InstantField(serializers.Field[Any, Any, Any, Any]):
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
    if not INSTANT.fullmatch(cleaned):
        return None
    try:
        if DATE.fullmatch(cleaned):
            return datetime.combine(date.fromisoformat(cleaned), time(), UTC)
        moment = parse_datetime(cleaned)
    except ValueError:
        return None
    if moment is None:
        return None
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return None
