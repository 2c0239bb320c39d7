"""Accounts that change at the bank show at MX with the next import."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox import bank
from tests.waiting import PATIENCE
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
        page = world.sandbox.session.get(answer["oauth_window_uri"], timeout=PATIENCE).text
        link = page.split('id="allow" href="')[1].split('"')[0].replace("&amp;", "&")
        world.sandbox.session.get(world.sandbox.base_url + link, timeout=PATIENCE)
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


def test_another_login_has_other_accounts(world: World, member: str):
    first = bank.accounts(world)

    def log_in(name: str) -> dict[str, Row]:
        fields = world.sandbox.call("GET", world.path(member, "/credentials"))["credentials"]
        texts = {"LOGIN": name, "PASSWORD": "password"}
        values = [{"guid": row["guid"], "value": texts[row["field_name"]]} for row in fields]
        body = {"member": {"credentials": values}}
        world.sandbox.call("PUT", world.path(member), json=body)
        world.advance("1s")
        return bank.accounts(world)

    def numbers(accounts: dict[str, Row]) -> list[str]:
        return [row["account_number"] for row in accounts.values()]

    second = log_in("somebody_else")
    assert len(second) == len(first)
    assert not set(numbers(second)) & set(numbers(first))
    assert bank.status(world, f"/accounts/{first[EVERYDAY]['guid']}") == 404
    third = log_in("test_atrium")
    assert numbers(third) == numbers(first)
    assert third[EVERYDAY]["balance"] == first[EVERYDAY]["balance"]


def test_balances_follow_what_posts_for_months(world: World, member: str):
    world.rules(background_aggregation=False)
    before = bank.accounts(world)
    world.advance("100d")
    bank.import_(world, member)
    for name, row in bank.accounts(world).items():
        posted = [
            item
            for item in bank.transactions(world, row["guid"]).values()
            if item["status"] == "POSTED" and item["posted_at"] > bank.NOON
        ]
        assert posted
        credit = sum(item["amount"] for item in posted if item["type"] == "CREDIT")
        debit = sum(item["amount"] for item in posted if item["type"] == "DEBIT")
        moved = debit - credit if row["type"] in ("CREDIT_CARD", "LOAN") else credit - debit
        amount = "cash_balance" if row["type"] == "INVESTMENT" else "balance"
        assert row[amount] == before[name][amount] + moved


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


def test_accounts_are_opened_moved_and_opened_again(world: World, member: str):
    other = bank.connect(world, "test_credit_union")
    for number in range(3):
        name = f"Account {number}"
        made = bank.happen(world, "open_account", member=member, name=name)
        bank.happen(world, "move_account", account=made["account"], to_member=other, now=True)
    names = {row["name"] for row in world.rows(f"/members/{other}/accounts", "accounts")}
    assert names >= {"Account 0", "Account 1", "Account 2"}


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
