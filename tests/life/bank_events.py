"""What happens to a person's accounts, at the bank, at MX and in the app; each is one function.

An event that makes no sense at this moment does nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.life.people import INSTITUTIONS, Person

if TYPE_CHECKING:
    from tests.life.simulation import Simulation

Event = Callable[["Simulation", Person], str | None]
ACCOUNTS = "/nucleus/v1/aggregation_account"
PLANS = ("Money Market", "Travel Card", "Joint Checking", "Brokerage", "Student Loan")


def _bank_event(simulation: Simulation, kind: str, **values: Any) -> str:
    simulation.sandbox.call("POST", "/_control/bank/events", json={"kind": kind, **values})
    return f"{kind} {values}"


def _pick(
    simulation: Simulation, person: Person, *, is_closed: bool = False, is_deleted: bool = False
) -> dict[str, Any] | None:
    """One of the person's accounts at the bank that MX knows, in this condition."""
    accounts = [
        account
        for account in person.bank()["accounts"]
        if account["members"]
        and (account["is_closed"], account["is_deleted"]) == (is_closed, is_deleted)
    ]
    return simulation.chance.choice(accounts) if accounts else None


def _on_account(kind: str, **conditions: bool) -> Event:
    def happen(simulation: Simulation, person: Person) -> str | None:
        account = _pick(simulation, person, **conditions)
        if account is None:
            return None
        return _bank_event(simulation, kind, account=account["account"])

    return happen


def open_account(simulation: Simulation, person: Person) -> str | None:
    members = person.members()
    names = {account["name"] for account in person.bank()["accounts"]}
    plans = [plan for plan in PLANS if plan not in names]
    if not members or not plans:
        return None
    member, plan = simulation.chance.choice(members), simulation.chance.choice(plans)
    return _bank_event(simulation, "open_account", member=member["guid"], plan=plan)


def rename_account(simulation: Simulation, person: Person) -> str | None:
    account = _pick(simulation, person)
    if account is None:
        return None
    name = f"{account['name'].split(' #')[0]} #{simulation.chance.randrange(1000)}"
    return _bank_event(simulation, "change_account", account=account["account"], name=name)


def add_transaction(simulation: Simulation, person: Person) -> str | None:
    account = _pick(simulation, person)
    if account is None:
        return None
    day = simulation.now().date().toordinal() - simulation.chance.choice((0, 3, 30, 80))
    return _bank_event(
        simulation,
        "add_transaction",
        account=account["account"],
        amount=f"{simulation.chance.randrange(1, 99_999) / 100:.2f}",
        type=simulation.chance.choice(("DEBIT", "CREDIT")),
        description=f"Correction {simulation.chance.randrange(10**6)}",
        date=simulation.now().date().fromordinal(day).isoformat(),
    )


def _on_transaction(kind: str, values: Callable[[random.Random], dict[str, Any]]) -> Event:
    def happen(simulation: Simulation, person: Person) -> str | None:
        account = _pick(simulation, person)
        posted = [
            row for row in (account or {}).get("transactions", ()) if row["status"] == "POSTED"
        ]
        if not posted:
            return None
        row = simulation.chance.choice(posted)
        return _bank_event(
            simulation, kind, transaction=row["transaction"], **values(simulation.chance)
        )

    return happen


def _restatement(chance: random.Random) -> dict[str, Any]:
    return {
        "amount": f"{chance.randrange(1, 9_999) / 100:.2f}",
        "keep_guid": chance.random() < 0.3,
    }


def reconnect(simulation: Simulation, person: Person) -> str | None:
    """MX loses a connection; the person logs in again, and the app may miss the callback."""
    members = person.members()
    if not members:
        return None
    member = simulation.chance.choice(members)
    _bank_event(simulation, "delete_member", member=member["guid"])
    if simulation.chance.random() < 0.5:
        simulation.pass_time(days=simulation.chance.choice((1, 5)))
    new = person.connect(member["institution_code"])
    simulation.settle()
    if simulation.chance.random() < 0.6:
        simulation.link(person, new)
        return f"reconnect {member['guid']} as {new}"
    return f"reconnect {member['guid']} as {new}, callback lost"


def connect_another(simulation: Simulation, person: Person) -> str | None:
    used = {member["institution_code"] for member in person.members()}
    free = [code for code in INSTITUTIONS if code not in used]
    if not free:
        return None
    member = person.connect(free[0])
    simulation.settle()
    simulation.link(person, member)
    return f"connect {free[0]}"


def delete_user(simulation: Simulation, person: Person) -> str | None:
    """The MX user is deleted in MX's dashboard; the app creates it again, and the person links."""
    codes = [member["institution_code"] for member in person.members()]
    _bank_event(simulation, "delete_user", user=person.user)
    simulation.pass_time(days=1)
    simulation.quiet_jobs()
    person.create_user(simulation.api())
    for code in codes:
        member = person.connect(code)
        simulation.settle()
        simulation.link(person, member)
    return f"delete_user, then {codes} again"


def disable_user(simulation: Simulation, person: Person) -> str | None:
    _bank_event(simulation, "disable_user", user=person.user)
    simulation.pass_time(days=3)
    simulation.quiet_jobs()
    _bank_event(simulation, "enable_user", user=person.user)
    return "disable_user for three days"


def disconnect(simulation: Simulation, person: Person) -> str | None:
    """The app disconnects an account and links it again later."""
    api = simulation.api()
    rows = api.get(ACCOUNTS, filter=f"client_id=={person.client.pk}", size=100).data["content"]
    active = [row for row in rows if row["is_active"]]
    if not active:
        return None
    row = simulation.chance.choice(active)
    url = f"/integration/v1/aggregation/account/{row['id']}"
    response = api.delete(url, "?delete_type=delink")
    assert response.status_code in (200, 204), response.data
    simulation.pass_time(days=2)
    simulation.link(person, None)
    return f"disconnect {row['id']} and link again"


def deny(simulation: Simulation, person: Person) -> str | None:
    members = person.members()
    if not members:
        return None
    member = simulation.chance.choice(members)["guid"]
    status = simulation.chance.choice(("DENIED", "LOCKED", "CHALLENGED", "DEGRADED", "EXPIRED"))
    simulation.set_status(member, status)
    return f"{member} is {status}"


def outage(simulation: Simulation, person: Person) -> str | None:
    status = simulation.chance.choice((500, 503, 429, 404))
    count = simulation.chance.randrange(1, 12)
    simulation.sandbox.fault(kind="status", status=status, count=count, skip=3, path="/users/*")
    return f"{count} answers with {status}"


def slip(simulation: Simulation, person: Person) -> str | None:
    """A listing of accounts that lacks all of them, once."""
    simulation.sandbox.fault(kind="missing_rows", count=1, path="/users/*/members/*/accounts")
    return "a listing without accounts"


def crash(simulation: Simulation, person: Person) -> str | None:
    """The gateway is killed within the next jobs."""
    simulation.crash_after = simulation.chance.randrange(1, 40)
    return f"crash after {simulation.crash_after} calls"


EVENTS: dict[Event, int] = {
    open_account: 2,
    _on_account("close_account"): 2,
    _on_account("reopen_account", is_closed=True): 2,
    _on_account("delete_account"): 2,
    _on_account("restore_account", is_deleted=True): 2,
    _on_account("renumber_account"): 1,
    rename_account: 1,
    add_transaction: 4,
    _on_transaction("withdraw_transaction", lambda chance: {}): 4,
    _on_transaction("restate_transaction", _restatement): 4,
    reconnect: 4,
    connect_another: 1,
    delete_user: 1,
    disable_user: 1,
    disconnect: 2,
    deny: 2,
    outage: 3,
    slip: 2,
    crash: 2,
}
