"""A vendor's JSON, parsed without its traps."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn

MAX_DIGITS = 64  # of one number


def parse(content: bytes) -> Any:
    """JSON with exact decimals, without the traps: NaN, endless digits, bottomless nesting.

    U+0000 and unpaired surrogates are dropped from strings: no database could store them.
    Raises ValueError.
    """
    try:
        value = json.loads(
            content.decode("utf-8-sig"),
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_constant,
        )
        return _storable(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_DIGITS:
        raise ValueError("too many digits")
    return Decimal(text)


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("too many digits")
    return int(text)


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        if value.isascii() and "\0" not in value:
            return value
        return value.replace("\0", "").encode("utf-8", "ignore").decode()
    if isinstance(value, dict):
        return {_storable(name): _storable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_storable(one) for one in value]
    return value
