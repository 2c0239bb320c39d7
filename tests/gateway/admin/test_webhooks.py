"""The screens of webhooks to applications: statistics, buttons, bodies, attempts and search."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client as HttpClient
from django.utils import timezone

from integrations.flows import outbound_webhooks
from integrations.models import Job, OutboundEvent, WebhookDelivery, WebhookSubscription
from nucleus.models import Tenant
from tests.factories.nucleus import ClientFactory
from tests.gateway.admin.conftest import Staff

SUBSCRIPTIONS = "/admin/integrations/webhooksubscription/"
DELIVERIES = "/admin/integrations/webhookdelivery/"
State = WebhookDelivery.State


@pytest.fixture
def subscription(tenant: Tenant) -> WebhookSubscription:
    row = WebhookSubscription(
        tenant=tenant, url="https://app.demo.example/hooks",
        extended_events=[outbound_webhooks.STATUS],
    )  # fmt: skip
    row.save()
    return row


def deliver(subscription: WebhookSubscription, state: str, **data: Any) -> WebhookDelivery:
    client = data.pop("client", None)
    outbound_webhooks.emit(
        tenant_id=subscription.tenant_id, event=outbound_webhooks.STATUS,
        client_id=client and client.pk, data=data,
    )  # fmt: skip
    row = WebhookDelivery.unscoped.order_by("-create_date")[0]
    attempt = {"at": "2026-11-27T10:00:00+00:00", "status": 503, "error": "", "seconds": 0.5}
    WebhookDelivery.unscoped.filter(pk=row.pk).update(state=state, attempts=[attempt])
    Job.objects.all().delete()
    return row


def confirm(http: HttpClient, path: str, **body: Any) -> str:
    assert "No, take me back" in http.get(path).content.decode()
    return http.post(path, {"confirmed": "yes", **body}, follow=True).content.decode()


def state_of(row: WebhookDelivery) -> str:
    return WebhookDelivery.unscoped.get(pk=row.pk).state


def test_a_webhook_shows_its_hours_and_last_failure(
    superuser: HttpClient, subscription: WebhookSubscription
):
    for state in (State.DELIVERED, State.DELIVERED, State.FAILED):
        deliver(subscription, state)
    page = superuser.get(f"{SUBSCRIPTIONS}{subscription.pk}/change/").content.decode()
    assert "Deliveries by hour" in page
    assert f"{timezone.now():%Y-%m-%d %H:00}" in page
    assert "HTTP 503" in page
    assert subscription.secret not in page


def test_a_delivery_shows_its_body_attempts_and_headers(
    superuser: HttpClient, subscription: WebhookSubscription
):
    row = deliver(subscription, State.FAILED, message="Log in again.", api_key="canary")
    page = superuser.get(f"{DELIVERIES}{row.pk}/change/").content.decode()
    for text in ("Log in again.", "2026-11-27 10:00:00", "503", "webhook-signature", "[hidden]"):
        assert text in page, text
    assert "canary" not in page


def test_deliveries_are_found_by_customer_event_and_url(
    superuser: HttpClient, subscription: WebhookSubscription
):
    ada: Any = ClientFactory(tenant=subscription.tenant, last_name="Lovelace")
    own, other = (
        deliver(subscription, State.DELIVERED, client=ada),
        deliver(subscription, State.DELIVERED),
    )

    def shown(text: str) -> set[Any]:
        response: Any = superuser.get(DELIVERIES, {"q": text})
        return {row.pk for row in response.context["cl"].result_list}

    assert shown("lovelace") == shown(str(ada.pk)) == {own.pk}
    assert shown(str(other.event_id)) == shown(str(other.pk)) == {other.pk}
    assert shown("account_status") == shown("app.demo.example") == {own.pk, other.pk}
    assert shown("nothing") == set()


def test_a_test_event_is_sent_to_one_url(staff: Staff, subscription: WebhookSubscription):
    rights = ("integrations.view_webhooksubscription", "integrations.change_webhooksubscription")
    http, viewer = staff(*rights, name="operator"), staff(rights[0], name="viewer")
    path = f"{SUBSCRIPTIONS}{subscription.pk}/do/send_test/"
    assert viewer.post(path, {"confirmed": "yes"}).status_code == 403
    assert not OutboundEvent.unscoped.exists()
    assert "The test event is queued" in confirm(http, path)
    delivery = WebhookDelivery.unscoped.get()
    assert (delivery.subscription, delivery.event.type) == (subscription, "webhook_test")
    assert Job.objects.get().payload == {"delivery_id": str(delivery.pk)}
    assert LogEntry.objects.count() == 1


def test_failed_deliveries_are_recovered_once(
    superuser: HttpClient, subscription: WebhookSubscription, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("integrations.flows.deliveries.MAX_RECOVERED", 2)
    delivered = deliver(subscription, State.DELIVERED)
    failed = [deliver(subscription, State.FAILED) for _ in range(3)]
    old = deliver(subscription, State.FAILED)
    WebhookDelivery.unscoped.filter(pk=old.pk).update(
        create_date=timezone.now() - timedelta(days=3)
    )
    path = f"{SUBSCRIPTIONS}{subscription.pk}/do/recover/"
    since = f"{timezone.now() - timedelta(days=1):%Y-%m-%dT%H:%M}"
    page = confirm(superuser, path, since=since)
    assert "2 deliveries that were given up are sent again" in page
    assert "There are more" in page
    assert "1 deliveries" in confirm(superuser, path, since=since)
    assert "0 deliveries" in confirm(superuser, path, since=since)
    assert {state_of(row) for row in failed} == {State.WAITING}
    assert (state_of(delivered), state_of(old)) == (State.DELIVERED, State.FAILED)
    assert Job.objects.count() == 3


def test_switched_off_and_on(superuser: HttpClient, subscription: WebhookSubscription):
    path = f"{SUBSCRIPTIONS}{subscription.pk}/do/"
    row = deliver(subscription, State.FAILED)
    assert "Switched off." in confirm(superuser, f"{path}switch_off/")
    subscription.refresh_from_db()
    assert not subscription.is_active
    assert "not possible any more" in superuser.get(f"{path}recover/", follow=True).content.decode()
    again = confirm(superuser, f"{DELIVERIES}{row.pk}/do/replay/")
    assert "0 deliveries were queued again" in again
    assert "1 skipped: their webhook is switched off" in again
    other = WebhookSubscription(
        tenant=subscription.tenant, url="https://other.demo.example/",
        extended_events=[outbound_webhooks.STATUS],
    )  # fmt: skip
    other.save()
    assert "is already active for this" in confirm(superuser, f"{path}switch_on/")
    other.delete()
    assert "Switched on." in confirm(superuser, f"{path}switch_on/")


def test_what_two_recover_at_once_is_sent_once(subscription: WebhookSubscription):
    row = deliver(subscription, State.FAILED)
    rows = [row]  # both have read it as given up
    assert outbound_webhooks.replay(rows, only_failed=True) == 1
    assert outbound_webhooks.replay(rows, only_failed=True) == 0
    assert Job.objects.count() == 1


def test_deliveries_with_the_same_error_are_delivered_again_together(
    superuser: HttpClient, staff: Staff, subscription: WebhookSubscription, tenant: Tenant
):
    failed = [deliver(subscription, State.FAILED) for _ in range(3)]
    waiting = deliver(subscription, State.WAITING)
    other = deliver(subscription, State.FAILED)
    refused = {"at": "2026-11-27T10:00:00+00:00", "status": None, "error": "tls_failed"}
    WebhookDelivery.unscoped.filter(pk=other.pk).update(attempts=[refused])
    assert "Deliveries with the same error" in superuser.get(DELIVERIES).content.decode()
    page = superuser.get(f"{DELIVERIES}errors/")
    groups = page.context["groups"]
    assert [(group["text"], group["counts"]) for group in groups] == [
        ("HTTP 503", "3 given up, 1 tried again"), ("Tls failed", "1 given up, 0 tried again"),
    ]  # fmt: skip
    (_, shown), (_, address) = groups[0]["links"]
    assert len(superuser.get(shown).context["cl"].result_list) == 4
    text = confirm(superuser, address)
    assert "3 deliveries were queued again" in text
    assert {state_of(row) for row in (*failed, waiting)} == {State.WAITING}
    assert state_of(other) == State.FAILED
    assert Job.objects.count() == 3
    assert superuser.get(f"{DELIVERIES}errors/0123456789abcdef/").status_code == 404
    viewer = staff("integrations.view_webhookdelivery", tenants=[tenant])
    assert len(viewer.get(f"{DELIVERIES}errors/").context["groups"][0]["links"]) == 1
    address = superuser.get(f"{DELIVERIES}errors/").context["groups"][1]["links"][1][1]
    assert viewer.post(address, {"confirmed": "yes"}).status_code == 403
    elsewhere = staff("integrations.view_webhookdelivery", name="elsewhere", tenants=[])
    assert elsewhere.get(f"{DELIVERIES}errors/").context["groups"] == []
