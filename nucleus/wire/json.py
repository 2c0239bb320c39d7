"""JSON in and out without losing a cent: numbers are exact decimals both ways.

Instants are written as `2026-11-21T09:30:00.000+0000` and dates as `2026-11-21`, the forms that
every published Hydrogen SDK reads (contract section 2).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn
from uuid import UUID

import simplejson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

MAX_DIGITS = 64  # of one number; more is an attack or a mistake
MAX_DEPTH = 50  # of objects and arrays in each other; what walks through them recurses


def instant(value: datetime) -> str:
    """UTC with milliseconds and a numeric zone."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


def plain(value: Decimal) -> str:
    """The same number without trailing zeros and without an exponent: 61.10000000 → 61.1."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _other(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if hasattr(value, "__iter__"):
        return list(value)
    return str(value)


class _Number(simplejson.RawJSON):
    def __init__(self, value: Decimal) -> None:
        super().__init__(plain(value))


class ExactJSONRenderer(BaseRenderer):
    """Writes JSON."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Any = None,
    ) -> bytes:
        if data is None:
            return b""
        text = simplejson.dumps(
            _prepared(data),
            default=_other,
            use_decimal=False,
            ignore_nan=True,
            ensure_ascii=False,
            separators=(",", ":"),
        )
        # Half a surrogate pair is not text that UTF-8 can carry.
        return text.encode("utf-8", "replace")


def _prepared(value: Any) -> Any:
    """Decimals become raw JSON numbers; simplejson alone would print exponents."""
    if isinstance(value, Decimal):
        return _Number(value) if value.is_finite() else None
    if isinstance(value, dict):
        return {str(name): _prepared(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_prepared(one) for one in value]
    return value


class ExactJSONParser(BaseParser):
    """Reads JSON whatever the content type says; an empty body is an empty object."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        content = stream.read(limit + 1)
        if len(content) > limit:
            raise RequestDataTooBig
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ParseError("The body is not UTF-8 text.") from None
        if not text.strip():
            return {}
        try:
            value = simplejson.loads(
                text, parse_float=_decimal, parse_int=_integer, parse_constant=_constant
            )
            _refuse_unstorable(value, "the body", MAX_DEPTH)
        except RecursionError:
            raise ParseError("The body is nested too deeply.") from None
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}") from None
        return value


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_DIGITS:
        raise ValueError("a number has too many digits")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("a number's exponent is too large") from None


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("a number has too many digits")
    return int(text)


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _refuse_unstorable(value: Any, place: str, levels: int) -> None:
    """PostgreSQL cannot store U+0000, and half a surrogate pair is no text at all.

    Args:
        levels: how deep the value may go on.
    """
    if levels < 0:
        raise ParseError(f"The body is nested too deeply; {MAX_DEPTH} levels are the most.")
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ValueError(f"{place} holds U+0000 or an unpaired surrogate")
    elif isinstance(value, dict):
        for name, one in value.items():
            _refuse_unstorable(name, f"a name in {place}", levels)
            _refuse_unstorable(one, name, levels - 1)
    elif isinstance(value, list):
        for one in value:
            _refuse_unstorable(one, place, levels - 1)
