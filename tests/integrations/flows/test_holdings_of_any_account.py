"""Positions of accounts of every type: stored, or reported with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as HttpClient
from django.urls import reverse

from integrations.models import AccountLink
from nucleus.models import Client, Tenant
from tests.api import Api
from tests.integrations.flows.bank_stub import MEMBER_HOLDINGS, Bank, serving
from tests.integrations.flows.test_units_and_kinds import metrics

PATH = "/nucleus/v1/aggregation_account_holding"
USABLE = {"shares": 2, "market_value": 10, "holding_type": "EQUITY"}


@pytest.fixture
def bank(api: Api, tenant: Tenant, nucleus_client: Client) -> Iterator[Bank]:
    bank = Bank(api, nucleus_client)
    with serving(bank, tenant):
        yield bank


def active(bank: Bank) -> list[dict[str, Any]]:
    response = bank.api.get(PATH, size=100, filter="is_active==true", order_by="shares")
    return list(response.data["content"])


def holding_calls(bank: Bank) -> list[str]:
    return [path.split("/", 3)[3] for path in bank.calls if path.endswith("/holdings")]


@pytest.mark.parametrize(
    ("fields", "shares", "price"),
    [
        ({"holding_type": "CASH", "shares": None, "market_value": 512.34}, "512.34", "1"),
        ({"holding_type": "CASH", "market_value": 512.34}, "512.34", "1"),
        ({"holding_type": "CASH", "shares": 0, "market_value": -5}, "-5", "1"),
        ({"holding_type": None, "symbol": "CASH", "market_value": 3}, "3", "1"),
        ({"holding_type": "UNKNOWN_TYPE", "description": "Cash", "market_value": 3}, "3", "1"),
        ({"holding_type": "CASH", "shares": 10, "market_value": 10.5}, "10", "1.05"),
        ({"holding_type": "CASH", "shares": None, "market_value": 0}, "0", None),
        ({"holding_type": "EQUITY", "shares": -3, "market_value": -30}, "-3", "10"),
        ({"holding_type": "EQUITY", "shares": 0, "market_value": 0}, "0", None),
        ({"holding_type": "EQUITY", "shares": 1e-8, "market_value": 9e14}, "0.00000001", None),
        ({"holding_type": "EQUITY", "shares": 5, "market_value": None}, "5", None),
    ],
)
def test_positions_of_every_kind_are_stored(
    bank: Bank, fields: dict[str, Any], shares: str, price: str | None
):
    account = bank.account(type="INVESTMENT", currency_code="CAD")
    bank.holding(account, **fields)
    bank.link()
    bank.import_again()
    (row,) = active(bank)
    assert (row["shares"], row["currency_code"]) == (Decimal(shares), "CAD")
    assert row["price"] == (None if price is None else Decimal(price))
    value = fields["market_value"]
    assert row["amount"] == (None if value is None else Decimal(str(value)))


@pytest.mark.parametrize("account_type", ["CHECKING", "SAVINGS", "CREDIT_CARD", "ANY", None])
@pytest.mark.parametrize("lists_holdings_of_members", [True, False])
def test_accounts_of_any_type_may_have_positions(
    bank: Bank, *, account_type: str | None, lists_holdings_of_members: bool
):
    bank.lists_holdings_of_members = lists_holdings_of_members
    account = bank.account(type=account_type)
    bank.link()
    assert active(bank) == []
    bank.holding(account, **USABLE)
    bank.import_again()
    (row,) = active(bank)
    bank.holdings.clear()
    bank.import_again()
    assert active(bank) == []
    bank.holding(account, **USABLE)
    bank.import_again()
    assert [again["id"] for again in active(bank)] == [row["id"]]


def test_one_call_of_an_import_tells_who_has_positions(bank: Bank):
    accounts = [bank.account(type="CHECKING", name=f"Account {number}") for number in range(5)]
    bank.account(type="INVESTMENT")
    bank.holding(accounts[3], **USABLE)
    bank.link()
    bank.import_again()
    expected = ["members/MBR-1/holdings", "accounts/ACT-4/holdings", "accounts/ACT-6/holdings"]
    assert holding_calls(bank) == expected
    assert bank.calls.count(MEMBER_HOLDINGS) == 1


def test_a_pull_of_one_account_asks_whatever_its_type(bank: Bank):
    account = bank.account(type="CHECKING")
    rows = bank.link()
    bank.holding(account, **USABLE)
    path = f"/integration/v1/aggregation/holding/{rows[0]['body']['id']}"
    (row,) = bank.api.get(path).data["nucleus_holdings_posted"]
    assert row["body"]["shares"] == 2


def test_rows_that_cannot_be_stored_are_reported_until_they_can(
    bank: Bank, settings: Any, admin_user: User
):
    account = bank.account(type="CHECKING")
    bank.holding(account, holding_type="EQUITY", shares=None, market_value=5)
    bank.holding(account, **USABLE)
    bank.transaction(account, amount=None)
    bank.transaction(account, date="soon")
    bank.transaction(account)
    bank.link()
    kept = [
        {"kind": "holding", "id": "HOL-ACT-1-0", "reason": "MX sent no usable number of shares."},
        {"kind": "transaction", "id": "TRN-ACT-1-0", "reason": "MX sent no usable amount."},
        {"kind": "transaction", "id": "TRN-ACT-1-1", "reason": "MX sent no usable date."},
    ]
    link = AccountLink.unscoped.get()
    assert link.rejected_items == kept
    assert len(active(bank)) == 1
    text = metrics(settings)
    for kind, count in (("holding", 1), ("transaction", 2), ("account", 0)):
        assert f'gateway_rejected_items{{kind="{kind}"}} {count}.0' in text
    staff = HttpClient()
    staff.force_login(admin_user)
    for page in (
        reverse("admin:integrations_accountlink_changelist"),
        reverse("admin:integrations_accountlink_change", args=[link.pk]),
    ):
        assert staff.get(page).status_code == 200
    assert "no usable number of shares" in staff.get(page).content.decode()
    bank.import_again()
    assert AccountLink.unscoped.get().rejected_items == kept
    bank.holdings[account][0]["shares"] = 1
    bank.transactions[account][0]["amount"] = bank.transactions[account][1]["amount"] = 2
    bank.transactions[account][1]["date"] = "2026-11-20"
    bank.import_again()
    assert AccountLink.unscoped.get().rejected_items == []
    assert len(active(bank)) == 2


def test_an_account_that_the_listing_spoils_is_reported(bank: Bank):
    bank.account(type="CHECKING", name="Checking")
    bank.link()
    good = dict(bank.accounts[0])
    bank.accounts[0]["member_guid"] = "MBR-of-another"
    bank.import_again()
    (item,) = AccountLink.unscoped.get().rejected_items
    assert (item["kind"], item["id"]) == ("account", "ACT-1")
    assert "another member" in item["reason"]
    bank.accounts[0] = good
    bank.import_again()
    assert AccountLink.unscoped.get().rejected_items == []


def test_at_most_twenty_items_are_kept(bank: Bank):
    account = bank.account(type="INVESTMENT")
    for _ in range(30):
        bank.holding(account, shares=None)
        bank.transaction(account, amount=None)
    bank.link()
    assert len(AccountLink.unscoped.get().rejected_items) == 20
