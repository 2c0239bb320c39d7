"""Outbound webhooks: signed, retried, and sent once per event."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from integrations.flows import outbound_webhooks, sync
from integrations.jobs import runner
from integrations.models import Job, JobState, Member, OutboundEvent, WebhookDelivery
from integrations.models import WebhookSubscription as Subscription
from integrations.models.outbound_webhooks import new_secret
from integrations.vendors.records import SyncScope
from nucleus.models import Client, Tenant
from tests.api import Api
from tests.conftest import connect_tenant
from tests.gateway.integration_api.conftest import link
from tests.sandbox.receiver import Receiver, receiving
from tests.sandbox_process import Sandbox

BASE = "/integration/v1/webhook"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def local_receivers(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def register(api: Api, receiver: Receiver, **values: Any) -> dict[str, Any]:
    body = {
        "url": receiver.url,
        "integration_service": list(outbound_webhooks.SERVICES[-3:]),
        **values,
    }
    response = api.post(BASE, body)
    assert response.status_code == 200, response.data
    return dict(response.data)


def emit(
    tenant: Tenant, event: str = outbound_webhooks.TRANSACTION, **data: Any
) -> OutboundEvent | None:
    outbound_webhooks.emit(
        tenant_id=tenant.pk, event=event, client_id=None, data=data or {"written": 1}
    )
    return OutboundEvent.unscoped.order_by("-create_date").first()


def run_everything(rounds: int = 12) -> None:
    """Jobs, and those that wait for their time, too."""
    for _ in range(rounds):
        runner.drain()
        Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())


def test_registering_reading_changing_removing(api: Api, receiver: Receiver):
    made = register(api, receiver, secondary_id="mine", extended_events=["bank_link_verified"])
    assert made["secret"].startswith("whsec_")
    read = api.get(f"{BASE}/{made['id']}").data
    assert read == {**made, "secret": None, "update_date": read["update_date"]}
    assert api.get(BASE).data["content"] == [read]
    changed = api.put(f"{BASE}/{made['id']}", {"is_active": False}).data
    assert (changed["is_active"], changed["url"], changed["secret"]) == (False, receiver.url, None)
    assert api.delete(f"{BASE}/{made['id']}").status_code == 204
    assert api.delete(f"{BASE}/{made['id']}").status_code == 404
    assert api.get(f"{BASE}/{made['id']}").status_code == 404


def test_secrets_are_encrypted_at_rest(api: Api, receiver: Receiver):
    secret = register(api, receiver)["secret"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM integrations_webhooksubscription")
        assert secret not in str(cursor.fetchall())


@pytest.mark.parametrize(
    "body",
    [
        {}, {"url": "http://127.0.0.1:1/"},
        {"url": "ftp://a.example/", "integration_service": ["kyc"]},
        {"url": "http://a.example/", "integration_service": ["news"]},
        {"url": "http://a.example/", "integration_service": []},
        {"url": "http://u:p@a.example/", "integration_service": ["kyc"]},
        {"url": "//a.example", "integration_service": ["kyc"]},
        {"url": "http://a.example:99999/", "integration_service": ["kyc"]},
        {"url": "http://[a", "integration_service": ["kyc"]},
        {"url": "http://" + "a" * 3000, "integration_service": ["kyc"]},
        {"url": 5, "integration_service": "kyc"},
    ],
)  # fmt: skip
def test_invalid_subscriptions_are_refused(api: Api, body: dict[str, Any]):
    response = api.post(BASE, body)
    assert response.status_code == 400
    assert response.data["message"]


def test_one_active_webhook_per_event(api: Api, receiver: Receiver):
    first = register(api, receiver)
    body = {"url": receiver.url, "integration_service": [outbound_webhooks.HOLDING]}
    refused = api.post(BASE, body)
    assert refused.status_code == 400
    assert first["id"] in refused.data["message"]
    api.put(f"{BASE}/{first['id']}", {"is_active": False})
    assert api.post(BASE, body).status_code == 200
    assert api.put(f"{BASE}/{first['id']}", {"is_active": True}).status_code == 400


def test_deliveries_are_signed_and_verify(
    api: Api, tenant: Tenant, receiver: Receiver, django_capture_on_commit_callbacks: Any
):
    secret = register(api, receiver)["secret"]
    event = emit(tenant, written=3)
    assert event is not None
    runner.drain()
    ((headers, body),) = receiver.received
    payload = Webhook(secret).verify(body, headers)
    assert payload["id"] == str(event.id) == headers["webhook-id"]
    assert payload["event"] == outbound_webhooks.TRANSACTION
    assert payload["data"] == {"written": 3}
    assert set(payload) == {
        "id", "event", "nucleus_client_id", "nucleus_business_id", "nucleus_aggregation_account_id",
        "data", "create_date",
    }  # fmt: skip
    assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}\+0000", payload["create_date"])
    plain = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Hydrogen-Signature"] == f"sha256={plain}"
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, headers)


def test_a_rotated_secret_overlaps_with_the_old_one(api: Api, tenant: Tenant, receiver: Receiver):
    made = register(api, receiver)
    new = api.put(f"{BASE}/{made['id']}", {"rotate_secret": True}).data["secret"]
    assert new not in (None, made["secret"])
    emit(tenant)
    runner.drain()
    headers, body = receiver.received[0]
    for secret in (made["secret"], new):
        assert Webhook(secret).verify(body, headers)
    Subscription.unscoped.update(previous_secret_until=timezone.now())
    emit(tenant)
    runner.drain()
    headers, body = receiver.received[1]
    assert Webhook(new).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(body, headers)


def test_events_reach_only_their_subscribers(api: Api, tenant: Tenant, receiver: Receiver):
    made = register(api, receiver)
    emit(tenant, event=outbound_webhooks.BALANCE)
    api.put(f"{BASE}/{made['id']}", {"is_active": False})
    emit(tenant)
    assert OutboundEvent.unscoped.count() == 0


def test_failures_are_repeated_with_the_same_id_and_content(
    api: Api, tenant: Tenant, receiver: Receiver
):
    register(api, receiver)
    receiver.statuses = [500, 302, 429, 200]
    emit(tenant)
    run_everything()
    assert len(receiver.received) == 4
    assert len({(headers["webhook-id"], body) for headers, body in receiver.received}) == 1
    delivery = WebhookDelivery.unscoped.get()
    assert delivery.state == WebhookDelivery.State.DELIVERED
    assert [attempt["status"] for attempt in delivery.attempts] == [500, 302, 429, 200]


def test_the_schedule_lasts_a_day_and_ends(api: Api, tenant: Tenant, receiver: Receiver):
    assert (
        timedelta(hours=24)
        < timedelta(seconds=sum(outbound_webhooks.RETRY_DELAYS))
        < timedelta(hours=48)
    )
    register(api, receiver)
    receiver.statuses = [500]
    emit(tenant)
    runner.drain()
    assert Job.objects.get().last_error == "attempt 1 of 9 failed: HTTP 500"
    run_everything(rounds=20)
    assert len(receiver.received) == len(outbound_webhooks.RETRY_DELAYS) + 1
    assert WebhookDelivery.unscoped.get().state == WebhookDelivery.State.FAILED
    assert Job.objects.get().state == JobState.DONE


def test_a_receiver_that_answers_410_is_deactivated(api: Api, tenant: Tenant, receiver: Receiver):
    made = register(api, receiver)
    receiver.statuses = [410]
    emit(tenant)
    run_everything()
    assert len(receiver.received) == 1
    assert api.get(f"{BASE}/{made['id']}").data["is_active"] is False


def test_deliveries_can_be_replayed(api: Api, tenant: Tenant, receiver: Receiver):
    register(api, receiver)
    events = [emit(tenant, number=number) for number in range(1, 4)]
    runner.drain()
    delivery = WebhookDelivery.unscoped.filter(event=events[1]).get()
    call_command("webhooks", "replay", "--delivery", str(delivery.pk))
    runner.drain()
    assert json.loads(receiver.received[3][1])["id"] == str(delivery.event_id)
    since = (timezone.now() - timedelta(hours=1)).isoformat()
    call_command("webhooks", "replay", "--tenant", tenant.slug, "--from", since)
    runner.drain()
    ids = [json.loads(body)["id"] for _, body in receiver.received[4:]]
    assert ids == [str(event.pk) for event in events if event]


def test_linking_a_bank_sends_every_event_once(
    api: Api, own_sandbox: Sandbox, tenant: Tenant, nucleus_client: Client, receiver: Receiver
):
    own_sandbox.call("POST", "/_control/reset", json={})
    own_sandbox.call("PUT", "/_control/settings", json={"verification_flow": "legacy"})
    connect_tenant(tenant, own_sandbox)
    register(api, receiver, extended_events=list(outbound_webhooks.EXTENDED))
    body = {"nucleus_client_id": nucleus_client.id, "product": "atom", "vendor_name": "mx"}
    user = api.post("/integration/v1/user", body).data["vendor_response"]["guid"]
    member = own_sandbox.connect(user)
    link(api, nucleus_client, member)
    own_sandbox.call("POST", f"/users/{user}/members/{member}/verify")
    request = {**body, "vendor_request": {"member_id": member}}
    assert api.post("/integration/v1/iav", request).status_code == 200
    run_everything()
    events = [json.loads(content)["event"] for _, content in receiver.received]
    counts = {event: events.count(event) for event in events}
    assert counts[outbound_webhooks.ACCOUNT] == 6
    assert counts[outbound_webhooks.BALANCE] == 6
    assert counts[outbound_webhooks.HOLDING] == 1
    assert counts[outbound_webhooks.TRANSACTION] >= 4
    assert counts[outbound_webhooks.VERIFIED] == 3
    delivered = len(receiver.received)
    sync.enqueue(member=Member.unscoped.get(), scope=SyncScope.EVERYTHING)
    run_everything()
    assert len(receiver.received) == delivered  # nothing has changed
    own_sandbox.call("PUT", f"/_control/members/{member}", json={"connection_status": "DENIED"})
    sync.enqueue(member=Member.unscoped.get(), scope=SyncScope.STATUS)
    run_everything()
    last = json.loads(receiver.received[-1][1])
    assert (last["event"], last["data"]["connection_status"]) == (
        outbound_webhooks.STATUS,
        "DENIED",
    )
    assert len(last["data"]["nucleus_aggregation_account_ids"]) == 6
    assert api.get(last["data"]["widget_link"]).status_code == 200


def test_another_tenants_webhooks_do_not_exist(api: Api, receiver: Receiver, foreign_api: Api):
    made = register(api, receiver)
    assert foreign_api.get(f"{BASE}/{made['id']}").status_code == 404
    assert foreign_api.put(f"{BASE}/{made['id']}", {"is_active": False}).status_code == 404
    assert foreign_api.delete(f"{BASE}/{made['id']}").status_code == 404
    assert foreign_api.get(BASE).data["content"] == []
    assert api.get(f"{BASE}/{made['id']}").data["is_active"] is True
