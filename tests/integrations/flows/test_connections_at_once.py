"""Reports, adoptions and syncs of one connection at the same time: each account and event once."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from integrations.flows import missing_connections, user_sessions
from integrations.jobs import runner
from integrations.models import AggregationSettings, Job, JobState, Member, OutboundEvent
from integrations.vendors.errors import VendorUserError
from nucleus.models import AggregationAccount, Client
from tests.api import Api
from tests.gateway.integration_api.conftest import link
from tests.gateway.webhooks.conftest import connected_member, news, post
from tests.parallel import at_once
from tests.sandbox_process import Sandbox

BASE = "/integration/v1"
EVENTS = ["connection_created", "connection_gone"]


@pytest.fixture
def subscribed(transactional_db: None, api: Api) -> None:
    """Events are stored; nothing is sent to the subscription."""
    body = {"url": "https://127.0.0.1:9/", "extended_events": EVENTS}
    assert api.post(f"{BASE}/webhook", body).status_code == 200


def event_types() -> list[str]:
    return list(OutboundEvent.unscoped.values_list("type", flat=True))


def test_adoption_and_reports(
    subscribed: None,
    api: Api,
    own_mx: Sandbox,
    aggregation_settings: AggregationSettings,
    nucleus_client: Client,
):
    body: dict[str, Any] = {"nucleus_client_id": nucleus_client.id, "vendor_name": "mx"}
    user = api.post(f"{BASE}/user", body).data["vendor_response"]["guid"]
    member = own_mx.connect(user)
    own_mx.call("POST", "/_control/clock", json={"advance": "1m"})
    post(aggregation_settings, news(member, user))
    token = api.headers["Authorization"][7:]
    numbers = count()

    def adopt_or_report() -> None:
        if next(numbers) % 2:
            link(Api(token), nucleus_client, member)
        else:
            Job.objects.filter(kind="deliver_webhook").delete()
            runner.run_next()

    at_once(4, adopt_or_report)
    Job.objects.filter(kind="deliver_webhook").delete()
    Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
    runner.drain()
    assert AggregationAccount.unscoped.count() == 6
    assert event_types() == ["connection_created"]


def test_a_connection_and_a_user_that_are_gone(
    subscribed: None, api: Api, own_mx: Sandbox, nucleus_client: Client, connection: Member
):
    vendor_user = connection.vendor_user
    event = {"kind": "delete_user", "user": vendor_user.vendor_user_id}
    own_mx.call("POST", "/_control/bank/events", json=event)
    numbers = count()

    def notice() -> None:
        if next(numbers) % 2:
            missing_connections.mark_missing(connection)
            return
        with (
            pytest.raises(VendorUserError),
            user_sessions.open_for_user(vendor_user) as vendor,
        ):
            vendor.list_members(user_id=str(vendor_user.vendor_user_id))

    at_once(6, notice)
    assert event_types() == ["connection_created", "connection_gone"]
    assert not AggregationAccount.unscoped.filter(is_active=True).exists()


@pytest.fixture
def connection(subscribed: None, api: Api, own_mx: Sandbox, nucleus_client: Client) -> Member:
    member = connected_member(api, own_mx, nucleus_client)
    Job.objects.filter(kind="deliver_webhook").delete()
    return member
