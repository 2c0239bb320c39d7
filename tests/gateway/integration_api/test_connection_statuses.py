"""Every connection status of MX, null and an unknown one, as the API shows them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.flows import sync
from integrations.jobs import runner
from integrations.models import Job, JobState, Member, OutboundEvent
from integrations.vendors.records import SyncScope
from nucleus.models import Client
from tests.api import Api
from tests.rollback import rolled_back
from tests.sandbox_process import Sandbox
from tests.waiting import until

BASE = "/integration/v1"
# status: (state, who must act, next step)
STATUSES: dict[str | None, tuple[str, str, str]] = {
    "CREATED": ("importing", "nobody", "wait"),
    "PREVENTED": ("needs_action", "end_user", "repair"),
    "DENIED": ("needs_action", "end_user", "repair"),
    "CHALLENGED": ("needs_action", "end_user", "repair"),
    "REJECTED": ("needs_action", "end_user", "repair"),
    "LOCKED": ("needs_action", "end_user", "reconnect"),
    "CONNECTED": ("connected", "nobody", "none"),
    "IMPEDED": ("needs_action", "end_user", "reconnect"),
    "RECONNECTED": ("needs_action", "end_user", "repair"),
    "DEGRADED": ("unavailable", "vendor", "retry_later"),
    "DISCONNECTED": ("unavailable", "vendor", "retry_later"),
    "DISCONTINUED": ("unavailable", "vendor", "none"),
    "CLOSED": ("needs_action", "end_user", "reconnect"),
    "DELAYED": ("importing", "nobody", "wait"),
    "FAILED": ("unavailable", "vendor", "retry_later"),
    "UPDATED": ("importing", "nobody", "wait"),
    "DISABLED": ("needs_action", "staff", "none"),
    "IMPORTED": ("needs_action", "end_user", "repair"),
    "RESUMED": ("importing", "nobody", "wait"),
    "EXPIRED": ("needs_action", "end_user", "repair"),
    "IMPAIRED": ("needs_action", "end_user", "repair"),
    "PENDING": ("needs_action", "end_user", "repair"),
    None: ("needs_action", "end_user", "repair"),
    "QUANTUM_LOCKED": ("unavailable", "vendor", "wait"),
}


UNDOCUMENTED = (None, "QUANTUM_LOCKED")


def test_the_table_has_every_status_of_mx():
    assert len(set(STATUSES) - set(UNDOCUMENTED)) == 22


def test_state_next_step_and_link_of_a_status(
    api: Api,
    mx: Sandbox,
    member_guid: str,
    nucleus_client: Client,
    linked: list[dict[str, Any]],
    subtests: pytest.Subtests,
):
    """One connection goes through them all, because linking a bank takes long."""
    runner.drain()
    events = {"url": "https://127.0.0.1:9/", "extended_events": ["connection_repaired"]}
    assert api.post(f"{BASE}/webhook", events).status_code == 200
    for status in STATUSES:
        with subtests.test(status=status):
            assert read_status(api) == "connected"
            OutboundEvent.unscoped.all().delete()
            set_status(mx, member_guid, status, is_known=status not in UNDOCUMENTED)
            try:
                read_status(api)
                check_shown(api, status, member_guid, nucleus_client, linked)
            finally:
                restore(mx, member_guid)
                until(lambda: read_status(api), lambda current: current == "connected")
            repaired = [json.loads(event.payload)["data"] for event in OutboundEvent.unscoped.all()]
            is_broken = STATUSES[status][0] in ("needs_action", "unavailable") and status not in (
                "PENDING",
                "QUANTUM_LOCKED",
            )
            assert [event["member_id"] for event in repaired] == [member_guid] * is_broken


def check_shown(
    api: Api, status: str | None, member_guid: str, client: Client, linked: list[dict[str, Any]]
) -> None:
    """What the API shows of a connection with that status."""
    state, actor, next_step = STATUSES[status]
    (row,) = api.get(f"{BASE}/connection").data["content"]
    assert (row["state"], row["action_required_by"], row["next_step"]) == (state, actor, next_step)
    assert bool(row["message"]) == (
        state in ("needs_action", "importing")
        or status in ("DEGRADED", "DISCONNECTED", "DISCONTINUED", "FAILED")
    )
    assert api.get(row["widget_link"]).status_code == 200
    assert len(row["nucleus_aggregation_account_ids"]) == len(linked)
    pulled = api.get(f"{BASE}/aggregation/account/{linked[0]['id']}").data["connection"]
    assert pulled == {name: row[name] for name in pulled}
    if state == "needs_action" and actor == "end_user":
        body = {"nucleus_client_id": client.pk, "vendor_request": {"member_id": member_guid}}
        with rolled_back():  # the next status must not meet this verification
            message = api.post(f"{BASE}/iav", body).data["bank_link"]["message"]
        assert f"member_id={member_guid}" in message
        assert f"Next: {next_step}" in message


def set_status(mx: Sandbox, member: str, status: str | None, *, is_known: bool) -> None:
    mx.heal()
    if is_known:
        mx.call("PUT", f"/_control/members/{member}", json={"connection_status": status})
        return
    fields = {"connection_status": status}
    event = {"kind": "change_member", "member": member, "fields": fields}
    mx.call("POST", "/_control/bank/events", json=event)


def restore(mx: Sandbox, member: str) -> None:
    set_status(mx, member, "CONNECTED", is_known=True)
    event = {"kind": "change_member", "member": member, "fields": None}
    mx.call("POST", "/_control/bank/events", json=event)


def read_status(api: Api) -> str:
    """The state after a sync of the status."""
    Job.objects.filter(kind="deliver_webhook").delete()
    sync.enqueue(member=Member.unscoped.get(), scope=SyncScope.STATUS)
    runner.drain()
    assert not Job.objects.filter(state=JobState.DEAD).exists()
    return str(api.get(f"{BASE}/connection").data["content"][0]["state"])
