"""MX's webhooks: authenticated, stored, acted upon by reading MX again; never trusted."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from gateway.access.models import UsageWindow
from integrations.flows import sync
from integrations.jobs import runner
from integrations.models import (
    AccountLink,
    AggregationSettings,
    InboundWebhook,
    Job,
    JobState,
    Member,
)
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccountBalance, Tenant
from tests.factories.nucleus import TenantFactory
from tests.gateway.webhooks.conftest import SECRET, USER, at_mx, basic, facts, news, post
from tests.rollback import rolled_back
from tests.sandbox.receiver import receiving
from tests.sandbox_process import Sandbox

State = InboundWebhook.State


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer x", "Basic !!!", basic("mx", "wrong"), basic("other", SECRET), basic("", ""),
     "Basic " + base64.b64encode(b"no colon").decode(),
     "Basic " + base64.b64encode(b"\xff:x").decode(), "Basic \x80\x81", "Basic \xe9", "\x80",
     basic("m\x00x", "\x00"), basic("müller", "\u202e")],
)  # fmt: skip
def test_unauthenticated_webhooks_are_refused(chosen: AggregationSettings, authorization: str):
    response = post(chosen, news("MBR-1", "USR-1"), authorization)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Basic")
    assert response.json()["message"]
    assert response.json()["code"] == "authentication_failed"
    assert response.json()["request_id"]
    assert InboundWebhook.objects.count() == 0


def test_a_flood_of_wrong_secrets_does_not_keep_the_vendor_out(chosen: AggregationSettings):
    wrong, right = basic(secret="wrong"), basic()
    for _ in range(3):
        statuses = {post(chosen, {"action": "test"}, wrong).status_code for _ in range(250)}
        assert statuses == {401}
        assert post(chosen, {"action": "test"}, right).status_code == 202
    assert not UsageWindow.objects.exists()  # strangers write nothing
    assert InboundWebhook.objects.count() == 3


def test_only_post_is_taken(chosen: AggregationSettings, client: Client):
    response = client.get(f"/webhooks/mx/{chosen.webhook_path}")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert response.json()["code"] == "method_not_allowed"
    assert "POST" in response.json()["message"]


def test_without_a_secret_every_webhook_is_refused(tenant: Tenant):
    row = AggregationSettings(tenant=tenant)
    row.save()
    assert post(row, news("MBR-1", "USR-1"), basic("", "")).status_code == 401


def test_an_unknown_address_is_404(chosen: AggregationSettings):
    chosen.webhook_path = "guess"
    assert post(chosen, {}).status_code == 404


def test_the_old_secret_works_for_a_day_after_a_change(chosen: AggregationSettings):
    chosen.webhook_secret = "a-new-secret-of-mx"
    chosen.save()
    assert post(chosen, {"action": "test"}).status_code == 202
    assert post(chosen, {"action": "test"}, basic(secret="a-new-secret-of-mx")).status_code == 202
    AggregationSettings.unscoped.update(previous_webhook_until=timezone.now())
    assert post(chosen, {"action": "test"}).status_code == 401


@pytest.mark.parametrize("body", [b"", b"{", b"not json", b"\xff\xfe", b'{"a": NaN}', b"[" * 5000])
def test_only_what_is_no_json_is_400(chosen: AggregationSettings, body: bytes):
    assert post(chosen, body).status_code == 400
    assert InboundWebhook.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"action": "test", "account": {}, "version": 1}, State.TEST),
        ([], State.QUARANTINED), ("text", State.QUARANTINED), (5, State.QUARANTINED),
        ({}, State.QUARANTINED), ({"type": "AGGREGATION"}, State.QUARANTINED),
        ({"type": None, "member_guid": None}, State.QUARANTINED),
        (news("MBR-of-nobody", "USR-1"), State.EARLY),
        ({"type": {"a": 1}, "member_guid": ["x"]}, State.QUARANTINED),
        ({"type": "AGGREGATION", "member_guid": "a\u0000b"}, State.EARLY),  # an id like any other
        ({"type": "\ud800", "member_guid": "x" * 1000}, State.EARLY),
    ],
)  # fmt: skip
def test_everything_else_is_stored(chosen: AggregationSettings, body: Any, state: str):
    response = post(chosen, body)
    assert response.status_code == 202
    row = InboundWebhook.objects.get()
    assert (str(row.id), row.state) == (response.json()["id"], state)
    assert Job.objects.count() == 0


def test_a_body_that_is_too_large(chosen: AggregationSettings):
    assert post(chosen, b'{"a": "' + b"x" * 300_000 + b'"}').status_code == 413


def test_another_tenants_address_reaches_only_that_tenant(
    chosen: AggregationSettings, linked: Member
):
    other = AggregationSettings(webhook_user=USER, webhook_secret=SECRET)
    other.tenant_id = TenantFactory().pk
    other.save()
    body = news(linked.vendor_member_id, str(linked.vendor_user.vendor_user_id))
    assert post(other, body).status_code == 202
    assert InboundWebhook.objects.get().state == State.EARLY
    assert not Job.objects.filter(kind=sync.SYNC_MEMBER.name).exists()


def test_a_forged_user_is_quarantined(chosen: AggregationSettings, linked: Member):
    post(chosen, news(linked.vendor_member_id, "USR-of-somebody-else"))
    assert InboundWebhook.objects.get().state == State.QUARANTINED


def test_data_follows_the_webhook(chosen: AggregationSettings, mx: Sandbox, linked: Member):
    with receiving() as receiver:  # what MX sends, passed on to the gateway as it came
        mx.call("POST", "/_control/webhooks", json={"url": receiver.url})
        mx.call("POST", "/_control/clock", json={"advance": "25h"})
        receiver.payloads(1)
        (_, body) = receiver.received[0]
    before = at_mx(mx, linked)
    assert facts(linked) != before
    assert post(chosen, body).status_code == 202
    row = InboundWebhook.objects.get()
    assert row.state == State.RECEIVED
    assert runner.drain() == 1
    assert facts(linked) == at_mx(mx, linked)
    row.refresh_from_db()
    assert row.state == State.HANDLED
    assert row.handled_at is not None
    for account_link in AccountLink.unscoped.select_related("aggregation_account"):
        path = (
            f"/users/{linked.vendor_user.vendor_user_id}/accounts/{account_link.vendor_account_id}"
        )
        newest = AggregationAccountBalance.unscoped.filter(
            aggregation_account=account_link.aggregation_account
        ).order_by("-balance_time_stamp")[0]
        assert newest.balance == mx.call("GET", path)["account"]["balance"]


def test_doubled_webhooks_are_one_job_and_all_are_handled(
    chosen: AggregationSettings, linked: Member
):
    body = news(linked.vendor_member_id, str(linked.vendor_user.vendor_user_id))
    for _ in range(13):
        assert post(chosen, body).status_code == 202
    assert Job.objects.filter(kind=sync.SYNC_MEMBER.name, state=JobState.READY).count() == 1
    runner.drain()
    assert set(InboundWebhook.objects.values_list("state", flat=True)) == {State.HANDLED}
    post(chosen, body)  # an equal one later is an event of its own
    assert runner.drain() == 1


SCOPES = {
    "AGGREGATION": SyncScope.EVERYTHING, "BALANCE": SyncScope.BALANCES,
    "HISTORY": SyncScope.HISTORY,
    "STATEMENT": SyncScope.STATUS, "CONNECTION_STATUS": SyncScope.STATUS,
    "SOMETHING_NEW": SyncScope.EVERYTHING,
}  # fmt: skip


def test_how_much_is_read(chosen: AggregationSettings, linked: Member, subtests: pytest.Subtests):
    for kind, scope in SCOPES.items():
        with subtests.test(kind), rolled_back():
            body = news(linked.vendor_member_id, str(linked.vendor_user.vendor_user_id), kind)
            post(chosen, body)
            assert Job.objects.get(kind=sync.SYNC_MEMBER.name).payload["scope"] == scope
            runner.drain()
            assert Job.objects.get(kind=sync.SYNC_MEMBER.name).state == JobState.DONE


def test_the_misspelt_key_of_the_reference_is_understood(
    chosen: AggregationSettings, linked: Member
):
    post(chosen, {"type": "BALANCE", "memer_guid": linked.vendor_member_id})
    assert InboundWebhook.objects.get().state == State.RECEIVED


def test_history_reaches_back_two_years(chosen: AggregationSettings, mx: Sandbox, linked: Member):
    user = str(linked.vendor_user.vendor_user_id)
    mx.call("POST", f"/users/{user}/members/{linked.vendor_member_id}/extend_history")
    post(chosen, news(linked.vendor_member_id, user, "HISTORY"))
    while Job.objects.filter(state=JobState.READY).exists():
        Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
        runner.drain()
    path = f"/users/{user}/transactions?from_date=2000-01-01"
    guids = {row["guid"] for row in mx.listed(path, "transactions")}
    assert guids <= {guid for guid, _ in facts(linked)}


def test_connection_state_follows(
    chosen: AggregationSettings, mx: Sandbox, linked: Member, subtests: pytest.Subtests
):
    user = str(linked.vendor_user.vendor_user_id)
    member = f"/_control/members/{linked.vendor_member_id}"
    for status in ("CHALLENGED", "LOCKED", "DENIED", "IMPEDED"):
        with subtests.test(status), rolled_back():
            mx.call("PUT", member, json={"connection_status": status})
            post(chosen, news(linked.vendor_member_id, user, "CONNECTION_STATUS"))
            runner.drain()
            linked.refresh_from_db()
            assert (linked.connection_status, linked.actor) == (status, "end_user")
            assert linked.connection_message


def test_a_member_that_is_gone_at_mx(chosen: AggregationSettings, mx: Sandbox, linked: Member):
    user = str(linked.vendor_user.vendor_user_id)
    mx.call("DELETE", f"/users/{user}/members/{linked.vendor_member_id}")
    post(chosen, news(linked.vendor_member_id, user))
    runner.drain()
    linked.refresh_from_db()
    assert (linked.connection_status, linked.next_step) == ("GONE", "reconnect")
    assert Job.objects.filter(state=JobState.DEAD).count() == 0


@pytest.mark.parametrize(
    "number",
    ["1e9999999999999999999999", "1e1200000", "1e-1000000", "9" * 65, "0e999999", "-Infinity"],
    ids=lambda text: text[:12],
)
def test_numbers_without_bounds_are_400(chosen: AggregationSettings, number: str):
    response = post(chosen, f'{{"type":"A","member_guid":"x","x":{number}}}'.encode())
    assert response.status_code == 400
    assert response.json()["message"].startswith("The body cannot be read: ")
    assert InboundWebhook.objects.count() == 0


def test_a_lost_key_is_a_503_that_says_so(
    chosen: AggregationSettings, settings: Any, client: Client
):
    settings.FIELD_ENCRYPTION_KEYS = ["b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItMTI="]
    for authorization in (basic(), basic(secret="wrong")):
        response = post(chosen, {"action": "test"}, authorization)
        assert (response.status_code, response.json()["code"]) == (503, "decryption_failed")
        assert response.headers["Retry-After"]
    assert InboundWebhook.objects.count() == 0
