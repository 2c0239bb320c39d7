"""DRF's parser and renderer of JSON, with exact decimals and Hydrogen's forms of values.

The parsing itself is in nucleus.exact_json.

Instants are written as `2026-11-21T09:30:00.000+0000` and dates as `2026-11-21`, the forms that
every published Hydrogen SDK reads (docs/hydrogen-contract.md#values).
"""

from __future__ import annotations

import codecs
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import simplejson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from nucleus import exact_json


def instant(value: datetime) -> str:
    """UTC with milliseconds and a numeric zone."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


def plain(value: Decimal) -> str:
    """The same number without trailing zeros and without an exponent: 61.10000000 → 61.1."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _as_json_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(plain(value)) if value.is_finite() else None
    return _as_text(value)


def _as_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "__iter__"):
        return list(value)
    return str(value)


class ExactJSONRenderer(BaseRenderer):
    """Renders JSON."""

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
        try:
            return orjson.dumps(
                data, default=_as_json_value, option=orjson.OPT_PASSTHROUGH_DATETIME
            )
        except TypeError:  # integers of more than 64 bits, names that are no text, surrogates
            return _render_slowly(data)


def _render_slowly(data: Any) -> bytes:
    text = simplejson.dumps(
        _prepared(data),
        default=_as_text,
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
        return simplejson.RawJSON(plain(value)) if value.is_finite() else None
    if isinstance(value, dict):
        return {str(name): _prepared(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_prepared(member) for member in value]
    return value


class ExactJSONParser(BaseParser):
    """Parses JSON whatever the content type is; an empty body is an empty object."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        content = stream.read(limit + 1)
        if len(content) > limit:
            raise RequestDataTooBig
        if not content.removeprefix(codecs.BOM_UTF8).strip():
            return {}
        try:
            return exact_json.parse(content)
        except exact_json.Malformed as error:
            raise ParseError(f"The body cannot be read: {error}.") from None
