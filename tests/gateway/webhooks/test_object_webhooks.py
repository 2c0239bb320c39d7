"""Webhooks of MX Platform that carry an object: read again, counted by revision, not stored."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from gateway.access.log_filter import LOGGERS
from integrations.flows import inbound_webhooks, sync
from integrations.jobs import runner
from integrations.models import AggregationSettings, InboundWebhook, Job, JobState, Member
from integrations.vendors.records import SyncScope
from tests.gateway.test_secret_leaks import raw_bytes, tables
from tests.gateway.webhooks.conftest import at_mx, facts, post
from tests.rollback import rolled_back
from tests.sandbox_process import Sandbox

State = InboundWebhook.State


def obj(member: Member, guid: str = "ACT-1", action: str = "updated", **fields: Any) -> Any:
    user = str(member.vendor_user.vendor_user_id)
    return {
        "guid": guid, "action": action, "member_guid": member.vendor_member_id, "user_guid": user,
    } | fields  # fmt: skip


def member_object(member: Member, action: str, **fields: Any) -> Any:
    user = str(member.vendor_user.vendor_user_id)
    return {"guid": member.vendor_member_id, "user_guid": user, "action": action} | fields


def user_object(member: Member, action: str, **fields: Any) -> Any:
    return {"guid": str(member.vendor_user.vendor_user_id), "action": action} | fields


def syncs() -> list[dict[str, Any]]:
    return [
        row.payload for row in Job.objects.filter(kind=sync.SYNC_MEMBER.name, state=JobState.READY)
    ]


def test_objects_of_one_connection_share_a_job(
    chosen: AggregationSettings, mx: Sandbox, linked: Member
):
    mx.call("POST", "/_control/clock", json={"advance": "25h"})
    for number, guid in enumerate(["ACT-1", "TRN-1", "TRN-2", "HOL-1"]):
        assert post(chosen, obj(linked, guid, "created", revision=number)).status_code == 202
    assert post(chosen, member_object(linked, "updated", revision=7)).status_code == 202
    assert [payload["scope"] for payload in syncs()] == [SyncScope.EVERYTHING]
    assert runner.drain() == 1
    assert facts(linked) == at_mx(mx, linked)
    assert set(InboundWebhook.objects.values_list("state", flat=True)) == {State.HANDLED}


def test_a_holding_that_names_its_account_only(chosen: AggregationSettings, linked: Member):
    account = linked.account_links.all()[0].vendor_account_id
    user = linked.vendor_user.vendor_user_id
    post(chosen, {"guid": "HOL-1", "account_guid": account, "user_guid": user})
    assert len(syncs()) == 1
    runner.drain()
    assert InboundWebhook.objects.get().state == State.HANDLED
    post(chosen, {"guid": "HOL-2", "account_guid": "ACT-of-nobody", "user_guid": user})
    assert InboundWebhook.objects.latest("create_date").state == State.EARLY
    assert syncs() == []


def test_initial_data_is_read_once(chosen: AggregationSettings, linked: Member):
    body = {
        "type": "initial_data_ready", "guid": "WHE-1", "client_guid": "CLT-1",
        "user_guid": linked.vendor_user.vendor_user_id, "member_guid": linked.vendor_member_id,
    }  # fmt: skip
    first = post(chosen, body)
    runner.drain()
    assert post(chosen, body).json()["id"] == first.json()["id"]
    assert syncs() == []
    post(chosen, body | {"guid": "WHE-2"})
    assert len(syncs()) == 1


def test_repeats_and_earlier_revisions_are_dropped(
    chosen: AggregationSettings, linked: Member, subtests: pytest.Subtests
):
    accepted = [(1, "created"), (4, "updated"), (4, "deleted"), (5, "updated")]
    for guid in ("ACT-1", "TRN-1"):
        with subtests.test(guid), rolled_back():
            for revision, action in accepted:
                post(chosen, obj(linked, guid, action, revision=revision))
                runner.drain()
            count = InboundWebhook.objects.count()
            assert count == len(accepted)
            for revision, action in [
                (1, "created"), (2, "updated"), (4, "deleted"), (5, "updated"),
            ]:  # fmt: skip
                response = post(chosen, obj(linked, guid, action, revision=revision))
                assert (response.status_code, response.json()["state"]) == (202, State.HANDLED)
            assert InboundWebhook.objects.count() == count
            assert syncs() == []


def test_objects_without_revision_are_all_stored(chosen: AggregationSettings, linked: Member):
    for _ in range(2):
        post(chosen, obj(linked))
    assert InboundWebhook.objects.count() == 2


def test_a_forged_revision_hides_true_ones_for_a_day_only(
    chosen: AggregationSettings, linked: Member
):
    post(chosen, obj(linked, revision=10**14))
    runner.drain()
    post(chosen, obj(linked, revision=6))
    assert syncs() == []
    InboundWebhook.objects.update(
        create_date=timezone.now() - inbound_webhooks.REPEAT_WINDOW - timedelta(minutes=1)
    )
    post(chosen, obj(linked, revision=6))
    assert len(syncs()) == 1


def test_quarantined_webhooks_hide_nothing(chosen: AggregationSettings, linked: Member):
    post(chosen, obj(linked, revision=9) | {"user_guid": "USR-of-somebody-else"})
    post(chosen, obj(linked, revision=3))
    assert len(syncs()) == 1


@pytest.mark.parametrize("is_true", [True, False])
def test_a_deleted_member_is_looked_for(
    chosen: AggregationSettings,
    mx: Sandbox,
    linked: Member,
    is_true: bool,  # noqa: FBT001
):
    if is_true:
        user = str(linked.vendor_user.vendor_user_id)
        mx.call("DELETE", f"/users/{user}/members/{linked.vendor_member_id}")
    post(chosen, member_object(linked, "deleted", revision=3))
    assert [payload["scope"] for payload in syncs()] == [SyncScope.STATUS]
    runner.drain()
    linked.refresh_from_db()
    assert (linked.connection_status == "GONE") is is_true


@pytest.mark.parametrize("is_true", [True, False])
def test_a_deleted_user_is_looked_for(
    chosen: AggregationSettings,
    mx: Sandbox,
    linked: Member,
    is_true: bool,  # noqa: FBT001
):
    if is_true:
        mx.call("DELETE", f"/users/{linked.vendor_user.vendor_user_id}")
    post(chosen, user_object(linked, "deleted", revision=2))
    runner.drain()
    linked.refresh_from_db()
    assert (linked.connection_status == "GONE") is is_true
    assert InboundWebhook.objects.get().state == State.HANDLED


def test_a_disabled_user_is_looked_at(chosen: AggregationSettings, mx: Sandbox, linked: Member):
    guid = linked.vendor_user.vendor_user_id
    for kind, action in (("disable_user", "updated"), ("enable_user", "updated")):
        mx.call("POST", "/_control/bank/events", json={"kind": kind, "user": guid})
        post(chosen, user_object(linked, action, is_disabled=kind == "disable_user"))
        runner.drain()
        linked.refresh_from_db()
        is_disabled = linked.connection_status == "USER_DISABLED"
        assert is_disabled is (kind == "disable_user")


def test_users_of_others_are_not_read(chosen: AggregationSettings, linked: Member):
    assert post(chosen, {"guid": "USR-of-somebody-else", "action": "deleted"}).status_code == 202
    assert syncs() == []


PRIVATE = {
    "name": "Canary Checking", "account_number": "90909090", "balance": 76543.21,
    "available_balance": "76500.19", "description": "CANARY COFFEE", "memo": "canary memo",
    "merchant_guid": "MCH-canary", "category": "Canary Food", "metadata": {"note": "canary note"},
    "id": "canary-partner-id", "email": "canary@demo.example", "first_name": "Canaria",
    "feed_description": ["CANARY FEED"], "latitude": 12.345678, "user_id": "canary-user-id",
    "routing_number": "123456780", "new_field": {"deep": {"er": "canary depth"}},
}  # fmt: skip


def texts(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*map(texts, value.values()))
    if isinstance(value, list):
        return set().union(*map(texts, value))
    return {str(value)}


def test_nothing_of_an_object_is_stored_or_logged(
    chosen: AggregationSettings, linked: Member, caplog: pytest.LogCaptureFixture
):
    for name in LOGGERS:
        logging.getLogger(name).addHandler(caplog.handler)
    with caplog.at_level(logging.DEBUG):
        for guid in ("ACT-1", "TRN-1", "HOL-1", "USR-9", "MBR-9", "MIC-1", "NEW-1"):
            bodies = [
                obj(linked, guid, "created", revision=1) | PRIVATE,
                {"guid": guid, "action": "updated"} | PRIVATE,  # of nobody
                {"type": "CANARY TYPE", "action": "canary action"} | PRIVATE,
                [PRIVATE],
            ]
            for body in bodies:
                assert post(chosen, body).status_code == 202, guid
            post(chosen, json.dumps(PRIVATE).encode()[:-1])  # cut off
            runner.drain()
    for name in LOGGERS:
        logging.getLogger(name).removeHandler(caplog.handler)
    stored = tables() + raw_bytes().decode(errors="replace") + caplog.text
    private = texts(PRIVATE) | {"CANARY TYPE", "canary action"}
    assert {value for value in private if value in stored} == set()
