"""JSON from outside: exact decimals, and bounds on what could break or stall a parser.

One parser for the bodies of our API, and the responses and webhooks of vendors. It needs nothing
but the standard library, so every layer may use it, the vendors' included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NoReturn

MAX_DIGITS = 64  # characters of one number; more is an attack or a mistake
MAX_EXPONENT = 400  # digits before or after the point: wider than a double, yet cheap
MAX_DEPTH = 50  # of objects and arrays in each other; code that walks through them recurses

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class Malformed(ValueError):
    """The text is not JSON, or not JSON that can be used; the message says why."""


def parse(content: bytes | str, *, strict: bool = True) -> Any:
    """The value of a JSON text; numbers are `int` or `Decimal`.

    Args:
        strict: refuse U+0000, unpaired surrogates and repeated members. Otherwise the
            characters are dropped, because no database stores them, and the last member counts.

    Raises:
        Malformed: the text cannot be used.
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed("it is not UTF-8 text") from None
    try:
        value = json.loads(
            text,
            parse_float=number,
            parse_int=_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object if strict else None,
        )
    except RecursionError:
        raise Malformed("it is nested too deeply") from None
    except Malformed:
        raise
    except ValueError as error:
        raise Malformed(f"it is not JSON: {error}") from None
    if strict:
        _check_storable(value, "the body", MAX_DEPTH)
        return value
    return _storable(value, MAX_DEPTH)


def number(text: str) -> Decimal:
    """The number in `text`; never a negative zero.

    The bounds are checked before anything computes with it: `int` of 1e1000000 takes minutes.

    Raises:
        Malformed: it is not a decimal number, too long, or too large or small.
    """
    if len(text) > MAX_DIGITS:
        raise Malformed("a number has too many digits")
    if not NUMBER.fullmatch(text):
        raise Malformed("a number is not decimal")
    _, _, exponent = text.lower().partition("e")
    if len(exponent) > 6:  # Decimal itself refuses exponents of more than 18 digits
        raise Malformed("a number's exponent is too large")
    return bounded(Decimal(text))


def bounded(value: Decimal) -> Decimal:
    """`value`, if arithmetic with it is cheap and cannot overflow. Raises Malformed."""
    if not value.is_finite():
        raise Malformed("a number is not finite")
    if abs(value.adjusted()) > MAX_EXPONENT or len(value.as_tuple().digits) > MAX_DIGITS:
        raise Malformed("a number's exponent is too large")
    return value if value else value.copy_abs()


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise Malformed("a number has too many digits")
    return int(text)


def _refuse_constant(text: str) -> NoReturn:
    raise Malformed(f"{text} is not a JSON number")


def _object(members: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose members all differ: parsers disagree which of two equal names counts."""
    value: dict[str, Any] = {}
    for name, member in members:
        if name in value:
            raise Malformed(f"the member {name[:64]!r} is there twice")
        value[name] = member
    return value


def _is_storable(text: str) -> bool:
    """PostgreSQL cannot store U+0000, and half a surrogate pair is no text at all."""
    return "\0" not in text and (
        text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)
    )


def _check_storable(value: Any, place: str, levels: int) -> None:
    """Raise Malformed for text that cannot be stored, or if `value` is more than `levels` deep."""
    if levels < 0:
        raise Malformed(f"it is nested too deeply; {MAX_DEPTH} levels are the most")
    if isinstance(value, str):
        if not _is_storable(value):
            raise Malformed(f"{place} holds U+0000 or an unpaired surrogate")
    elif isinstance(value, dict):
        for name, member in value.items():
            _check_storable(name, f"a name in {place}", levels)
            _check_storable(member, name, levels - 1)
    elif isinstance(value, list):
        for member in value:
            _check_storable(member, place, levels - 1)


def _storable(value: Any, levels: int) -> Any:
    """`value` without characters that cannot be stored. Raises Malformed if it is too deep."""
    if levels < 0:
        raise Malformed(f"it is nested too deeply; {MAX_DEPTH} levels are the most")
    if isinstance(value, str):
        if _is_storable(value):
            return value
        return value.replace("\0", "").encode("utf-8", "ignore").decode()
    if isinstance(value, dict):
        return {
            _storable(name, levels): _storable(member, levels - 1) for name, member in value.items()
        }
    if isinstance(value, list):
        return [_storable(member, levels - 1) for member in value]
    return value
