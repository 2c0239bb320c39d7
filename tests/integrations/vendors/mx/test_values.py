"""Single values out of MX's JSON: what they cost does not depend on what MX sends.

`int(Decimal("1e1000000"))` takes more than a minute, so a value that is not bounded first makes
these tests hang; no clock is looked at, because a test machine may be slow.
"""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.vendors.mx import mapping, values, webhooks
from integrations.vendors.mx.batches import batch
from integrations.vendors.mx.values import InvalidPayload
from nucleus import exact_json
from nucleus.hydrogen.json_format import ExactJSONRenderer
from tests.integrations.vendors.mx.test_mapping import MAPPERS

READERS = [
    values.text, values.number, values.flag, values.integer, values.instant, values.web_url,
    lambda payload, name: values.extra_metadata(payload, (name,)),
    lambda payload, name: mapping.coordinate(payload, name, 90),
]  # fmt: skip
HOSTILE = [
    "1e400", "-1e400", "1e1000000", "1e1200000", "1e-1000000", "1e99999999999999999999", "NaN",
    "sNaN", "-Infinity", "1_000", "9" * 64, "9" * 65, "9" * 1_000_000, "\u0661" * 5, " " * 100_000,
    "0000-01-01", "10000-01-01", "9999-12-31", "0001-01-01T00:00:00+23:59", "2026-W01-1",
    "9999-12-31T23:59:59-23:59", "2026-11-21T24:00:00", "1" * 40, "javascript:alert(1)",
    "http://[::1", "https://a\tb", "ß" * 255, "\u0130" * 255, "\r\n\x1b[2J", "",
]  # fmt: skip
SCALARS = st.one_of(
    st.sampled_from(HOSTILE),
    st.sampled_from([10**64 - 1, -(10**64) + 1, 253402300800, -62135596800, 0, -1, 1e300]),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.integers(),
    st.booleans() | st.none(),
    st.text(max_size=30),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "value",
    [*HOSTILE, Decimal("1e400"), Decimal("1e1000000"), Decimal("1e-1000000"), Decimal("0e999999"),
     Decimal("NaN"), Decimal("sNaN"), 10**5000, -(10**300_000), True, [], {}, [1], None],
    ids=lambda value: str(type(value).__name__) if isinstance(value, int) else str(value)[:24],
)  # fmt: skip
def test_a_hostile_value_is_a_small_one_or_none(read: Any, value: Any):
    result = read({"k": value}, "k")
    assert len(str(result)) <= 2100
    if isinstance(result, Decimal):
        assert result.copy_abs() < values.MAX_AMOUNT


@pytest.mark.parametrize("value", ["1e220000", "1e1200000", "1e3000000"])
def test_a_timestamp_cannot_freeze_a_process(value: str):
    """Neither as the parser lets it through, nor if a parser let it through."""
    with pytest.raises(exact_json.Malformed):
        exact_json.parse(f'{{"aggregated_at": {value}}}', strict=False)
    assert values.instant({"k": Decimal(value)}, "k") is None
    assert values.instant({"k": value}, "k") is None
    assert values.number({"k": value}, "k") is None


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1479456000, datetime(2016, 11, 18, 8, tzinfo=UTC)),
        (Decimal("1479456000.75"), datetime(2016, 11, 18, 8, tzinfo=UTC)),
        ("2016-11-18", datetime(2016, 11, 18, tzinfo=UTC)),
        ("9999-12-31", datetime(9999, 12, 31, tzinfo=UTC)),
        (253402300799, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (253402300800, None), ("0999-12-31", None), ("0000-01-01", None), ("1479456000", None),
    ],
)  # fmt: skip
def test_instants_within_what_databases_keep(value: Any, moment: datetime | None):
    assert values.instant({"k": value}, "k") == moment


@pytest.mark.parametrize(("value", "amount"), [("12.50", "12.5"), (" 7 ", "7"), ("-0.0", "0")])
def test_numbers_given_as_text(value: str, amount: str):
    assert values.number({"k": value}, "k") == Decimal(amount)


@pytest.mark.parametrize("url", ["https://mx.com/logo.png", "http://a.example:8080/x?y=1#z"])
def test_links_that_may_be_handed_on(url: str):
    assert values.web_url({"k": url}, "k") == url


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_from_bytes_to_answer_nothing_breaks(data: st.DataObject):
    """Parsed, mapped, rendered: values are small, failures are Malformed or InvalidPayload."""
    mapper, payload = data.draw(st.sampled_from(MAPPERS))
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(payload)), JSON, max_size=5))
    content = json.dumps({**payload, **changes}, default=str).encode()
    try:
        parsed = exact_json.parse(content, strict=False)
    except exact_json.Malformed:
        return
    result = batch(mapper, [parsed, changes, data.draw(JSON)])
    assert len(result.records) + len(result.rejected) == 3
    for record in result.records:
        fields = {name: getattr(record, name) for name in record.__slots__ if name != "raw"}
        assert len(ExactJSONRenderer().render(str(fields))) < 60_000
    webhooks.parse(parsed)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_a_webhook_of_any_json_is_an_event_or_none(payload: Any):
    event = webhooks.parse(payload)
    assert event is None or len(event.kind) <= 64


@given(st.text(max_size=300), st.integers(1, 255))
def test_words_for_people_fit_their_column(text: str, limit: int):
    assert len(values.readable(text, limit)) <= limit


def test_an_expanding_word_is_cut():
    with contextlib.suppress(InvalidPayload):
        record = mapping.transaction(
            {"guid": "T", "account_guid": "A", "amount": 1, "date": "2026-01-01",
             "type": "ﬁ" * 32, "status": "\u0130" * 32}
        )  # fmt: skip
        assert (len(record.direction), len(record.status)) == (32, 32)
