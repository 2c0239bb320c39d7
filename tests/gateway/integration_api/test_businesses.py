"""A business links its bank: every step that a client can take."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from gateway.access.models import Application
from integrations.flows import outbound_webhooks, reconciliation
from integrations.models import Member, OutboundEvent, VendorUser, WebhookSubscription
from nucleus.models import AggregationAccount, BankLink, Business, Client, Tenant
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import BusinessFactory
from tests.gateway.integration_api.conftest import run_jobs
from tests.sandbox_process import Sandbox

BASE = "/integration/v1"


@pytest.fixture
def business(tenant: Tenant) -> Business:
    return BusinessFactory(tenant=tenant, legal_name="Demo Bakery LLC")


@pytest.fixture
def body(business: Business) -> dict[str, Any]:
    return {"nucleus_business_id": business.id, "nucleus_client_id": None, "product": "atom"}


@pytest.fixture
def member(api: Api, mx: Sandbox, body: dict[str, Any]) -> str:
    """A member of the business's MX user."""
    response = api.post(f"{BASE}/user", body)
    assert response.status_code == 200, response.data
    return mx.connect(str(response.data["vendor_response"]["guid"]))


def with_member(body: dict[str, Any], member: str) -> dict[str, Any]:
    return body | {"vendor_request": {"member_id": member}}


def linked(api: Api, body: dict[str, Any], member: str) -> list[dict[str, Any]]:
    response = api.post(f"{BASE}/aggregation/account", with_member(body, member))
    assert response.status_code == 200, response.data
    return [row["body"] for row in response.data["nucleus_aggregation_accounts"]]


def test_its_user_is_made_once(api: Api, mx: Sandbox, business: Business, body: dict[str, Any]):
    first, second = (api.post(f"{BASE}/user", body).data for _ in range(2))
    assert first == second
    assert first["nucleus_business_id"] == str(business.id)
    assert first["nucleus_client_id"] is None
    user = VendorUser.unscoped.get()
    assert (user.owner, user.client) == (business, None)


def test_a_clients_identifier_stays_what_it_was(api: Api, mx: Sandbox, nucleus_client: Client):
    """Users that exist at the vendor are found by it."""
    api.post(f"{BASE}/user", {"nucleus_client_id": nucleus_client.id, "product": "atom"})
    expected = uuid.uuid5(nucleus_client.tenant_id, f"{nucleus_client.id}:mx")
    assert VendorUser.unscoped.get().identifier == str(expected)


def test_from_widget_to_bank_link(
    api: Api, tenant: Tenant, business: Business, body: dict[str, Any], member: str
):
    WebhookSubscription.unscoped.create(
        tenant=tenant,
        url="http://127.0.0.1:9/hooks",
        integration_service=[outbound_webhooks.ACCOUNT, outbound_webhooks.TRANSACTION],
        extended_events=[outbound_webhooks.VERIFIED],
    )
    for query in ({}, {"is_business": "True", "mode": "iav", "member_id": member}):
        assert api.get(f"{BASE}/widget_link/{business.id}", **query).status_code == 200
    accounts = linked(api, body, member)
    assert accounts
    assert {(account["business_id"], account["client_id"]) for account in accounts} == {
        (str(business.id), None)
    }
    run_jobs()
    ids = [account["id"] for account in accounts]
    posted = {}
    for kind in ("account", "balance", "transaction", "holding"):
        responses = api.get(f"{BASE}/aggregation/{kind}", aggregation_account_id_list=ids).data
        assert [response["nucleus_aggregation_account_id"] for response in responses] == ids
        posted[kind] = responses
    assert sum(len(row["nucleus_transactions_posted"]) for row in posted["transaction"]) > 100
    verified = api.post(f"{BASE}/iav", with_member(body, member)).data["bank_link"]["response"]
    links = [row["nucleus_bank_link"] for row in verified]
    assert {
        (link["business_id"], link["client_id"], link["bank_account_holder"]) for link in links
    } == {(str(business.id), None, "")}  # the bank names nobody
    assert api.get(f"{BASE}/iav/{links[0]['id']}").status_code == 200
    repair = api.get(f"{BASE}/widget_link/{business.id}", nucleus_bank_link_id=links[0]["id"])
    assert repair.status_code == 200
    events = [json.loads(row.payload) for row in OutboundEvent.unscoped.all()]
    assert {event["event"] for event in events} == {
        outbound_webhooks.ACCOUNT,
        outbound_webhooks.TRANSACTION,
        outbound_webhooks.VERIFIED,
    }
    assert {(event["nucleus_business_id"], event["nucleus_client_id"]) for event in events} == {
        (str(business.id), None)
    }
    page = api.get("/nucleus/v1/bank_link", filter=f"business_id=={business.id}").data
    assert page["total_elements"] == len(links)


def test_deleting_every_account_removes_the_member_at_mx(
    api: Api, mx: Sandbox, body: dict[str, Any], member: str, business: Business
):
    for account in linked(api, body, member):
        path = f"{BASE}/aggregation/account/{account['id']}"
        assert api.delete(path, "?delete_type=delete&nucleus_data=delete").status_code == 204
    assert not AggregationAccount.unscoped.exists()
    user = VendorUser.unscoped.get()
    assert mx.listed(f"/users/{user.vendor_user_id}/members", "members") == []
    assert api.get(f"/nucleus/v1/business/{business.id}").status_code == 200


def test_a_client_cannot_take_a_businesss_member(
    api: Api, nucleus_client: Client, business: Business, member: str
):
    client = {"nucleus_client_id": nucleus_client.id, "product": "atom"}
    assert api.post(f"{BASE}/user", client).status_code == 200
    for path in ("aggregation/account", "iav"):
        assert api.post(f"{BASE}/{path}", with_member(client, member)).status_code == 404
    widget = api.get(f"{BASE}/widget_link/{nucleus_client.id}", member_id=member)
    assert widget.status_code == 404
    assert not AggregationAccount.unscoped.exists()
    assert not BankLink.unscoped.exists()


def test_a_clients_token_reaches_nothing_of_a_business(
    api: Api,
    application: Application,
    nucleus_client: Client,
    business: Business,
    body: dict[str, Any],
    member: str,
):
    nucleus_client.business = business  # not even of its own
    nucleus_client.save()
    account = linked(api, body, member)[0]["id"]
    link = BankLink.unscoped.create(
        tenant=business.tenant, business=business, bank_account_number="1000", routing="68"
    )
    confined = Api(access_token(application, client=nucleus_client))
    for path in ("user", "aggregation/account", "iav"):
        assert confined.post(f"{BASE}/{path}", with_member(body, member)).status_code == 404
    for path in (
        f"widget_link/{business.id}", f"aggregation/account/{account}",
        f"aggregation/transaction/{account}", f"iav/{link.id}",
    ):  # fmt: skip
        assert confined.get(f"{BASE}/{path}").status_code == 404
    for path in (f"aggregation/account/{account}", f"iav/{link.id}"):
        assert confined.delete(f"{BASE}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["user", "aggregation/account", "iav"])
def test_bodies_name_one_owner(
    api: Api, mx: Sandbox, nucleus_client: Client, body: dict[str, Any], path: str
):
    both = api.post(
        f"{BASE}/{path}", with_member(body, "MBR-1") | {"nucleus_client_id": nucleus_client.id}
    )
    assert both.status_code == 400
    assert "not both" in both.data["errors"]["nucleus_business_id"][0]
    neither = api.post(f"{BASE}/{path}", with_member(body, "MBR-1") | {"nucleus_business_id": None})
    assert neither.status_code == 400
    assert "nucleus_business_id" in neither.data["errors"]["nucleus_client_id"][0]
    for unknown in (nucleus_client.id, BusinessFactory().id, uuid.uuid4()):
        response = api.post(
            f"{BASE}/{path}", with_member(body, "MBR-1") | {"nucleus_business_id": unknown}
        )
        assert response.status_code == 404
        assert "POST /nucleus/v1/business" in response.data["message"]
    foreign = api.get(f"{BASE}/widget_link/{BusinessFactory().id}")
    assert foreign.status_code == 404


def test_before_its_user_and_after_its_end(
    api: Api, mx: Sandbox, business: Business, body: dict[str, Any]
):
    early = api.get(f"{BASE}/widget_link/{business.id}")
    assert early.status_code == 400
    assert "This business has no MX user yet" in early.data["message"]
    api.delete(f"/nucleus/v1/business/{business.id}")
    late = api.post(f"{BASE}/user", body)
    assert late.status_code == 400
    assert "This business is deactivated" in late.data["message"]


def test_members_are_synced_while_the_business_is_active(
    api: Api, business: Business, body: dict[str, Any], member: str
):
    linked(api, body, member)

    def due() -> int:
        Member.unscoped.update(next_sync_at=timezone.now() - timedelta(seconds=1))
        return reconciliation.reconcile_due()

    assert due() == 1
    api.delete(f"/nucleus/v1/business/{business.id}")
    assert due() == 0
