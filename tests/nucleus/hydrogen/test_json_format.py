"""JSON in requests and responses: exact numbers, Hydrogen's dates, storable text."""

from __future__ import annotations

import io
import json
import re
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from nucleus.hydrogen.fields import instant_of
from nucleus.hydrogen.json_format import ExactJSONParser, ExactJSONRenderer
from tests.api import Api


def rendered(value: Any) -> str:
    return ExactJSONRenderer().render(value).decode()


def parsed(content: bytes) -> Any:
    return ExactJSONParser().parse(io.BytesIO(content))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("61.10000000"), "61.1"),
        (Decimal("100.00000000"), "100"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-8"), "0.00000001"),
        (Decimal("-0.50"), "-0.5"),
        (Decimal("9999999999999999.99999999"), "9999999999999999.99999999"),
        (Decimal("NaN"), "null"),
        (float("inf"), "null"),
        (date(2026, 1, 2), '"2026-01-02"'),
        (datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), '"2026-01-02T03:04:05.678+0000"'),
        (datetime(1, 1, 2, tzinfo=UTC), '"0001-01-02T00:00:00.000+0000"'),
        (
            datetime(2026, 1, 1, 23, tzinfo=timezone(timedelta(hours=-5))),
            '"2026-01-02T04:00:00.000+0000"',
        ),
        (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        ({"amounts": [Decimal("1.50"), None, True]}, '{"amounts":[1.5,null,true]}'),
        ("Zürich ラーメン", '"Zürich ラーメン"'),
        # The fast encoder refuses these; the values beside them look as ever.
        ({"big": 2**64, "amount": Decimal("1.50")}, '{"big":18446744073709551616,"amount":1.5}'),
        (
            [2**64, uuid.UUID(int=1)],
            '[18446744073709551616,"00000000-0000-0000-0000-000000000001"]',
        ),
        ({1: Decimal("1.50"), "day": date(2026, 1, 2)}, '{"1":1.5,"day":"2026-01-02"}'),
        (["half a pair \ud800", Decimal("NaN")], '["half a pair ?",null]'),
    ],
    ids=str,
)
def test_values_are_rendered_in_hydrogens_forms(value: Any, text: str):
    assert rendered(value) == text


@given(st.decimals(-(10**30), 10**30, places=8))
def test_a_rendered_number_is_parsed_to_the_same(number: Decimal):
    text = rendered(number)
    assert re.fullmatch(r"-?\d+(\.\d*[1-9])?", text)
    assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == number


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(
            exclude_categories=["Cs"], exclude_characters="\0")),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner),
        max_leaves=10,
    )
)  # fmt: skip
def test_rendered_json_can_be_parsed(value: Any):
    assert parsed(ExactJSONRenderer().render([value])) == [value]


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xef\xbb\xbf"])
def test_no_body_is_an_empty_object(content: bytes):
    assert parsed(content) == {}


def test_numbers_are_parsed_exactly():
    assert parsed(b'{"a": 61.10, "b": 1e2}') == {"a": Decimal("61.10"), "b": Decimal(100)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not JSON"), (b"\xff\xfe", "UTF-8"), (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"), (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 40_000, "nested too deeply"), (b"1" * 65, "digits"),
        (b'{"a":' * 52 + b"1" + b"}" * 52, "nested too deeply; 50 levels"),
        (b"[" * 52 + b"]" * 52, "nested too deeply; 50 levels"),
        (b"1." + b"1" * 65, "digits"), (b'{"memo": "a\\u0000b"}', "memo holds U+0000"),
        (b'{"list": [{"deep": "\\ud800"}]}', "deep holds U+0000 or an unpaired"),
        (b'{"a\\u0000": 1}', "a name in the body"), (b"a=1&b=2", "not JSON"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_invalid_json_is_a_400_that_says_why(content: bytes, message: str):
    with pytest.raises(ParseError, match=re.escape(message)):
        parsed(content)


@pytest.mark.parametrize("depth", [300, 450, 900])
@pytest.mark.parametrize("path", ["/nucleus/v1/client", "/integration/v1/token_exchange"])
def test_deep_nesting_is_a_400(api: Api, path: str, depth: int):
    """At each depth another function that walks through bodies would be the first to fail."""
    body: Any = 1
    for _ in range(depth):
        body = {"a": body}
    response = api.post(path, {"metadata": body, "vendor_request": body})
    assert response.status_code == 400
    assert "nested too deeply" in response.data["message"]


def test_the_size_of_a_body_is_limited(settings: Any):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert parsed(b'"12345678"') == "12345678"
    with pytest.raises(RequestDataTooBig):
        parsed(b'"123456789"')


@pytest.mark.parametrize(
    "text",
    [
        "2018-01-09T12:00:00.000+0000", "2018-01-09T12:00:00Z", "2018-01-09T12:00:00+00:00",
        "2018-01-09T14:00:00+02:00", "2018-01-09T12:00:00", "2018-01-09'T'12:00:00",
        "2018-01-09 12:00:00", " 2018-01-09T12:00:00 ",
    ],
)  # fmt: skip
def test_instants_are_parsed_in_every_form_that_sdks_send(text: str):
    assert instant_of(text) == datetime(2018, 1, 9, 12, tzinfo=UTC)


def test_a_date_is_parsed_as_its_midnight():
    assert instant_of("2018-01-09") == datetime(2018, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "2018-02-30", "20", "0001-01-01T00:00:00+14:00"])
def test_other_text_is_no_instant(text: str):
    assert instant_of(text) is None
