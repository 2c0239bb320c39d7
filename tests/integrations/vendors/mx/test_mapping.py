"""MX's payloads → records: right for the reference's examples, unbreakable for everything else."""

from __future__ import annotations

import contextlib
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from integrations.vendors.mx import account_kinds, holdings, mapping, statuses
from integrations.vendors.mx.values import InvalidPayload
from integrations.vendors.records import ActionRequiredBy, NextStep
from tests.integrations.vendors.mx import account_types

ACCOUNT = json.loads(
    """{"account_number": "XXXXX7890", "apr": null, "apy": 1.43, "available_balance": 1000.23,
    "available_credit": 100.23, "balance": -1000.23, "created_at": "2016-10-13T17:57:37+00:00",
    "credit_limit": 100.23, "currency_code": "USD", "day_payment_is_due": 20,
    "guid": "ACT-1", "institution_code": "mxbank", "is_closed": false, "matures_on": "2030-01-02",
    "member_guid": "MBR-1", "name": "Test Account 2", "subtype": "MONEY_MARKET", "type": "SAVINGS",
    "updated_at": "2016-10-13T18:08:00+00:00", "user_guid": "USR-1"}""",
    parse_float=Decimal,
)
TRANSACTION = json.loads(
    """{"account_guid": "ACT-1", "amount": 61.11, "category": "Groceries",
    "check_number_string": "00015234", "created_at": "2016-10-06T09:43:42+00:00",
    "currency_code": "USD", "date": "2013-09-23", "description": "Whole Foods", "guid": "TRN-1",
    "is_overdraft_fee": false, "is_fee": false, "latitude": -43.2075, "longitude": 139.691706,
    "member_guid": "MBR-1", "memo": null, "merchant_category_code": 5411,
    "merchant_guid": "MCH-1", "original_description": "WHOLEFDS TSQ 102",
    "posted_at": "2016-10-07T06:00:00+00:00", "status": "POSTED",
    "top_level_category": "Food & Dining", "transacted_at": "2016-10-06T13:00:00+00:00",
    "type": "DEBIT", "updated_at": "2016-10-07T05:49:12+00:00", "user_guid": "USR-1"}""",
    parse_float=Decimal,
)
HOLDING = json.loads(
    """{"account_guid": "ACT-1", "cost_basis": 827, "currency_code": "USD", "cusip": "18383M878",
    "daily_change": 2.5, "description": "Guggenheim Defensive Equity ETF", "guid": "HOL-1",
    "holding_type": "MONEY_MARKET", "market_value": 989.5, "purchase_price": 26.3, "shares": 6,
    "symbol": "DEF", "updated_at": "2015-04-13T12:01:23-06:00"}""",
    parse_float=Decimal,
)
MEMBER = {
    "guid": "MBR-1",
    "user_guid": "USR-1",
    "connection_status": "CONNECTED",
    "is_being_aggregated": False,
    "institution_code": "mxbank",
    "name": "MX Bank",
}
NUMBER = {"account_guid": "ACT-1", "account_number": "10001", "routing_number": "688999900"}
MAPPERS = [
    (mapping.account, ACCOUNT),
    (mapping.transaction, TRANSACTION),
    (holdings.holding, HOLDING),
    (mapping.member, MEMBER),
    (mapping.account_number, NUMBER),
    (mapping.account_owner, {"account_guid": "ACT-1", "owner_name": "A"}),
    (mapping.institution, {"code": "mxbank", "name": "MX Bank"}),
    (mapping.merchant, {"guid": "MCH-1", "name": "Shop"}),
    (mapping.user, {"guid": "USR-1", "identifier": "x"}),
    (mapping.merchant_location, {"city": "Testville", "latitude": 1}),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def test_account():
    record = mapping.account(ACCOUNT)
    assert (record.category, record.subcategory) == ("Bank Account", "Money Market")
    assert record.balance.current == Decimal("-1000.23")
    assert record.apy == Decimal("1.43")
    assert record.mask == "7890"
    assert record.maturity_date == datetime(2030, 1, 2, tzinfo=UTC)
    assert record.can_verify
    assert record.is_cash
    assert record.is_asset
    assert record.metadata["mx_day_payment_is_due"] == "20"


DEBTS = {"CHECKING_LINE_OF_CREDIT", "CREDIT_CARD", "LINE_OF_CREDIT", "LOAN", "MORTGAGE"}
CASH = {"CASH", "CHECKING", "PREPAID", "SAVINGS"}


@pytest.mark.parametrize("kind", account_types.SUBTYPES)
def test_every_type_of_mx_is_an_asset_a_debt_or_not_classified(kind: str):
    for subtype in (None, *account_types.SUBTYPES[kind]):
        record = mapping.account({**ACCOUNT, "type": kind, "subtype": subtype})
        assert record.is_classified == (kind != "ANY")
        assert record.is_asset == (kind not in {*DEBTS, "ANY"})
        assert record.is_cash == (kind in CASH)
        assert record.is_investment == (kind == "INVESTMENT")
        assert record.can_verify == (kind in {"CHECKING", "SAVINGS"})
        assert record.subcategory or not subtype


def test_the_documented_table_is_the_one_that_is_used():
    assert {*account_kinds.KINDS, account_kinds.ANY} == set(account_types.SUBTYPES)
    text = (settings.BASE_DIR / "docs/hydrogen-contract.md").read_text()
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| ")]
    documented = {
        name: [cell.strip() for cell in row[1:]]
        for row in rows
        if len(row) == 6
        for name in re.findall(r"[A-Z_]{3,}", row[0])
    }
    for name, kind in account_kinds.KINDS.items():
        flags = [
            "yes" if value else "" for value in (kind.is_asset, kind.is_cash, kind.is_investment)
        ]
        assert documented[name] == [kind.category, *flags, "owned" if kind.is_asset else "owed"]
    assert documented[account_kinds.ANY][-1] == "not known"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"name": None}, "Money Market"),
        ({"name": None, "subtype": None}, "Savings Account"),
        ({"name": "", "subtype": None, "type": "ANY"}, "Account"),
        ({"name": None, "subtype": None, "type": "ORBITAL_FUND"}, "Orbital Fund"),
    ],
)
def test_an_account_without_a_name(change: dict[str, Any], name: str):
    assert mapping.account({**ACCOUNT, **change}).name == name


def test_transaction():
    record = mapping.transaction(TRANSACTION)
    assert (record.category, record.subcategory) == ("Food & Dining", "Groceries")  # crossed
    assert (record.amount, record.direction, record.status) == (Decimal("61.11"), "Debit", "posted")
    assert record.transacted_at == datetime(2016, 10, 6, 13, tzinfo=UTC)
    assert record.location is not None
    assert record.location.latitude == Decimal("-43.2075")
    assert record.metadata["mx_original_description"] == "WHOLEFDS TSQ 102"


@pytest.mark.parametrize(
    ("type_", "amount", "direction"),
    [
        ("DEBIT", "12.34", "Debit"),
        ("DEBIT", "-12.34", "Credit"),  # a refund
        ("CREDIT", "-12.34", "Debit"),
        ("CREDIT", "0", "Credit"),
        ("SWEEP", "-12.34", "Sweep"),
    ],
)
def test_a_negative_amount_turns_the_direction(type_: str, amount: str, direction: str):
    row = mapping.transaction(TRANSACTION | {"type": type_, "amount": Decimal(amount)})
    assert (row.amount, row.direction) == (abs(Decimal(amount)), direction)


def test_the_date_falls_back():
    without = {**TRANSACTION, "transacted_at": None}
    assert mapping.transaction(without).transacted_at == datetime(2013, 9, 23, tzinfo=UTC)
    without = {**without, "date": "2013-02-30"}  # an impossible day
    assert mapping.transaction(without).transacted_at == datetime(2016, 10, 7, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "day"),
    [
        ({"date": "2026-11-20", "transacted_at": "2026-11-21T04:30:00Z"}, date(2026, 11, 20)),
        ({"date": "2026-11-20T23:30:00-05:00"}, date(2026, 11, 20)),
        ({"date": None, "transacted_at": "2026-11-20T23:30:00-05:00"}, date(2026, 11, 21)),
        ({"date": "9999-12-31"}, date(9999, 12, 31)),
        ({"date": "yesterday", "transacted_at": "2026-11-20"}, date(2026, 11, 20)),
    ],
)
def test_the_booking_date_is_the_banks(change: dict[str, Any], day: date):
    assert mapping.transaction(TRANSACTION | change).booking_date == day


def test_holding():
    record = holdings.holding(HOLDING)
    assert (record.shares, record.amount) == (Decimal(6), Decimal("989.5"))
    assert record.price == Decimal("164.91666667")
    assert record.held_at == datetime(2015, 4, 13, 18, 1, 23, tzinfo=UTC)
    assert holdings.holding({**HOLDING, "shares": 0}).price is None


def test_canadian_numbers():
    record = mapping.account_number(
        {**NUMBER, "routing_number": None, "institution_number": "4", "transit_number": "12345"}
    )
    assert record.routing == "000412345"
    assert record.metadata["mx_transit_number"] == "12345"
    assert "10001" not in repr(record)


@pytest.mark.parametrize(
    ("mapper", "payload", "field"),
    [
        (mapping.transaction, TRANSACTION, "amount"),
        (mapping.transaction, TRANSACTION, "guid"),
        (holdings.holding, HOLDING, "shares"),
        (mapping.account, ACCOUNT, "guid"),
        (mapping.account_number, NUMBER, "account_number"),
        (mapping.member, MEMBER, "user_guid"),
    ],
)
@pytest.mark.parametrize("value", [None, True, [], {}, "", "NaN", Decimal("Infinity")])
def test_records_without_a_required_field(mapper: Any, payload: Any, field: str, value: Any):
    if field in ("guid", "user_guid", "account_number") and value == "NaN":
        return  # a fine string
    with pytest.raises(InvalidPayload):
        mapper({**payload, field: value})


@hypothesis_settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_no_json_breaks_a_mapper(data: st.DataObject):
    mapper, payload = data.draw(st.sampled_from(MAPPERS))
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(payload)), JSON, max_size=4))
    with contextlib.suppress(InvalidPayload):
        mapper({**payload, **changes, "unknown_field": data.draw(JSON)})


@hypothesis_settings(max_examples=200, deadline=None)
@given(payload=st.dictionaries(st.text(max_size=20), JSON, max_size=6))
def test_no_object_breaks_a_mapper(payload: dict[str, Any]):
    for mapper, _ in MAPPERS:
        with contextlib.suppress(InvalidPayload):
            mapper(payload)


def test_all_22_statuses_have_a_row():
    assert len(statuses.ROWS) == 22
    for status, (meaning, message, actor, _, is_connected, _) in statuses.ROWS.items():
        assert meaning
        assert message or status == "CONNECTED"
        assert is_connected == (status == "CONNECTED")
        assert actor in ActionRequiredBy


@pytest.mark.parametrize("status", ["", "ORBITING", 6, [], {}])
def test_an_unknown_status_is_kept_and_is_no_connection(status: Any):
    connection = statuses.connection(status)
    assert not connection.is_connected
    assert connection.status == (status if isinstance(status, str) and status else "UNKNOWN")


@pytest.mark.parametrize("is_disabled", [True, False, None])
def test_members_that_mx_does_not_import_by_itself(is_disabled: Any):
    payload = {**MEMBER, "background_aggregation_is_disabled": is_disabled}
    assert mapping.member(payload).is_refreshed_by_vendor is not bool(is_disabled)


def test_null_is_a_member_without_credentials():
    """MX's table has a row for it; nothing moves until the end user enters a login."""
    connection = mapping.member({**MEMBER, "connection_status": None}).connection
    assert connection.status == "NO_CREDENTIALS"
    assert (connection.is_connected, connection.is_settled) == (False, True)
    assert (connection.actor, connection.next_step) == (ActionRequiredBy.END_USER, NextStep.REPAIR)
    assert "credentials" in connection.meaning
    assert connection.message


@pytest.mark.parametrize(("sent", "shown"), [(None, None), ("1", None), ("1234", "34")])
def test_the_number_of_an_account_is_masked(sent: str | None, shown: str | None):
    payload = {"guid": "ACT-1", "user_guid": "USR-1", "account_number": sent}
    assert mapping.account(payload).mask == shown
