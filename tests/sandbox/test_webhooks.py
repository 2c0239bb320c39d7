"""Webhooks as MX sends them: payloads, Basic auth, retries, a log."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.sandbox.receiver import Receiver, receiving
from tests.waiting import PATIENCE
from tests.world import World

# Seconds after the first attempt, from MX's reference.
SCHEDULE = (30, 76, 152, 308, 654, 1384, 2800, 5336, 9582, 16308, 26488, 41324)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def register(world: World, receiver: Receiver, **values: Any) -> int:
    body = {"url": receiver.url, **values}
    return int(world.sandbox.call("POST", "/_control/webhooks", json=body)["id"])


def deliveries(world: World) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = world.sandbox.call("GET", "/_control/deliveries")["deliveries"]
    return rows


def test_an_import_sends_webhooks(world: World, receiver: Receiver):
    world.user = world.new_user(identifier="mine")
    register(world, receiver, username="hook", password="secret")
    member = world.connect()
    (payload,) = receiver.payloads(1)
    count = len(world.rows("/transactions?from_date=2000-01-01", "transactions"))
    completed = payload.pop("completed_at")
    assert datetime.fromtimestamp(completed).year == datetime.now().year
    assert payload.pop("job_guid").startswith("JOB-")
    assert payload.pop("completed_on")[:4] == str(datetime.now().year)
    assert payload == {
        "action": "member_data_updated",
        "is_background": False,
        "member_guid": member,
        "transactions_created_count": count,
        "transactions_updated_count": 0,
        "type": "AGGREGATION",
        "user_guid": world.user,
        "user_id": "mine",
    }
    headers, _ = receiver.received[0]
    assert headers["Content-Type"] == "application/json"
    expected = base64.b64encode(b"hook:secret").decode()
    assert headers["Authorization"] == f"Basic {expected}"


@pytest.mark.parametrize(
    ("job", "kind", "extra"),
    [
        ("balance", "BALANCE", set()),
        (
            "extend_history",
            "HISTORY",
            {"transactions_created_count", "transactions_updated_count"},
        ),
        ("fetch_statements", "STATEMENT", {"statements_created_count"}),
    ],
)
def test_other_jobs_send_webhooks_too(
    world: World, receiver: Receiver, job: str, kind: str, extra: set[str]
):
    member = world.connect()
    register(world, receiver)
    world.run(member, job)
    (payload,) = receiver.payloads(1)
    common = {"action", "completed_at", "completed_on", "member_guid", "type", "user_guid"}
    assert set(payload) == common | extra
    assert payload["type"] == kind
    assert all(payload[name] > 0 for name in extra if "created" in name)
    assert list(payload) == sorted(payload)


def test_verification_and_identification_send_no_webhook(world: World, receiver: Receiver):
    world.rules(verification_flow="legacy")
    member = world.connect()
    register(world, receiver)
    world.run(member, "verify")
    world.run(member, "identify")
    world.run(member, "balance")
    assert [payload["type"] for payload in receiver.payloads(1)] == ["BALANCE"]


def test_background_imports_are_marked(world: World, receiver: Receiver):
    world.connect()
    register(world, receiver)
    world.advance("25h")
    (payload,) = receiver.payloads(1)
    assert payload["is_background"] is True
    assert payload["user_id"] is None
    assert payload["transactions_created_count"] > 0


@pytest.mark.parametrize(
    ("password", "status", "number"),
    [
        ("challenge", "CHALLENGED", 3), ("UNAUTHORIZED", "DENIED", 2), ("EXPIRED", "EXPIRED", 19),
        ("IMPAIRED", "IMPAIRED", 20), ("IMPEDED", "IMPEDED", 7), ("LOCKED", "LOCKED", 5),
        ("PREVENTED", "PREVENTED", 1), ("REJECTED", "REJECTED", 4),
    ],
)  # fmt: skip
def test_statuses_that_need_the_user_send_a_webhook(
    world: World, receiver: Receiver, password: str, status: str, number: int
):
    register(world, receiver, types=["CONNECTION_STATUS"])
    member = world.connect(password)
    (payload,) = receiver.payloads(1)
    assert payload.pop("connection_status_message")
    assert payload == {
        "action": "CHANGED",
        "connection_status": status,
        "connection_status_id": number,
        "member_guid": member,
        "type": "CONNECTION_STATUS",
        "user_guid": world.user,
    }


def test_other_statuses_send_no_webhook(world: World, receiver: Receiver):
    register(world, receiver, types=["CONNECTION_STATUS"])
    world.connect("SERVER_ERROR")
    member = world.connect(institution="test_credit_union")
    world.put(member, "LOCKED")
    assert [payload["connection_status"] for payload in receiver.payloads(1)] == ["LOCKED"]


def test_retries_follow_mx_schedule_with_the_same_payload(world: World, receiver: Receiver):
    register(world, receiver, types=["AGGREGATION"])
    receiver.statuses = [500]
    world.connect()
    receiver.payloads(1)
    world.advance("23h")
    assert len(receiver.received) == 13
    assert len({body for _, body in receiver.received}) == 1
    (row,) = deliveries(world)
    assert (row["state"], row["next_attempt_at"]) == ("given up", None)
    moments = [datetime.fromisoformat(attempt["at"]) for attempt in row["attempts"]]
    for moment, seconds in zip(moments[1:], SCHEDULE, strict=True):
        assert abs((moment - moments[0]).total_seconds() / seconds - 1) < 0.06
    assert {attempt["status"] for attempt in row["attempts"]} == {500}


def test_a_retry_that_is_taken_is_the_last(world: World, receiver: Receiver):
    register(world, receiver, types=["AGGREGATION"])
    receiver.statuses = [503, 302, 204]
    world.connect()
    receiver.payloads(1)
    world.advance("1h")
    (row,) = deliveries(world)
    assert row["state"] == "delivered"
    assert [attempt["status"] for attempt in row["attempts"]] == [503, 302, 204]


def test_a_receiver_that_cannot_be_reached(world: World):
    url = "http://127.0.0.1:9/nobody"
    world.sandbox.call("POST", "/_control/webhooks", json={"url": url})
    world.connect()
    world.advance("1m")
    (row,) = deliveries(world)
    assert row["state"] == "waiting"
    assert {attempt["error"] for attempt in row["attempts"]} == {"ConnectionError"}


def test_send_test_and_send_again(world: World, receiver: Receiver):
    identity = register(world, receiver, types=["BALANCE"])
    world.sandbox.call("POST", f"/_control/webhooks/{identity}/test", json={})
    assert receiver.payloads(1) == [{"action": "test", "balance": {}, "version": 1}]
    (row,) = deliveries(world)
    world.sandbox.call("POST", f"/_control/deliveries/{row['id']}/retry")
    assert len(receiver.payloads(2)) == 2


@pytest.mark.parametrize(
    "body",
    [
        {}, {"url": "ftp://127.0.0.1/"}, {"url": "http://"}, {"url": 5},
        {"url": "http://a", "x": 1},
        {"url": "http://a", "types": []}, {"url": "http://a", "types": ["NEWS"]},
        {"url": "http://a", "password": 5},
    ],
)  # fmt: skip
def test_wrong_webhooks_are_explained(world: World, body: dict[str, Any]):
    url = f"{world.sandbox.base_url}/_control/webhooks"
    response = world.sandbox.session.post(url, json=body, timeout=PATIENCE)
    assert response.status_code == 400
    assert response.json()["error"]["message"]


def test_webhooks_can_be_changed_and_removed(world: World, receiver: Receiver):
    identity = register(world, receiver, password="secret")
    path = f"/_control/webhooks/{identity}"
    changed = world.sandbox.call("PUT", path, json={"types": ["BALANCE"]})
    assert changed == {
        "id": identity, "url": receiver.url, "username": "", "has_password": True,
        "api": "atrium", "version": "v1", "types": ["BALANCE"],
    }  # fmt: skip
    world.connect()
    assert deliveries(world) == []
    world.sandbox.call("DELETE", path)
    assert world.sandbox.call("GET", "/_control/webhooks")["webhooks"] == []
