"""Webhooks of MX Platform: objects with revisions, and the first data of a member."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.receiver import Receiver, receiving
from tests.sandbox.test_webhooks import deliveries, register
from tests.waiting import PATIENCE, until
from tests.world import World

OBJECTS = ["ACCOUNTS", "HOLDINGS", "MEMBERS", "TRANSACTIONS", "USERS"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def sent(world: World, receiver: Receiver) -> list[dict[str, Any]]:
    """All payloads by revision, once none is on its way; they arrive in any order."""
    count = len(deliveries(world))
    payloads = until(lambda: receiver.payloads(0), lambda rows: len(rows) >= count)
    return sorted(payloads, key=lambda row: int(row["revision"]))


def test_platform_sends_the_rows_of_imports_on_request(world: World, receiver: Receiver):
    identity = register(world, receiver, api="platform")
    rows = world.sandbox.call("GET", "/_control/webhooks")["webhooks"]
    (row,) = (row for row in rows if row["id"] == identity)
    assert (row["api"], row["version"]) == ("platform", "v20250224")
    assert "INITIAL_DATA_READY" in row["types"]
    assert set(OBJECTS) & set(row["types"]) == {"MEMBERS", "USERS"}
    world.connect()
    until(lambda: deliveries(world), lambda rows: len(rows) == 4)
    types = {row["type"] for row in deliveries(world)}
    assert types == {"AGGREGATION", "INITIAL_DATA_READY", "MEMBERS"}


def test_initial_data_is_ready_once(world: World, receiver: Receiver):
    register(world, receiver, api="platform", types=["INITIAL_DATA_READY"])
    member = world.connect()
    world.advance("49h")
    (payload,) = receiver.payloads(1)
    assert payload.pop("guid")
    assert payload.pop("client_guid").startswith("CLT-")
    assert payload == {
        "type": "initial_data_ready", "user_guid": world.user, "member_guid": member,
    }  # fmt: skip


def test_objects_have_revisions_that_count_up(world: World, receiver: Receiver):
    register(world, receiver, api="platform", types=["MEMBERS", "ACCOUNTS"])
    member = world.connect()
    accounts = {row["guid"] for row in world.rows("/accounts", "accounts")}
    world.advance("25h")
    world.sandbox.call("DELETE", world.path(member))
    payloads = sent(world, receiver)
    own = sorted((row["revision"], row["action"]) for row in payloads if row["guid"] == member)
    assert own[0] == (1, "created")
    assert own[-1][1] == "deleted"
    assert [revision for revision, _ in own] == list(range(1, len(own) + 1))
    created = {row["guid"]: row for row in payloads if row["guid"].startswith("ACT-")}
    assert created.keys() == accounts
    row = next(row for row in payloads if row["guid"] in accounts)
    assert (row["action"], row["member_guid"], row["user_guid"]) == ("created", member, world.user)
    assert isinstance(row["updated_at"], int)
    assert row["account_type"]
    assert "type" not in row


def test_objects_older_than_a_registration_are_not_reported(world: World, receiver: Receiver):
    world.connect()
    register(world, receiver, api="platform", types=OBJECTS)
    world.advance("25h")
    actions = {
        (row["guid"][:3], row["action"]) for row in sent(world, receiver) if row["revision"] == 1
    }
    assert actions == {("TRN", "created")}


def test_revisions_continue_after_an_object_returns(world: World, receiver: Receiver):
    world.connect()
    register(world, receiver, api="platform", types=["ACCOUNTS"])
    for kind in ("delete_account", "restore_account"):
        world.sandbox.call(
            "POST",
            "/_control/bank/events",
            json={"kind": kind, "user": world.user, "account": "Everyday Checking", "now": True},
        )
    rows = [row for row in sent(world, receiver) if row["action"] in ("created", "deleted")]
    actions = [(row["action"], row["revision"]) for row in rows]
    assert actions == [("deleted", 2), ("created", 3)]


def test_users(world: World, receiver: Receiver):
    register(world, receiver, api="platform", types=["USERS"])
    user = world.new_user(identifier="ada")
    for kind in ("disable_user", "delete_user"):
        world.sandbox.call("POST", "/_control/bank/events", json={"kind": kind, "user": user})
    payloads = sent(world, receiver)
    assert [(row["action"], row["revision"]) for row in payloads] == [
        ("created", 1), ("updated", 2), ("deleted", 3),
    ]  # fmt: skip
    assert payloads[1]["is_disabled"] is True
    assert {row["guid"] for row in payloads} == {user}


def test_tests_of_objects(world: World, receiver: Receiver):
    identity = register(world, receiver, api="platform", types=["MEMBERS"])
    world.sandbox.call("POST", f"/_control/webhooks/{identity}/test", json={})
    assert receiver.payloads(1) == [{"action": "test", "members": {}, "version": 1}]


@pytest.mark.parametrize(
    "body",
    [
        {"api": "other"}, {"api": None}, {"version": "v20250224"},
        {"api": "platform", "version": "v1"}, {"types": ["MEMBERS"]},
        {"api": "platform", "version": "v20111101", "types": ["INITIAL_DATA_READY"]},
    ],
)  # fmt: skip
def test_kinds_that_an_api_does_not_have_are_refused(world: World, body: dict[str, Any]):
    url = f"{world.sandbox.base_url}/_control/webhooks"
    response = world.sandbox.session.post(url, json={"url": "http://a"} | body, timeout=PATIENCE)
    assert response.status_code == 400
    assert response.json()["error"]["message"]
