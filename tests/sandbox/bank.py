"""What tests do to the bank behind a sandbox."""

from __future__ import annotations

from typing import Any

from tests.waiting import PATIENCE
from tests.world import Row, World

ALL = "?from_date=2000-01-01&to_date=9999-12-31"
NOON = "2026-03-10T12:00:00Z"
BANK = "/_control/bank"


def begin(world: World) -> World:
    """A world at a known moment that stands still but for advances, where jobs take no time."""
    world.sandbox.call("POST", "/_control/reset", json={"seed": "bank", "now": NOON})
    world.sandbox.call("POST", "/_control/clock", json={"is_running": False})
    world.rules(job_seconds=0)
    return World(world.sandbox)


def connect(world: World, institution: str = "mxbank") -> str:
    member = world.sandbox.connect(world.user, institution=institution, login=world.login)
    world.advance("1s")
    return member


def happen(world: World, kind: str, **values: Any) -> Row:
    """Let an event happen; its result."""
    body = {"kind": kind, **values}
    row: Row = world.sandbox.call("POST", f"{BANK}/events", json=body)["event"]
    assert row["error"] == ""
    return dict(row["result"])


def refuse(world: World, path: str = "/events", **body: Any) -> str:
    """The message of a 400."""
    url = f"{world.sandbox.base_url}{BANK}{path}"
    response = world.sandbox.session.post(url, json=body, timeout=PATIENCE)
    assert response.status_code == 400, response.text
    return str(response.json()["error"]["message"])


def import_(world: World, member: str) -> None:
    assert world.start(member, "aggregate")[0] == 202
    world.advance("1s")


def accounts(world: World) -> dict[str, Row]:
    """The user's accounts at MX by name."""
    return {str(row["name"]): row for row in world.rows("/accounts", "accounts")}


def transactions(world: World, account: str) -> dict[str, Row]:
    """All transactions of an account at MX by guid."""
    rows = world.rows(f"/accounts/{account}/transactions{ALL}", "transactions")
    return {row["guid"]: row for row in rows}


def report(world: World, **query: str) -> dict[str, Row]:
    """The bank's accounts of the user by name."""
    rows = world.sandbox.call("GET", f"{BANK}/users/{world.user}", params=query)["accounts"]
    return {str(row["name"]): row for row in rows}


def status(world: World, path: str) -> int:
    url = f"{world.sandbox.base_url}/users/{world.user}{path}"
    return int(world.sandbox.session.get(url, timeout=PATIENCE).status_code)
