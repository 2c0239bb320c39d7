"""Connections that a person has made and the app has not reported, after a webhook of MX."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.flows import sync
from integrations.jobs import runner
from integrations.models import (
    AccountLink,
    AggregationSettings,
    InboundWebhook,
    Job,
    JobState,
    Member,
    OutboundEvent,
)
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccount, AggregationAccountTransaction, Client
from tests.api import Api
from tests.gateway.integration_api.conftest import link
from tests.gateway.webhooks.conftest import news, post
from tests.sandbox_process import Sandbox

BASE = "/integration/v1"
CREATED = "connection_created"
State = InboundWebhook.State


@pytest.fixture
def user(api: Api, own_mx: Sandbox, nucleus_client: Client) -> str:
    """The client's MX user; connection_created is subscribed to."""
    body: dict[str, Any] = {"url": "https://127.0.0.1:9/", "extended_events": [CREATED]}
    assert api.post(f"{BASE}/webhook", body).status_code == 200
    body = {"nucleus_client_id": nucleus_client.id, "product": "atom", "vendor_name": "mx"}
    return str(api.post(f"{BASE}/user", body).data["vendor_response"]["guid"])


def connected(mx: Sandbox, user: str, institution: str = "mxbank") -> str:
    """A member whose first import has ended."""
    member = mx.connect(user, institution=institution)
    mx.call("POST", "/_control/clock", json={"advance": "1m"})
    return member


def run_jobs() -> None:
    Job.objects.filter(kind="deliver_webhook").delete()
    runner.drain()


def hook(settings: AggregationSettings, member: str, user: str, kind: str = "AGGREGATION") -> Any:
    assert post(settings, news(member, user, kind)).status_code == 202
    run_jobs()
    return InboundWebhook.objects.latest("create_date")


def created_events() -> list[dict[str, Any]]:
    return [json.loads(row.payload)["data"] for row in OutboundEvent.unscoped.filter(type=CREATED)]


def test_a_connection_that_nobody_reported_is_connected(
    api: Api, own_mx: Sandbox, aggregation_settings: AggregationSettings, user: str
):
    member = own_mx.connect(user)
    row = hook(aggregation_settings, member, user)
    while Job.objects.filter(state=JobState.READY).exists():  # while MX imports
        run_jobs()
    row.refresh_from_db()
    assert row.state == State.HANDLED
    assert "connected" in row.note
    assert AggregationAccount.unscoped.filter(is_active=True).count() == 6
    assert AggregationAccountTransaction.unscoped.exists()
    (data,) = created_events()
    assert (data["adopted"], data["advice"], data["member_id"]) == (True, None, member)
    (connection,) = api.get(f"{BASE}/connection").data["content"]
    assert connection["id"] == data["connection_id"]
    assert len(connection["nucleus_aggregation_account_ids"]) == 6


def test_a_report_before_and_after_makes_no_second_account(
    api: Api,
    own_mx: Sandbox,
    aggregation_settings: AggregationSettings,
    user: str,
    nucleus_client: Client,
):
    member = connected(own_mx, user)
    for _ in range(2):
        assert post(aggregation_settings, news(member, user)).status_code == 202
    assert Job.objects.filter(kind="adopt_member").count() == 1
    rows = link(api, nucleus_client, member)["nucleus_aggregation_accounts"]
    run_jobs()
    link(api, nucleus_client, member)
    hook(aggregation_settings, member, user)
    assert AggregationAccount.unscoped.count() == len(rows) == 6
    assert not InboundWebhook.objects.exclude(state=State.HANDLED).exists()
    (data,) = created_events()
    assert (data["adopted"], data["advice"]) == (False, None)


def test_with_the_setting_off_the_tenant_is_told_once(
    api: Api,
    own_mx: Sandbox,
    aggregation_settings: AggregationSettings,
    user: str,
    nucleus_client: Client,
):
    AggregationSettings.unscoped.update(adopt_connections=False)
    member = connected(own_mx, user)
    for _ in range(3):
        row = hook(aggregation_settings, member, user)
    assert row.state == State.HANDLED
    assert not AggregationAccount.unscoped.exists()
    (data,) = created_events()
    assert data["adopted"] is False
    assert "POST /integration/v1/aggregation/account" in data["advice"]
    assert len(link(api, nucleus_client, member)["nucleus_aggregation_accounts"]) == 6
    run_jobs()
    assert len(created_events()) == 1


def test_a_connection_for_verification_is_reported_and_not_connected(
    api: Api,
    own_mx: Sandbox,
    aggregation_settings: AggregationSettings,
    user: str,
    nucleus_client: Client,
):
    link_path = f"{BASE}/widget_link/{nucleus_client.pk}"
    assert api.get(link_path, mode="iav").status_code == 200
    member = connected(own_mx, user)
    hook(aggregation_settings, member, user)
    assert not AggregationAccount.unscoped.exists()
    (data,) = created_events()
    assert data["adopted"] is False
    assert "POST /integration/v1/iav" in data["advice"]
    assert api.get(link_path).status_code == 200
    hook(aggregation_settings, connected(own_mx, user, "test_savings_bank"), user)
    assert AggregationAccount.unscoped.exists()


def test_account_numbers_tell_a_verification_where_no_widget_link_does(
    own_mx: Sandbox, aggregation_settings: AggregationSettings, user: str
):
    own_mx.call("PUT", "/_control/settings", json={"verification_flow": "legacy"})
    member = connected(own_mx, user)
    hook(aggregation_settings, member, user, "CONNECTION_STATUS")
    assert created_events()[0]["adopted"] is True
    other = connected(own_mx, user, "test_savings_bank")
    own_mx.call("POST", f"/users/{user}/members/{other}/verify", json={})
    own_mx.call("POST", "/_control/clock", json={"advance": "1m"})
    hook(aggregation_settings, other, user)
    assert [event["adopted"] for event in created_events()].count(False) == 1


def test_deleted_and_disconnected_members_are_not_connected_again(
    api: Api,
    own_mx: Sandbox,
    aggregation_settings: AggregationSettings,
    user: str,
    nucleus_client: Client,
):
    member = connected(own_mx, user)
    rows = link(api, nucleus_client, member)["nucleus_aggregation_accounts"]
    run_jobs()
    for row in rows:
        api.delete(f"{BASE}/aggregation/account/{row['body']['id']}")
    hook(aggregation_settings, member, user)
    assert not AccountLink.unscoped.filter(ended_at=None).exists()
    (connection,) = api.get(f"{BASE}/connection").data["content"]
    assert api.delete(f"{BASE}/connection/{connection['id']}").status_code == 204
    row = hook(aggregation_settings, member, user)
    assert (row.state, Member.unscoped.exists()) == (State.GONE, False)
    assert "deleted" in row.note


def test_unknown_users_and_forged_members_are_not_connected(
    own_mx: Sandbox, aggregation_settings: AggregationSettings, user: str
):
    stranger = own_mx.call("POST", "/users", json={"user": {}})["user"]["guid"]
    foreign = own_mx.connect(stranger)
    row = hook(aggregation_settings, foreign, stranger)
    assert (row.state, Job.objects.exists()) == (State.EARLY, False)
    row = hook(aggregation_settings, foreign, user)  # somebody else's, under our user
    assert (row.state, row.note) == (
        State.QUARANTINED,
        "This user has no such connection at the vendor.",
    )
    assert not Member.unscoped.exists()
    assert not Job.objects.exclude(state=JobState.DONE).exists()


def test_a_login_that_was_not_finished_is_not_connected(
    own_mx: Sandbox, aggregation_settings: AggregationSettings, user: str
):
    member = own_mx.connect(user, "challenge")
    row = hook(aggregation_settings, member, user, "CONNECTION_STATUS")
    while Job.objects.filter(state=JobState.READY).exists():
        run_jobs()
    row.refresh_from_db()
    assert row.state == State.EARLY
    assert "not finished" in row.note
    assert not Member.unscoped.exists()


def test_a_failure_of_mx_is_tried_again(
    own_mx: Sandbox, aggregation_settings: AggregationSettings, user: str
):
    member = connected(own_mx, user)
    own_mx.fault(path="/users/*/members/*/accounts", status=503, count=9, kind="status")
    hook(aggregation_settings, member, user)
    assert not Member.unscoped.exists()
    own_mx.heal()
    Job.objects.filter(state=JobState.READY).update(run_at="2020-01-01T00:00:00Z")
    run_jobs()
    assert AggregationAccount.unscoped.count() == 6
    assert created_events()[0]["adopted"] is True


def test_a_connection_in_place_of_one_that_is_gone_is_found_without_a_webhook(
    api: Api, own_mx: Sandbox, connection: Member
):
    before = set(AggregationAccount.unscoped.filter(is_active=True).values_list("pk", flat=True))
    user = str(connection.vendor_user.vendor_user_id)
    own_mx.call("DELETE", f"/users/{user}/members/{connection.vendor_member_id}")
    replacement = connected(own_mx, user)
    sync.enqueue(member=connection, scope=SyncScope.STATUS)
    run_jobs()
    assert Member.unscoped.get(vendor_member_id=replacement).connection_status == "CONNECTED"
    active = AggregationAccount.unscoped.filter(is_active=True).values_list("pk", flat=True)
    assert set(active) == before


def test_adopting_a_connection_leaves_disconnected_accounts_disconnected(
    api: Api,
    own_mx: Sandbox,
    aggregation_settings: AggregationSettings,
    user: str,
    nucleus_client: Client,
):
    member = connected(own_mx, user)
    rows = link(api, nucleus_client, member)["nucleus_aggregation_accounts"]
    disconnected, *others = [row["body"]["id"] for row in rows]
    run_jobs()
    assert api.delete(f"{BASE}/aggregation/account/{disconnected}").status_code == 204
    own_mx.call("DELETE", f"/users/{user}/members/{member}")
    again = connected(own_mx, user)
    hook(aggregation_settings, again, user)
    active = AggregationAccount.unscoped.filter(is_active=True).values_list("pk", flat=True)
    assert {str(pk) for pk in active} == set(others)
    link(api, nucleus_client, again)
    assert AggregationAccount.unscoped.filter(is_active=True).count() == len(rows)
    assert AggregationAccount.unscoped.count() == len(rows)


def test_a_connection_that_was_reported_before_it_had_accounts(
    api: Api,
    own_mx: Sandbox,
    aggregation_settings: AggregationSettings,
    user: str,
    nucleus_client: Client,
):
    member = own_mx.connect(user, "UNAUTHORIZED")
    own_mx.call("POST", "/_control/clock", json={"advance": "1m"})
    assert link(api, nucleus_client, member)["nucleus_aggregation_accounts"] == []
    run_jobs()
    own_mx.log_in_again(user, member)
    own_mx.call("POST", "/_control/clock", json={"advance": "1m"})
    hook(aggregation_settings, member, user)
    assert AggregationAccount.unscoped.filter(is_active=True).count() == 6
    assert [event["adopted"] for event in created_events()] == [False]
