"""What MX Platform is asked, and what is read from its answers, where it differs from Atrium."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.vendors import errors, records
from integrations.vendors.base import CallPolicy, VendorConfig
from integrations.vendors.mx import holdings, mapping, statuses
from integrations.vendors.mx.adapter import MX
from integrations.vendors.records import ActionRequiredBy, NextStep, WidgetOptions
from tests.integrations.vendors.mx.test_mapping import ACCOUNT, MEMBER, TRANSACTION
from tests.integrations.vendors.scripted_server import always, answer, serving

VERSIONS = ("v20111101", "v20250224")
WIDGET = {"widget_url": {"url": "http://127.0.0.1/w", "type": "connect_widget", "user_id": "1"}}
Result = tuple[Any, list[bytes]]


def called(call: Callable[[MX], Any], body: Any, version: str) -> Result:
    """What the adapter returns for MX's answer, and the raw requests."""
    content = json.dumps(body, default=float).encode()
    with serving(always(answer(body=content))) as server:
        mx = MX(VendorConfig("platform", server.url, "id", "key", api_version=version))
        return call(mx), list(server.requests)


def widget_body(options: WidgetOptions, version: str) -> dict[str, Any]:
    _, requests = called(
        lambda mx: mx.widget_url(user_id="USR-1", options=options), WIDGET, version
    )
    body: dict[str, Any] = json.loads(requests[0].partition(b"\r\n\r\n")[2])["widget_url"]
    return body


def listed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    pagination = {"current_page": 1, "per_page": 1000, "total_entries": 1, "total_pages": 1}
    return {"transactions": rows, "pagination": pagination}


def pages(mx: MX) -> list[records.Transaction]:
    window = {"from_date": date(2026, 3, 1), "to_date": date(2026, 3, 31)}
    batches = mx.transaction_pages(user_id="USR-1", account_id="ACT-1", **window)
    return [row for batch in batches for row in batch.records]


def dated(day: str) -> dict[str, Any]:
    stamp = f"{day}T12:00:00Z"
    dates = {"date": day, "transacted_at": stamp, "posted_at": stamp, "created_at": stamp}
    return {**TRANSACTION, "account_guid": "ACT-1", "guid": f"TRN-{day}", **dates}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_call_names_its_version(version: str):
    _, requests = called(lambda mx: mx.check(), {"users": []}, version)
    head = requests[0].decode().lower()
    assert f"accept-version: {version}" in head
    assert base64.b64encode(b"id:key").decode().lower() in head
    accept = {"v20111101": "application/vnd.mx.api.v1+json", "v20250224": "application/json"}
    assert f"accept: {accept[version]}\r\n" in head


@pytest.mark.parametrize("version", VERSIONS)
def test_a_user_is_found_with_one_call(version: str):
    row = {"guid": "USR-1", "id": "our-id", "is_disabled": False}
    user, requests = called(lambda mx: mx.find_user(identifier="our-id"), {"users": [row]}, version)
    assert (user.id, user.identifier) == ("USR-1", "our-id")
    assert len(requests) == 1
    assert b"id=our-id" in requests[0].split()[1]


@pytest.mark.parametrize(
    ("version", "bounds"),
    [
        ("v20111101", ("from_date=2026-03-01", "to_date=2026-03-31")),
        # To the midnight after the last day.
        ("v20250224", ("from_date=1772323200", "to_date=1775001600")),
    ],
)
def test_days_are_written_as_the_version_reads_them(version: str, bounds: tuple[str, str]):
    rows = [dated("2026-03-01"), dated("2026-03-31"), dated("2026-04-01")]
    result, requests = called(pages, listed(rows), version)
    target = requests[0].split()[1].decode()
    assert all(bound in target for bound in bounds)
    assert "records_per_page=1000" in target
    assert "includes=" in target
    assert [row.id for row in result] == ["TRN-2026-03-01", "TRN-2026-03-31"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("day", ["2026-02-20", "2026-04-10", "2020-01-01"])
def test_a_list_that_is_not_of_the_window_is_refused(version: str, day: str):
    with pytest.raises(errors.VendorBadResponse, match="outside of the days"):
        called(pages, listed([dated("2026-03-05"), dated(day)]), version)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_single_row_of_another_year_says_nothing_about_the_window(version: str):
    rows = [dated(f"2026-03-{day:02}") for day in range(1, 21)]
    result, _ = called(pages, listed([*rows, dated("2020-01-01")]), version)
    assert len(result) == len(rows) + 1


@pytest.mark.parametrize("day", ["2099-01-01", "1970-01-01"])
def test_a_day_that_cannot_be_true_says_nothing_about_the_window(day: str):
    result, _ = called(pages, listed([dated("2026-03-05"), dated(day)]), VERSIONS[-1])
    assert [row.id for row in result] == ["TRN-2026-03-05", f"TRN-{day}"]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_widget_behaves_as_that_of_atrium(version: str):
    body = widget_body(WidgetOptions(is_mobile_webview=True), version)
    assert body["widget_type"] == "connect_widget"
    assert body["ui_message_version"] < 4
    assert body["ui_message_webview_url_scheme"] == "atrium"
    assert body["oauth_referral_source"] == "BROWSER"
    assert widget_body(WidgetOptions(message_version=4), version)["ui_message_version"] == 4


@pytest.mark.parametrize(
    ("options", "mode_2011", "products_2025"),
    [
        ({}, {"mode": "aggregation"}, ["transactions"]),
        ({"verification": True}, {"mode": "verification"}, ["account_verification"]),
        (
            {"verification": True, "is_aggregated": True},
            {"mode": "verification", "disable_background_agg": False},
            ["account_verification", "transactions"],
        ),
        (
            {"verification": True, "include_identity": True, "include_transactions": True},
            {"mode": "verification", "include_identity": True, "include_transactions": True},
            ["account_verification", "transactions", "identity_verification"],
        ),
    ],
)
def test_modes_and_products(
    options: dict[str, bool], mode_2011: dict[str, Any], products_2025: list[str]
):
    body = widget_body(WidgetOptions(**options), "v20111101")
    names = ("mode", "include_identity", "include_transactions", "disable_background_agg")
    assert {name: body[name] for name in names if name in body} == mode_2011
    body = widget_body(WidgetOptions(**options), "v20250224")
    assert body["data_request"] == {"products": products_2025}
    assert not set(names) & body.keys()


@pytest.mark.parametrize(("deadline", "tries"), [(30.0, 3), (None, 1)])
def test_objects_just_created_may_take_a_moment(deadline: Any, tries: int):
    """Only who waits for an answer goes on with it at once."""
    missing = answer(404, b'{"error": {"message": "not found"}}')
    answers = iter([missing, missing])
    rest = answer(body=json.dumps(WIDGET).encode())
    with serving(lambda connection, _: connection.sendall(next(answers, rest))) as server:
        policy = CallPolicy(total_deadline=deadline)
        mx = MX(VendorConfig("platform", server.url, "id", "key", policy))
        with suppress(errors.VendorError):
            mx.widget_url(user_id="USR-1", options=WidgetOptions())
    links = [request for request in server.requests if b"/widget_urls" in request]
    assert len(links) == tries


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("institution_maintenance_error", errors.InstitutionUnavailable),
        ("institution_unavailable_error", errors.InstitutionUnavailable),
        ("institution_prevent_verification_error", errors.VendorRefused),
        ("something_else", errors.VendorRefused),
        (None, errors.VendorRefused),
        ([], errors.VendorRefused),
    ],
)
def test_errors_of_the_institution(kind: Any, expected: type[errors.VendorError]):
    body = json.dumps({"error": {"message": "Bank is closed.", "status": "400", "type": kind}})
    with serving(always(answer(400, body.encode()))) as server:
        mx = MX(VendorConfig("platform", server.url, "id", "key"))
        with pytest.raises(errors.VendorError, match=r"Bank is closed\.") as raised:
            mx.start_aggregation(user_id="USR-1", member_id="MBR-1")
    assert type(raised.value) is expected


@pytest.mark.parametrize(
    ("code", "actor", "step"),
    [
        (1001, ActionRequiredBy.END_USER, NextStep.RECONNECT),
        (2005, ActionRequiredBy.END_USER, NextStep.REPAIR),
        ("3001", ActionRequiredBy.VENDOR, NextStep.RETRY_LATER),
    ],
)
@pytest.mark.parametrize("encode", [dict, json.dumps], ids=["object", "text"])
def test_a_connected_member_with_an_error_is_not_connected(
    code: Any, actor: ActionRequiredBy, step: NextStep, encode: Callable[[Any], Any]
):
    error = encode({"error_code": code, "user_message": "…"})
    member = mapping.member({**MEMBER, "connection_status": "CONNECTED", "error": error})
    connection = member.connection
    assert (connection.is_connected, connection.actor, connection.next_step) == (False, actor, step)
    assert connection.message


@pytest.mark.parametrize("error", [None, "", "no JSON", "[]", 5, {}, {"error_code": 9999}])
def test_an_error_that_says_nothing_leaves_the_status(error: Any):
    payload = {**MEMBER, "connection_status": "CONNECTED", "error": error}
    assert mapping.member(payload).connection == statuses.connection("CONNECTED")
    payload["needs_updated_credentials"] = True
    assert mapping.member(payload).connection.next_step is NextStep.REPAIR


def test_an_investment_holding():
    record = holdings.investment_holding(
        {
            "guid": "HOL-1", "account_guid": "ACT-1", "quantity": "5000.0",
            "market_value": "989.5", "current_price": "0.2", "current_price_as_of": "2026-03-01",
            "symbol": "ABC", "put_or_call": "call", "cost_basis": None,
        }
    )  # fmt: skip
    assert (record.shares, record.amount, record.price) == (
        Decimal(5000),
        Decimal("989.5"),
        Decimal("0.2"),
    )
    assert record.held_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert (record.cusip, record.updated_at) == (None, None)
    assert record.metadata == {"mx_put_or_call": "call"}


def test_merchant_and_place_of_a_transaction():
    record = mapping.transaction(
        {
            **TRANSACTION,
            "merchant_guid": "MCH-1",
            "merchant": {"guid": "MCH-1", "name": "Shop", "logo_url": None},
            "geolocation": {"city": "Lehi", "state": "UT", "postal code": "84043"},
            "classification": {"parent_class": "Fees"},
            "repeating_transaction": {"repeating_transaction_type": "BILL"},
        }
    )
    assert record.merchant == records.Merchant(id="MCH-1", name="Shop")
    assert record.location is not None
    assert (record.location.city, record.location.postalcode) == ("Lehi", "84043")
    assert record.is_fee
    assert record.is_recurring


def test_the_routing_number_of_an_account_goes_nowhere():
    record = mapping.account({**ACCOUNT, "routing_number": "987654321", "nickname": "Rainy day"})
    assert "987654321" not in repr(record)
    assert record.metadata["mx_nickname"] == "Rainy day"


@pytest.mark.parametrize(("passed", "expected"), [(True, True), (None, True), (False, False)])
def test_numbers_that_mx_could_not_validate(passed: Any, expected: Any):
    payload = {
        "account_guid": "ACT-1",
        "account_number": "1234",
        "routing_number": "68899990000000",
    }
    assert mapping.account_number({**payload, "passed_validation": passed}).is_valid is expected
