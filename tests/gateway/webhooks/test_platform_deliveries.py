"""The sandbox sends all kinds of MX Platform to the gateway, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from integrations.flows import sync
from integrations.jobs import runner
from integrations.models import AggregationSettings, InboundWebhook, Job, JobState, Member
from tests.gateway.webhooks.conftest import SECRET, USER, at_mx, facts
from tests.sandbox_process import Sandbox
from tests.waiting import until

OBJECTS = ["MEMBERS", "ACCOUNTS", "TRANSACTIONS", "HOLDINGS", "USERS"]
State = InboundWebhook.State


@pytest.fixture
def subscribed(
    live_server: LiveServer, chosen: AggregationSettings, mx: Sandbox, linked: Member
) -> Member:
    """A linked member whose webhooks, of every kind, reach the gateway."""
    register(live_server, chosen, mx)
    return linked


def register(live_server: LiveServer, chosen: AggregationSettings, mx: Sandbox) -> None:
    url = f"{live_server.url}/webhooks/mx/{chosen.webhook_path}"
    body = {"url": url, "username": USER, "password": SECRET, "api": "platform"}
    types = mx.call("GET", "/_control/webhooks")["types"]["platform"]["v20250224"]
    mx.call("POST", "/_control/webhooks", json=body | {"types": types})


def delivered(mx: Sandbox) -> list[dict[str, Any]]:
    """The deliveries, once each was accepted."""

    def listed() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while page := mx.call(
            "GET",
            f"/_control/deliveries?before={rows[-1]['id']}" if rows else "/_control/deliveries",
        )["deliveries"]:
            rows += page
        return rows

    return until(listed, lambda rows: rows and {row["state"] for row in rows} == {"delivered"})


def at_bank(mx: Sandbox, kind: str, **values: Any) -> None:
    mx.call("POST", "/_control/bank/events", json={"kind": kind, "now": True, **values})


def syncs() -> int:
    rows = Job.objects.filter(kind=sync.SYNC_MEMBER.name, state=JobState.READY)
    return rows.count()


def test_an_import_with_all_its_objects_is_one_read(mx: Sandbox, subscribed: Member):
    mx.call("POST", "/_control/clock", json={"advance": "25h"})
    types = [row["type"] for row in delivered(mx)]
    assert {"AGGREGATION", "MEMBERS", "ACCOUNTS", "TRANSACTIONS"} <= set(types)
    assert InboundWebhook.objects.count() == len(types)
    assert syncs() == 1
    runner.drain()
    assert facts(subscribed) == at_mx(mx, subscribed)
    assert set(InboundWebhook.objects.values_list("state", flat=True)) == {State.HANDLED}


def test_repeated_webhooks_are_neither_stored_nor_read_again(mx: Sandbox, subscribed: Member):
    mx.call("POST", "/_control/clock", json={"advance": "25h"})
    rows = delivered(mx)
    runner.drain()
    count = InboundWebhook.objects.count()
    for row in rows:
        if row["type"] in OBJECTS:
            mx.call("POST", f"/_control/deliveries/{row['id']}/retry")
    delivered(mx)
    assert InboundWebhook.objects.count() == count
    assert syncs() == 0


def test_deletions_are_noticed(mx: Sandbox, subscribed: Member):
    at_bank(mx, "delete_member", member=subscribed.vendor_member_id)
    assert [row["type"] for row in delivered(mx)] == ["MEMBERS"]
    runner.drain()
    subscribed.refresh_from_db()
    assert subscribed.connection_status == "GONE"


def test_disabled_and_deleted_users_are_noticed(mx: Sandbox, subscribed: Member):
    user = subscribed.vendor_user.vendor_user_id
    for kind, status in (
        ("disable_user", "USER_DISABLED"), ("enable_user", "CONNECTED"), ("delete_user", "GONE"),
    ):  # fmt: skip
        at_bank(mx, kind, user=user)
        delivered(mx)
        runner.drain()
        subscribed.refresh_from_db()
        assert subscribed.connection_status == status


def test_tests_of_all_kinds_are_understood(mx: Sandbox, subscribed: Member):
    (webhook,) = mx.call("GET", "/_control/webhooks")["webhooks"]
    for kind in webhook["types"]:
        mx.call("POST", f"/_control/webhooks/{webhook['id']}/test", json={"type": kind})
    assert len(delivered(mx)) == len(webhook["types"])
    assert set(InboundWebhook.objects.values_list("state", flat=True)) == {State.TEST}
