"""The screen of inbound webhooks: in words, and handled again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client as HttpClient
from django.utils import timezone

from integrations.flows import inbound_webhooks
from integrations.models import InboundWebhook, Job, Member, VendorUser
from nucleus.models import Tenant
from tests.factories.nucleus import ClientFactory
from tests.gateway.admin.conftest import Staff

WEBHOOKS = "/admin/integrations/inboundwebhook/"
State = InboundWebhook.State


def receive(tenant: Tenant, **body: Any) -> InboundWebhook:
    return inbound_webhooks.receive(tenant=tenant, vendor="mx", body=json.dumps(body).encode())


def receive_early(tenant: Tenant, number: int = 1) -> InboundWebhook:
    return receive(tenant, type="CONNECTION_STATUS", member_guid=f"MBR-{number}", user_guid="USR-1")


@pytest.fixture
def early(tenant: Tenant) -> InboundWebhook:
    return receive_early(tenant)


def link(tenant: Tenant) -> Member:
    ada: Any = ClientFactory(tenant=tenant, first_name="Ada", last_name="Lovelace")
    user = VendorUser.unscoped.create(
        tenant=tenant, client=ada, vendor="mx", identifier="i", vendor_user_id="USR-1"
    )
    return Member.unscoped.create(
        tenant=tenant, vendor_user=user, vendor_member_id="MBR-1", name="MX Bank"
    )


def confirm(http: HttpClient, path: str, **body: Any) -> str:
    assert "No, take me back" in http.get(path).content.decode()
    return http.post(path, {"confirmed": "yes", **body}, follow=True).content.decode()


def shown(http: HttpClient, **query: Any) -> list[Any]:
    response: Any = http.get(WEBHOOKS, query)
    return [row.pk for row in response.context["cl"].result_list]


def test_early_webhooks_differ_from_unreadable_ones(
    superuser: HttpClient, tenant: Tenant, early: InboundWebhook
):
    strange = receive(tenant, type="AGGREGATION")
    assert (early.state, strange.state) == (State.EARLY, State.QUARANTINED)
    page = superuser.get(WEBHOOKS).content.decode()
    assert "Too early: not linked here" in page
    assert "Kept, not understood" in page
    assert shown(superuser, state__exact="quarantined") == [strange.pk]


def test_rows_name_their_customer_and_are_found_by_it(
    superuser: HttpClient, tenant: Tenant, early: InboundWebhook
):
    member = link(tenant)
    receive(tenant, type="AGGREGATION")
    page = superuser.get(f"{WEBHOOKS}{early.pk}/change/").content.decode()
    assert "Connection status" in page
    assert f"/admin/nucleus/client/{member.vendor_user.client_id}/change/" in page
    assert f"/admin/integrations/member/{member.pk}/change/" in page
    for text in ("lovelace", "MBR-1", str(member.pk), str(early.pk), "CONNECTION"):
        assert shown(superuser, q=text) == [early.pk], text
    assert shown(superuser, q="nobody") == []


def test_handled_again_with_what_is_linked_now(staff: Staff, tenant: Tenant, early: InboundWebhook):
    rights = ("integrations.view_inboundwebhook", "integrations.change_inboundwebhook")
    http, viewer = staff(*rights, name="operator"), staff(rights[0], name="viewer")
    path = f"{WEBHOOKS}{early.pk}/do/handle_again/"
    assert "1 are still too early" in confirm(http, path)
    assert not Job.objects.exists()
    link(tenant)
    assert viewer.post(path, {"confirmed": "yes"}).status_code == 403
    assert not Job.objects.exists()
    assert "1 are read by a job now" in confirm(http, path)
    early.refresh_from_db()
    assert (early.state, early.note) == (State.RECEIVED, "")
    assert Job.objects.get().kind == "sync_member"
    assert LogEntry.objects.count() == 2


def test_all_since_a_time(staff: Staff, tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("integrations.flows.inbound_replays.MAX_ROWS", 2)
    rights = ("integrations.view_inboundwebhook", "integrations.change_inboundwebhook")
    http, viewer = staff(*rights, name="operator"), staff(rights[0], name="viewer")
    for number in range(2, 6):
        receive_early(tenant, number)
    old, *_ = InboundWebhook.objects.order_by("create_date")
    InboundWebhook.objects.filter(pk=old.pk).update(create_date=timezone.now() - timedelta(days=3))
    path = f"{WEBHOOKS}again/"
    assert viewer.get(path).status_code == 403
    assert "Handle all since" not in viewer.get(WEBHOOKS).content.decode()
    assert "Handle all since" in http.get(WEBHOOKS).content.decode()
    since = f"{timezone.now() - timedelta(days=1):%Y-%m-%dT%H:%M}"
    page = confirm(http, path, since=since, only_unhandled="on")
    assert "2 are still too early" in page
    assert "There are more: repeat it" in page
    assert LogEntry.objects.count() == 2
    assert "This field is required" in confirm(http, path, since="")
