"""What happens to a linked bank, and what the gateway says of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.flows import sync
from integrations.jobs import runner
from integrations.models import (
    AccountLink,
    Job,
    JobState,
    Member,
    OutboundEvent,
)
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccount
from tests.api import Api
from tests.sandbox_process import Sandbox

BASE = "/integration/v1"
EVENTS = [
    "connection_created",
    "connection_gone",
    "connection_repaired",
    "aggregation_account_added",
    "aggregation_account_closed",
]


@pytest.fixture
def subscribed(api: Api) -> None:
    """Events are stored; nothing is sent to the subscription."""
    body = {"url": "https://127.0.0.1:9/", "extended_events": EVENTS}
    assert api.post(f"{BASE}/webhook", body).status_code == 200


def events() -> list[tuple[str, dict[str, Any]]]:
    rows = OutboundEvent.unscoped.order_by("create_date")
    return [(row.type, json.loads(row.payload)["data"]) for row in rows]


def event_types() -> list[str]:
    return [name for name, _ in events()]


def bank_event(mx: Sandbox, kind: str, **values: Any) -> None:
    mx.call("POST", "/_control/bank/events", json={"kind": kind, "now": True, **values})


def run_jobs() -> None:
    Job.objects.filter(kind="deliver_webhook").delete()
    runner.drain()
    assert not Job.objects.filter(state=JobState.DEAD).exists()


def run_sync(connection: Member, scope: SyncScope = SyncScope.EVERYTHING) -> None:
    sync.enqueue(member=connection, scope=scope)
    run_jobs()


def state(api: Api) -> dict[str, Any]:
    (row,) = api.get(f"{BASE}/connection").data["content"]
    assert isinstance(row, dict)
    return row


def accounts(**columns: Any) -> list[AggregationAccount]:
    return list(AggregationAccount.unscoped.filter(**columns).order_by("account_name"))


def vendor_id(account: AggregationAccount) -> str:
    return (
        AccountLink.unscoped.filter(aggregation_account=account)
        .latest("create_date")
        .vendor_account_id
    )


def hide_member(mx: Sandbox, connection: Member) -> None:
    """MX answers as if it had no members at all."""
    mx.fault(path="/users/*/members/*", status=404, count=99, kind="status")
    mx.fault(path="/users/{user}/members", kind="missing_rows", count=99)
