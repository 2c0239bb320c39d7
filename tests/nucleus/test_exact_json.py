"""The one JSON parser: whatever bytes come, a bounded value or Malformed."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nucleus import exact_json
from nucleus.exact_json import Malformed

EXTREME = [
    "1e401", "-1e401", "1e999999999", "1e9999999999999999999999", "1e-1000000", "0e1000000",
    "1e" + "9" * 60, "9" * 65, "9" * 5000, "0." + "1" * 65, "NaN", "Infinity", "-Infinity",
]  # fmt: skip
NUMBERS = st.one_of(
    st.sampled_from(EXTREME),
    st.integers().map(str),
    st.decimals().map(str),
    st.from_regex(r"-?[0-9]{1,70}(\.[0-9]{1,70})?([eE][+-]?[0-9]{1,30})?", fullmatch=True),
)


def parsed(text: bytes | str, *, strict: bool) -> Any:
    """The value, or None for Malformed; nothing else may be raised."""
    try:
        return exact_json.parse(text, strict=strict)
    except Malformed:
        return None


def is_cheap(value: Any) -> bool:
    """Whether int, comparison, rounding and printing of `value` cost next to nothing."""
    if isinstance(value, Decimal):
        return (
            value.is_finite()
            and abs(value.adjusted()) <= exact_json.MAX_EXPONENT
            and len(str(int(value))) <= exact_json.MAX_EXPONENT + 2
        )
    if isinstance(value, int):
        return len(str(value)) <= exact_json.MAX_DIGITS
    if isinstance(value, dict | list):
        return all(map(is_cheap, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float)


@pytest.mark.parametrize("text", EXTREME, ids=lambda text: text[:20])
@pytest.mark.parametrize("place", ["{}", "[{}]", '{{"amount": {}}}'])
def test_numbers_out_of_bounds_are_malformed(text: str, place: str):
    for strict in (True, False):
        with pytest.raises(Malformed):
            exact_json.parse(place.format(text), strict=strict)


@given(NUMBERS)
def test_any_number_is_parsed_quickly_or_refused(text: str):
    for strict in (True, False):
        assert is_cheap(parsed(text, strict=strict))


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8")))
def test_any_bytes_are_parsed_or_malformed(content: bytes):
    for strict in (True, False):
        assert is_cheap(parsed(content, strict=strict))


@given(st.recursive(st.none() | st.booleans() | st.integers(-(10**60), 10**60) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner),
    max_leaves=20))  # fmt: skip
def test_ordinary_json_is_parsed_unchanged(value: Any):
    for strict in (True, False):
        assert exact_json.parse(json.dumps(value), strict=strict) == value


@pytest.mark.parametrize("text", ["-0", "-0.0", "-0e-5"])
def test_there_is_no_negative_zero(text: str):
    assert math.copysign(1, exact_json.parse(text)) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Expecting value"), (b"\xff\xfe1\x00", "UTF-8"), ('"ü"'.encode("latin-1"), "UTF-8"),
        ('{"a": 1}'.encode("utf-16-le"), "not JSON"), (b"\xef\xbb\xbf\xef\xbb\xbf1", "not JSON"),
        (b"[" * 51 + b"1" + b"]" * 51, "50 levels"), (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
    ids=lambda value: str(value)[:20],
)  # fmt: skip
def test_the_message_says_what_is_malformed(content: bytes, message: str):
    for strict in (True, False):
        with pytest.raises(Malformed, match=message):
            exact_json.parse(content, strict=strict)


def test_a_byte_order_mark_is_skipped():
    assert exact_json.parse(b"\xef\xbb\xbf[1]") == [1]


@pytest.mark.parametrize(
    ("content", "message", "tolerant"),
    [
        (b'{"a": 1, "a": 2}', "'a' is there twice", {"a": 2}),
        (b'[{"a": {"b": 1, "b": 1}}]', "'b' is there twice", [{"a": {"b": 1}}]),
        (b'{"a": "b\\u0000c"}', "a holds U\\+0000", {"a": "bc"}),
        (b'{"a\\u0000": "b\\ud800c"}', "a name in the body holds", {"a": "bc"}),
        (b'["\\udc00"]', "unpaired surrogate", [""]),
    ],
)  # fmt: skip
def test_unstorable_text_is_refused_if_strict_and_dropped_otherwise(
    content: bytes, message: str, tolerant: Any
):
    with pytest.raises(Malformed, match=message):
        exact_json.parse(content)
    assert exact_json.parse(content, strict=False) == tolerant


@pytest.mark.parametrize(
    "text",
    ["", " ", "1 ", "+", ".", "e5", "1e", "1_000", "0x10", "\u0661", "NaN", "Infinity", "--1"],
)
def test_other_text_is_no_number(text: str):
    with pytest.raises(Malformed):
        exact_json.number(text)


@pytest.mark.parametrize(("text", "value"), [("1.50", "1.50"), ("+.5", "0.5"), ("1E+2", "100")])
def test_decimal_text_is_a_number(text: str, value: str):
    assert exact_json.number(text) == Decimal(value)
