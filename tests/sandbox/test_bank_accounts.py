"""Accounts that change at the bank show at MX with the next import."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox import bank
from tests.world import Row, World

EVERYDAY = "Everyday Checking"


@pytest.fixture
def world(world: World) -> World:
    return bank.begin(world)


@pytest.fixture
def member(world: World) -> str:
    return bank.connect(world)


def test_the_bank_says_what_mx_says_after_an_import(world: World, member: str):
    stored, reported = bank.accounts(world), bank.report(world, since="2000-01-01")
    assert stored.keys() == reported.keys()
    for name, row in stored.items():
        expected = reported[name]
        assert row["guid"] in expected["mx_guids"]
        assert expected["members"] == [member]
        for amount in ("balance", "available_balance", "available_credit", "cash_balance"):
            assert row[amount] is None or row[amount] == Decimal(expected[amount])
        listed = bank.transactions(world, row["guid"]).values()
        since = min((item["date"] for item in listed), default="")
        assert sorted(_facts(item) for item in listed) == sorted(
            _facts(item) for item in expected["transactions"] if item["date"] >= since
        )
    holdings = world.rows("/holdings", "holdings")
    assert {row["symbol"]: row["market_value"] for row in holdings} == {
        row["symbol"]: Decimal(row["market_value"]) for row in reported["Retirement"]["holdings"]
    }


def _facts(row: Row) -> tuple[Any, ...]:
    return (row["date"], row["status"], row["type"], Decimal(row["amount"]), row["description"])


def test_the_same_login_connected_again_has_the_same_accounts(world: World, member: str):
    world.advance("40d")
    bank.happen(world, "change_account",
                account=bank.accounts(world)[EVERYDAY]["guid"], name="Household")  # fmt: skip
    bank.import_(world, member)
    before = bank.accounts(world)
    rows = {name: bank.transactions(world, row["guid"]) for name, row in before.items()}
    bank.happen(world, "delete_member", member=member)
    assert bank.status(world, f"/members/{member}") == 404
    assert bank.accounts(world) == {}
    again = bank.connect(world)
    after = bank.accounts(world)
    assert after.keys() == before.keys()
    for name, row in after.items():
        assert row["guid"] != before[name]["guid"]
        assert row["member_guid"] == again
        assert row["account_number"] == before[name]["account_number"]
        assert row["balance"] == before[name]["balance"]
        new, old = bank.transactions(world, row["guid"]), rows[name]
        assert not new.keys() & old.keys()
        since = min((item["date"] for item in new.values()), default="")
        assert sorted(_facts(item) for item in new.values()) == sorted(
            _facts(item) for item in old.values() if item["date"] >= since
        )


def test_an_oauth_login_connected_again_has_the_same_accounts(world: World):
    def connect() -> tuple[str, dict[str, Row]]:
        body = {"member": {"institution_code": "mx_bank_oauth", "is_oauth": True}}
        answer = world.sandbox.call("POST", f"/users/{world.user}/members", json=body)["member"]
        page = world.sandbox.session.get(answer["oauth_window_uri"], timeout=10).text
        link = page.split('id="allow" href="')[1].split('"')[0].replace("&amp;", "&")
        world.sandbox.session.get(world.sandbox.base_url + link, timeout=10)
        world.advance("1s")
        return answer["guid"], bank.accounts(world)

    member, before = connect()
    bank.happen(world, "delete_member", member=member)
    _, after = connect()
    assert [row["account_number"] for row in after.values()] == [
        row["account_number"] for row in before.values()
    ]


def test_a_user_of_the_same_identifier_is_the_same_person(world: World):
    world.user = world.new_user(identifier="somebody")
    bank.connect(world)
    before = bank.accounts(world)
    bank.happen(world, "delete_user", user="somebody")
    assert bank.status(world, "") == bank.status(world, "/accounts") == 404
    world.user = world.new_user(identifier="somebody")
    bank.connect(world)
    after = bank.accounts(world)
    assert {name: row["balance"] for name, row in after.items()} == {
        name: row["balance"] for name, row in before.items()
    }
    assert not {row["guid"] for row in after.values()} & {row["guid"] for row in before.values()}


def test_a_closed_account_has_no_new_entries_until_it_is_reopened(world: World, member: str):
    account = bank.accounts(world)[EVERYDAY]["guid"]
    bank.happen(world, "close_account", account=account)
    assert bank.accounts(world)[EVERYDAY]["is_closed"] is False  # MX does not know yet
    bank.import_(world, member)
    assert bank.accounts(world)[EVERYDAY]["is_closed"] is True
    world.advance("10d")
    closed = bank.transactions(world, account)
    assert max(row["date"] for row in closed.values()) <= "2026-03-10"
    bank.happen(world, "reopen_account", account=account)
    world.advance("10d")
    assert bank.accounts(world)[EVERYDAY]["is_closed"] is False
    dates = {row["date"] for row in bank.transactions(world, account).values()}
    assert "2026-03-25" in dates
    assert not dates & {"2026-03-12", "2026-03-15", "2026-03-18"}
    assert "is open" in bank.refuse(world, kind="reopen_account", account=account)


def test_an_account_is_opened(world: World, member: str):
    made = bank.happen(world, "open_account", member=member, plan="Travel Card", balance="12.34",
                       now=True)  # fmt: skip
    row = bank.accounts(world)["Travel Card"]
    assert (row["type"], row["balance"], row["is_closed"]) == (
        "CREDIT_CARD",
        Decimal("12.34"),
        False,
    )
    assert bank.transactions(world, row["guid"]) == {}
    assert bank.report(world)["Travel Card"]["account"] == made["account"]
    world.advance("30d")
    assert bank.transactions(world, row["guid"])
    assert {item["date"] >= "2026-03-10" for item in bank.transactions(world, row["guid"]).values()}


@pytest.mark.parametrize("kind", ["CHECKING", "MORTGAGE", "PREPAID", "CRYPTOCURRENCY", None])
def test_an_account_of_any_type_is_opened(world: World, member: str, kind: str | None):
    bank.happen(world, "open_account", member=member, type=kind, name="Other", now=True)
    assert bank.accounts(world)["Other"]["type"] == kind


def test_an_account_is_renumbered(world: World, member: str):
    world.rules(verification_flow="legacy")
    world.start(member, "verify")
    world.advance("1s")
    account = bank.accounts(world)[EVERYDAY]["guid"]

    def number() -> Row:
        (row,) = world.rows(f"/accounts/{account}/account_numbers", "account_numbers")
        return row

    before = number()
    changed = bank.happen(world, "renumber_account", account=account)
    assert number() == before
    bank.import_(world, member)
    assert number()["account_number"] == changed["number"] != before["account_number"]
    mask = bank.accounts(world)[EVERYDAY]["account_number"]
    assert mask == f"XXXXXX{changed['number'][-4:]}"
    world.rules(numbers_with_aggregation=False)
    chosen = {"number": "000111222333", "routing_number": "021000021"}
    bank.happen(world, "renumber_account", account=account, **chosen)
    bank.import_(world, member)
    assert number()["account_number"] == changed["number"]
    world.start(member, "verify")
    world.advance("1s")
    row = number()
    assert (row["account_number"], row["routing_number"]) == ("000111222333", "021000021")


def test_an_account_vanishes_and_returns(world: World, member: str):
    before = bank.accounts(world)[EVERYDAY]
    rows = bank.transactions(world, before["guid"])
    bank.happen(world, "delete_account", account=before["guid"])
    assert EVERYDAY in bank.accounts(world)
    bank.import_(world, member)
    assert EVERYDAY not in bank.accounts(world)
    assert bank.status(world, f"/accounts/{before['guid']}") == 404
    assert bank.status(world, f"/transactions/{next(iter(rows))}") == 404
    bank.happen(world, "restore_account", account=before["guid"], now=True)
    assert bank.accounts(world)[EVERYDAY]["guid"] == before["guid"]
    assert bank.transactions(world, before["guid"]).keys() >= rows.keys()
    bank.happen(world, "change_account", account=before["guid"], new_guid=True, now=True)
    again = bank.accounts(world)[EVERYDAY]
    assert again["guid"] != before["guid"]
    assert again["balance"] == before["balance"]


def test_an_account_moves_to_another_member_and_is_shared(world: World, member: str):
    other = bank.connect(world, "test_credit_union")
    moved = world.rows(f"/members/{member}/accounts", "accounts")[0]["guid"]
    bank.happen(world, "move_account", account=moved, to_member=other, now=True)
    assert len(world.rows(f"/members/{member}/accounts", "accounts")) == 5
    assert len(world.rows(f"/members/{other}/accounts", "accounts")) == 7
    savings = world.rows(f"/members/{member}/accounts", "accounts")[0]
    bank.happen(world, "share_account", account=savings["guid"], to_member=other, now=True)
    twins = [
        row
        for row in world.rows("/accounts", "accounts")
        if row["account_number"] == savings["account_number"]
    ]
    assert {row["member_guid"] for row in twins} == {member, other}
    assert len({row["balance"] for row in twins}) == 1


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
