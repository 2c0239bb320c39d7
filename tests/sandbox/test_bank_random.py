"""Whatever happens at the bank, MX says the same after the next import."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox import bank
from tests.waiting import PATIENCE
from tests.world import Row, World

PLANS = ("Travel Card", "Brokerage", "Money Market", "Home Mortgage")
EVENTS = (
    "open_account", "close_account", "reopen_account", "renumber_account", "delete_account",
    "restore_account", "change_account", "add_transaction", "restate_transaction",
    "withdraw_transaction", "sell_holding",
)  # fmt: skip


def choose(chance: random.Random, kind: str, member: str, account: Row) -> Row:
    """The values of an event; it is not always possible."""
    day = date(2026, 3, 10) + timedelta(days=chance.randint(-120, 30))
    values: dict[str, Any] = {"now": chance.random() < 0.3}
    rows = [row["transaction"] for row in account["transactions"]] or ["none"]
    match kind:
        case "open_account":
            return values | {"member": member, "plan": chance.choice(PLANS)}
        case "restate_transaction":
            values |= {"keep_guid": chance.random() < 0.5, "date": day.isoformat()}
            return values | {"transaction": chance.choice(rows), "amount": chance.randint(1, 99)}
        case "withdraw_transaction":
            return values | {"transaction": chance.choice(rows)}
        case "add_transaction":
            values |= {"amount": "5.01", "date": day.isoformat()}
            values["status"] = chance.choice(["POSTED", "PENDING"])
        case "sell_holding":
            values["symbol"] = chance.choice(["DEF", "IDX", "BND"])
        case "change_account":
            values["new_guid"] = True
    return values | {"account": account["account"]}


def facts(row: Row) -> tuple[Any, ...]:
    return (row["date"], row["status"], row["type"], Decimal(row["amount"]), row["description"])


def reported(world: World, **query: str) -> list[Row]:
    path = f"{bank.BANK}/users/{world.user}"
    rows: list[Row] = world.sandbox.call("GET", path, params=query)["accounts"]
    return rows


def compare(world: World, since: str) -> None:
    """MX's accounts, balances and transactions equal the bank's."""
    expected = {
        guid: row
        for row in reported(world, since=since)
        if not row["is_deleted"]
        for guid in row["mx_guids"][-1:]
    }
    rows = {row["guid"]: row for row in world.rows("/accounts", "accounts")}
    assert rows.keys() == expected.keys()
    for guid, row in rows.items():
        account = expected[guid]
        assert (row["name"], row["is_closed"]) == (account["name"], account["is_closed"])
        assert row["balance"] == Decimal(account["balance"])
        assert row["account_number"][-4:] == account["number"][-4:]
        path = f"/accounts/{guid}/transactions?from_date={since}&to_date=9999-12-31"
        listed = [facts(item) for item in world.rows(path, "transactions")]
        assert sorted(listed) == sorted(facts(item) for item in account["transactions"])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_mx_says_what_the_bank_says(world: World, seed: int):
    chance, world = random.Random(seed), bank.begin(world)
    member, done = bank.connect(world), 0
    url = f"{world.sandbox.base_url}{bank.BANK}/events"
    for _ in range(60):
        kind = chance.choice(EVENTS)
        account = chance.choice(reported(world))
        body = {"kind": kind, **choose(chance, kind, member, account)}
        response = world.sandbox.session.post(url, json=body, timeout=PATIENCE)
        assert response.status_code in (200, 400)  # 400: closed already, no such position, …
        done += response.status_code == 200
        if chance.random() < 0.2:
            world.advance(f"{chance.randint(1, 40)}h")
    assert done > 30
    bank.import_(world, member)
    compare(world, "2025-12-15")
    bank.happen(world, "delete_member", member=member)
    bank.connect(world)
    compare(world, "2025-12-15")
