"""Transactions that the bank withdraws, restates, back-dates or adds later."""

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


@pytest.fixture
def account(world: World, member: str) -> str:
    return str(bank.accounts(world)[EVERYDAY]["guid"])


def choose(world: World, account: str, status: str = "POSTED", before: str = "2026-02-15") -> Row:
    """A debit that is listed."""
    rows = bank.transactions(world, account).values()
    fits = [row for row in rows if row["status"] == status and row["type"] == "DEBIT"]
    return next(row for row in fits if status == "PENDING" or row["date"] < before)


def balance(world: World) -> Decimal:
    return Decimal(bank.accounts(world)[EVERYDAY]["balance"])


def test_a_posted_row_is_withdrawn_and_returns(world: World, member: str, account: str):
    row, before = choose(world, account), balance(world)
    assert row["date"] < "2026-02-18"  # older than what an import reads again
    result = bank.happen(world, "withdraw_transaction", transaction=row["guid"])
    assert row["guid"] in bank.transactions(world, account)
    bank.import_(world, member)
    assert row["guid"] not in bank.transactions(world, account)
    assert bank.status(world, f"/transactions/{row['guid']}") == 404
    assert balance(world) == before + row["amount"]
    assert "withdrawn before" in bank.refuse(
        world, kind="withdraw_transaction", transaction=result["transaction"]
    )
    world.advance("3d")
    assert row["guid"] not in bank.transactions(world, account)
    bank.happen(world, "restore_transaction", transaction=result["transaction"], now=True)
    assert bank.transactions(world, account)[row["guid"]]["amount"] == row["amount"]


@pytest.mark.parametrize("keep_guid", [False, True])
def test_a_row_is_restated(world: World, member: str, account: str, keep_guid: bool):  # noqa: FBT001
    row, before = choose(world, account), balance(world)
    count = len(bank.transactions(world, account))
    bank.happen(world, "restate_transaction", transaction=row["guid"], keep_guid=keep_guid,
                amount=1.23, description="Corrected", date="2025-12-24")  # fmt: skip
    bank.import_(world, member)
    rows = bank.transactions(world, account)
    assert len(rows) == count
    (corrected,) = [item for item in rows.values() if item["description"] == "Corrected"]
    assert (corrected["guid"] == row["guid"]) is keep_guid
    assert (corrected["amount"], corrected["date"]) == (Decimal("1.23"), "2025-12-24")
    assert (corrected["status"], corrected["type"]) == ("POSTED", "DEBIT")
    assert balance(world) == before + row["amount"] - Decimal("1.23")
    world.advance("5d")
    assert bank.transactions(world, account)[corrected["guid"]] == corrected


def test_a_pending_row_is_restated_withdrawn_and_posts(world: World, member: str, account: str):
    row = choose(world, account, "PENDING")
    bank.happen(world, "restate_transaction", transaction=row["guid"], keep_guid=True,
                amount="5.55", now=True)  # fmt: skip
    assert bank.transactions(world, account)[row["guid"]]["amount"] == Decimal("5.55")
    bank.happen(world, "restate_transaction", transaction=row["guid"], keep_guid=True,
                status="POSTED", now=True)  # fmt: skip
    posted = bank.transactions(world, account)[row["guid"]]
    assert (posted["status"], posted["amount"]) == ("POSTED", Decimal("5.55"))
    other = choose(world, account, "PENDING")
    bank.happen(world, "withdraw_transaction", transaction=other["guid"], now=True)
    assert other["guid"] not in bank.transactions(world, account)
    bank.happen(world, "restate_transaction", transaction=row["guid"], status="PENDING",
                posts_in="5d", now=True)  # fmt: skip
    (again,) = [
        item
        for item in bank.transactions(world, account).values()
        if item["amount"] == Decimal("5.55") and item["description"] == row["description"]
    ]
    assert (again["status"], again["posted_at"]) == ("PENDING", None)
    world.advance("6d")
    (again,) = [
        item
        for item in bank.transactions(world, account).values()
        if item["amount"] == Decimal("5.55") and item["description"] == row["description"]
    ]
    assert again["status"] == "POSTED"


@pytest.mark.parametrize("date", ["2026-03-10", "2026-02-01", "2025-06-01", "2999-01-01"])
def test_a_row_of_any_date_is_added(world: World, member: str, account: str, date: str):
    before, rows = balance(world), bank.transactions(world, account)
    bank.happen(world, "add_transaction", account=account, amount="10.01", type="CREDIT",
                description="Late", date=date)  # fmt: skip
    bank.import_(world, member)
    (guid,) = bank.transactions(world, account).keys() - rows.keys()
    row = bank.transactions(world, account)[guid]
    assert (row["date"], row["status"], row["type"]) == (date, "POSTED", "CREDIT")
    assert balance(world) == before + Decimal("10.01")
    world.advance("30d")
    assert bank.transactions(world, account)[guid] == row


def test_a_pending_row_is_added_and_posts(world: World, member: str, account: str):
    bank.happen(world, "add_transaction", account=account, amount=3, status="PENDING",
                description="Announced", posts_in="2d", now=True)  # fmt: skip

    def row() -> Row:
        rows = bank.transactions(world, account).values()
        (item,) = [item for item in rows if item["description"] == "Announced"]
        return item

    assert row()["status"] == "PENDING"
    world.advance("3d")
    assert row()["status"] == "POSTED"


def test_odd_rows_come_as_they_are(world: World, member: str, account: str):
    odd: dict[str, Any] = {"status": None, "type": "REVERSAL", "currency_code": "USDC",
           "updated_at": "1900-01-01T00:00:00+00:00", "amount": -0.00000001}  # fmt: skip
    bank.happen(world, "add_transaction", account=account, amount=-12.34, fields=odd, now=True,
                description=None)  # fmt: skip
    (row,) = [item for item in bank.transactions(world, account).values() if item["status"] is None]
    assert {name: row[name] for name in odd} == odd | {"amount": Decimal("-0.00000001")}
    assert row["description"] is None


def test_a_script_happens_in_time_and_repeats(world: World):
    def live(world: World) -> list[Any]:
        member = bank.connect(world)
        everyday = {"user": world.user, "account": EVERYDAY}
        script = {
            "events": [
                {"kind": "close_account", **everyday, "in": "2d"},
                {"kind": "open_account", "member": member, "plan": "Money Market", "in": "1d"},
                {"kind": "reopen_account", **everyday, "in": "5d"},
                {"kind": "add_transaction", **everyday, "amount": 7.5, "in": "6d"},
                {"kind": "close_account", "account": "nothing", "in": "6d"},
                {"kind": "change_account", **everyday, "name": "Household"},
            ]
        }
        events = world.sandbox.call("POST", f"{bank.BANK}/script", json=script)["events"]
        assert [event["state"] for event in events] == ["waiting"] * 5 + ["done"]
        return [member]

    def name_of(world: World) -> str:
        return next(name for name in ("Household", EVERYDAY) if name in bank.report(world))

    def read(world: World) -> list[Any]:
        return [
            bank.report(world), world.rows("/accounts", "accounts"),
            world.rows(f"/transactions{bank.ALL}", "transactions"),
        ]  # fmt: skip

    states = []
    for _ in range(2):
        begun = bank.begin(world)
        live(begun)
        assert name_of(begun) == "Household"
        begun.advance("3d")
        # The name that the script uses is not the account's any more: that is recorded.
        events = begun.sandbox.call("GET", f"{bank.BANK}/events")["events"]
        assert {event["state"] for event in events} == {"done", "failed", "waiting"}
        begun.advance("7d")
        states.append(read(begun))
    assert states[0] == states[1]
    assert "Money Market" in states[0][0]


def test_scripts_are_checked_as_a_whole(world: World, member: str, account: str):
    good = {"kind": "close_account", "account": account}
    wrong = bank.refuse(world, "/script", events=[good, {"kind": "close_account", "when": "now"}])
    assert "Unknown in close_account: when" in wrong
    assert bank.report(world)[EVERYDAY]["is_closed"] is False
    assert "a list" in bank.refuse(world, "/script", events=5)
    waiting = world.sandbox.call("POST", f"{bank.BANK}/events", json={**good, "in": "1d"})["event"]
    world.sandbox.call("DELETE", f"{bank.BANK}/events/{waiting['id']}")
    world.advance("2d")
    assert bank.report(world)[EVERYDAY]["is_closed"] is False
