"""Values that events set: odd ones, owners, positions; and wrong ones, which are refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox import bank
from tests.world import World

EVERYDAY = "Everyday Checking"


@pytest.fixture
def world(world: World) -> World:
    return bank.begin(world)


@pytest.fixture
def member(world: World) -> str:
    return bank.connect(world)


def test_odd_values_come_as_they_are(world: World, member: str):
    account = bank.accounts(world)["Rainy Day Savings"]["guid"]
    odd = {"updated_at": "2999-01-01T00:00:00+00:00", "balance": 250000.12345678, "apr": None}
    bank.happen(world, "change_account", account=account, type="CHECKING_LINE_OF_CREDIT",
                currency_code="DOGE", fields=odd, now=True)  # fmt: skip
    row = bank.accounts(world)["Rainy Day Savings"]
    assert (row["type"], row["currency_code"]) == ("CHECKING_LINE_OF_CREDIT", "DOGE")
    assert (row["updated_at"], row["balance"]) == (odd["updated_at"], Decimal("250000.12345678"))
    rows = bank.transactions(world, account)
    assert {item["currency_code"] for item in rows.values()} == {"DOGE"}
    bank.happen(world, "change_account", account=account, currency_code=None, fields=None, now=True)
    row = bank.accounts(world)["Rainy Day Savings"]
    assert row["currency_code"] is None
    assert row["updated_at"] < "2027"
    bank.happen(world, "change_member", member=member, fields={"status": None,
                "successfully_aggregated_at": "1969-01-01T00:00:00+00:00"})  # fmt: skip
    shown = world.sandbox.call("GET", world.path(member))["member"]
    assert (shown["status"], shown["successfully_aggregated_at"][:4]) == (None, "1969")
    assert world.status(member)["status"] is None


def test_owners_come_with_the_next_identification(world: World, member: str):
    account = bank.accounts(world)[EVERYDAY]["guid"]

    def owners() -> list[str]:
        rows = world.rows(f"/members/{member}/account_owners", "account_owners")
        assert len({row["guid"] for row in rows}) == len(rows)
        return [row["owner_name"] for row in rows if row["account_guid"] == account]

    world.start(member, "identify")
    world.advance("1s")
    assert owners() == ["Test Account Holder"]
    bank.happen(world, "set_owners", account=account, owners=["Ada", {"owner_name": "Grace"}])
    bank.import_(world, member)
    assert owners() == ["Test Account Holder"]
    world.start(member, "identify")
    world.advance("1s")
    assert owners() == ["Ada", "Grace"]


def test_positions_are_sold_bought_and_odd(world: World, member: str):
    row = bank.accounts(world)["Retirement"]
    bank.happen(world, "sell_holding", account=row["guid"], symbol="IDX", now=True)
    sold = bank.accounts(world)["Retirement"]
    assert sold["balance"] == row["balance"]
    assert sold["cash_balance"] > row["cash_balance"]
    cash = {"description": "Cash", "holding_type": "CASH", "market_value": 12.5, "shares": None}
    checking = bank.accounts(world)[EVERYDAY]["guid"]
    bank.happen(world, "set_holding", account=checking, symbol="USD", fields=cash, now=True)
    holdings = {row["symbol"]: row for row in world.rows("/holdings", "holdings")}
    assert holdings.keys() == {"DEF", "BND", "USD"}
    assert holdings["USD"]["account_guid"] == checking
    assert (holdings["USD"]["shares"], holdings["USD"]["market_value"]) == (None, Decimal("12.5"))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"kind": "explode"}, "kind must be one of open_account,"),
        ({"kind": "close_account"}, "account is required"),
        ({"kind": "close_account", "account": "ACT-1"}, "There is no account 'ACT-1'"),
        ({"kind": "close_account", "account": "x", "colour": 1}, "Known: account, balance"),
        ({"kind": "open_account", "member": "MBR-1"}, "There is no member"),
        ({"kind": "disable_user", "user": "nobody"}, "There is no user"),
        ({"kind": "withdraw_transaction", "transaction": "TRN-1"}, "There is no transaction"),
        ({"kind": "disable_user", "user": "x", "in": "soon"}, "A span is a number"),
        ({"kind": "disable_user", "user": "x", "in": "999999w"}, "date value out of range"),
        ({"kind": "disable_user", "user": "x", "now": "yes"}, "now must be true or false"),
    ],
)
def test_wrong_events_are_explained(world: World, body: dict[str, Any], message: str):
    assert message in bank.refuse(world, **body)


def test_wrong_values_change_nothing(world: World, member: str):
    account = bank.accounts(world)[EVERYDAY]["guid"]
    before = bank.report(world)
    for wrong in ({"balance": 1.234}, {"balance": "much"}, {"fields": {"guid": "ACT-2"}},
                  {"fields": 5}, {"name": 7}, {"currency_code": "X" * 17}):  # fmt: skip
        assert bank.refuse(world, kind="change_account", account=account, **wrong)
    assert "is a guid" in bank.refuse(world, kind="close_account", account=EVERYDAY)
    assert bank.report(world) == before
    bank.happen(world, "close_account", account=EVERYDAY, member=member)
    assert bank.report(world)[EVERYDAY]["is_closed"] is True
