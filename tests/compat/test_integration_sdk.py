"""Hydrogen's own SDK, unmodified, through the whole story over real HTTP.

The SDK cuts its token URL at ".com", so it only speaks to Hydrogen's host name; name resolution
sends that one name to the live server (docs/hydrogen-contract.md#host-and-token-url).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import integration_api
import pytest
from django.utils import timezone
from integration_api.rest import ApiException

from gateway.access.models import Application
from integrations.models import AsyncTransaction, Job, JobState
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
    BankLink,
    Client,
    Tenant,
)
from tests import mx_api
from tests.compat.fields import is_as_stored
from tests.factories.nucleus import BusinessFactory
from tests.gateway.integration_api.conftest import run_jobs
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def linked_bank(
    integration_sdk: integration_api.ApiClient, mx: Sandbox, nucleus_client: Client
) -> tuple[integration_api.ApiClient, Client, str, list[Any]]:
    """User created, bank linked by the end user, accounts created."""
    requested = integration_api.CreateUserRequest(
        nucleus_client_id=str(nucleus_client.id),
        product="atom",
        integration_type="aggregation",
        vendor_name="mx",
    )
    user = integration_api.UtilsApi(integration_sdk).create_user_using_post(requested)
    reported = {"message", "vendor_response"}
    for name in user.swagger_types.keys() - reported:
        assert getattr(user, name) == getattr(requested, name), name
    assert user.message is None
    stored = mx.call("GET", f"/users/{user.vendor_response['guid']}")["user"]
    key = {"atrium": "identifier", "platform": "id"}[mx_api.chosen().slug]
    assert user.vendor_response[key] == stored["identifier"]
    member = mx.connect(user.vendor_response["guid"])
    request = integration_api.AggregationRequestObject(
        nucleus_client_id=str(nucleus_client.id),
        product="atom",
        vendor_request=integration_api.AggregationVendorRequestCO(member_id=member),
    )
    response = integration_api.AggregationApi(
        integration_sdk
    ).create_aggregation_account_using_post(request)
    rows = response.nucleus_aggregation_accounts
    return integration_sdk, nucleus_client, member, [row.body for row in rows]


def are_as_stored(responses: list[Any], table: Any) -> int:
    """Every field of every row; how many there are."""
    rows = table.unscoped.in_bulk([response.body.id for response in responses])
    for response in responses:
        assert (response.status_code, response.message) == (200, None)
        is_as_stored(response.body, rows[UUID(response.body.id)])
    return len(rows)


def test_the_main_flow(
    linked_bank: tuple[integration_api.ApiClient, Client, str, list[Any]], mx: Sandbox
):
    integration_sdk, client, member, accounts = linked_bank
    run_jobs()
    aggregation = integration_api.AggregationApi(integration_sdk)
    ids = [account.id for account in accounts]
    posted: list[Any] = []
    holdings: list[Any] = []
    for account in accounts:
        pulled = aggregation.get_aggregation_account_using_get(account.id)
        rows = [pulled.nucleus_aggregation_account]
        assert rows[0].body.account_name == account.account_name
        assert are_as_stored(rows, AggregationAccount) == 1
        balance = aggregation.get_aggregation_account_balance_using_get(account.id)
        stored = AggregationAccountBalance.unscoped.get(aggregation_account=account.id)
        is_as_stored(balance.nucleus_balance_posted, stored)
        response = aggregation.get_aggregation_account_transaction_using_get(account.id)
        posted += response.nucleus_transactions_posted
        holdings += aggregation.get_aggregation_account_holding_using_get(
            account.id
        ).nucleus_holdings_posted
        assert response.vendor_name == "mx"
    assert are_as_stored(posted, AggregationAccountTransaction) > 100
    assert are_as_stored(holdings, AggregationAccountHolding) > 0
    for call in (
        aggregation.get_aggregation_account_all_using_get,
        aggregation.get_aggregation_account_balance_all_using_get,
        aggregation.get_aggregation_account_transaction_all_using_get,
        aggregation.get_aggregation_account_holding_all_using_get,
    ):
        responses = call(ids)
        assert [item.nucleus_aggregation_account_id for item in responses] == ids

    link = integration_api.UtilsApi(integration_sdk).get_widget_link_using_get(
        str(client.id), vendor_name="mx", mode="iav", is_business=False, member_id=member
    )
    assert (link.widget_url.startswith(mx.base_url), link.vendor_name) == (True, "mx")

    bank_link_id = verify_accounts(integration_api.IAVApi(integration_sdk), client, member)
    integration_api.IAVApi(integration_sdk).delete_bank_link_using_delete(bank_link_id)
    aggregation.delete_aggregation_account_using_delete(ids[0])


def verify_accounts(iav: integration_api.IAVApi, client: Client, member: str) -> str:
    """Verify the member's accounts and read each bank link back; returns the id of one."""
    verified = iav.create_iav_using_post(
        integration_api.IavRequestCO(
            nucleus_client_id=str(client.id),
            product="atom",
            vendor_request=integration_api.IavVendorRequestCO(member_id=member),
        )
    )
    links = [row.nucleus_bank_link for row in verified.bank_link.response]
    assert links
    for link in links:
        row = BankLink.unscoped.get(pk=link.id)
        is_as_stored(link, row)
        (read,) = iav.get_iav_using_get(link.id).bank_link.response
        is_as_stored(read.nucleus_bank_link, row)
        assert (read.status_code, read.message) == (200, None)
        # The SDK loses the whole answer over a holder that is null; nobody's is empty.
        assert link.bank_account_holder == ""
        assert link.metadata["bank_account_holder_source"] == "not_confirmed"
    return str(links[0].id)


def test_errors_reach_the_caller(
    integration_sdk: integration_api.ApiClient, nucleus_client: Client
):
    with pytest.raises(ApiException) as refused:
        integration_api.UtilsApi(integration_sdk).get_widget_link_using_get(str(nucleus_client.id))
    assert refused.value.status == 400
    assert "message" in refused.value.body


def test_wrong_secret(resolved: str, application: Application):
    configuration = integration_api.Configuration()
    configuration.host = f"{resolved}/integration/v1"
    auth = integration_api.AuthApi(integration_api.ApiClient(configuration))
    with pytest.raises(ApiException) as refused:
        auth.create_using_post_client_credentials(application.client_id, "wrong")
    assert refused.value.status == 401


def test_webhooks(integration_sdk: integration_api.ApiClient):
    webhooks = integration_api.WebhookApi(integration_sdk)
    services = ["async_aggregation_account_transaction", "async_aggregation_account_holding"]
    url = "http://127.0.0.1:9/hooks"
    created = webhooks.create_webhook_using_post(
        integration_api.Webhook(url=url, integration_service=services, is_active=True)
    )
    assert created.secret.startswith("whsec_")
    read = webhooks.get_webhook_using_get(created.id)
    assert (read.url, read.integration_service, read.is_active) == (url, services, True)
    page = webhooks.get_webhook_all_using_get(page=0, size=10)
    assert [item.id for item in page.content] == [created.id]
    webhook = integration_api.Webhook(url=url, is_active=False)
    changed = webhooks.update_webhook_using_put(webhook, created.id)
    assert changed.is_active is False
    webhooks.delete_webhook_using_delete(created.id)
    with pytest.raises(ApiException) as missing:
        webhooks.get_webhook_using_get(created.id)
    assert missing.value.status == 404


def test_async(linked_bank: tuple[integration_api.ApiClient, Client, str, list[Any]]):
    integration_sdk, _, _, accounts = linked_bank
    run_jobs()
    api = integration_api.AsyncApi(integration_sdk)
    started = [
        api.get_async_data("aggregation", "transaction"),
        api.get_async_data_bulk_using_post({"any": 1}, "aggregation", "holding"),
        api.get_async_data_by_id(accounts[0].id, "aggregation", "account"),
    ]
    for item in started:
        is_as_stored(item, AsyncTransaction.unscoped.get(pk=item.id))
    assert {item.status for item in started} == {"PENDING"}
    for _ in range(40):
        Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
        run_jobs()
        matches = [api.get_async_status(item.id) for item in started]
        if all(item.status != "PENDING" for item in matches):
            break
    assert [item.status for item in matches] == ["COMPLETED"] * 3
    for item in matches:
        is_as_stored(item, AsyncTransaction.unscoped.get(pk=item.id))
        assert item.response


def test_a_business(integration_sdk: integration_api.ApiClient, mx: Sandbox, tenant: Tenant):
    business_id = str(BusinessFactory(tenant=tenant).pk)
    user = integration_api.UtilsApi(integration_sdk).create_user_using_post(
        integration_api.CreateUserRequest(nucleus_business_id=business_id, product="atom")
    )
    assert (user.nucleus_business_id, user.nucleus_client_id) == (business_id, None)
    member = mx.connect(user.vendor_response["guid"])
    link = integration_api.UtilsApi(integration_sdk).get_widget_link_using_get(
        business_id, is_business=True
    )
    assert link.widget_url.startswith("http")
    accounts = integration_api.AggregationApi(
        integration_sdk
    ).create_aggregation_account_using_post(
        integration_api.AggregationRequestObject(
            nucleus_business_id=business_id,
            vendor_request=integration_api.AggregationVendorRequestCO(member_id=member),
        )
    )
    rows = [row.body for row in accounts.nucleus_aggregation_accounts]
    assert {(row.business_id, row.client_id) for row in rows} == {(business_id, None)}
    verified = integration_api.IAVApi(integration_sdk).create_iav_using_post(
        integration_api.IavRequestCO(
            nucleus_business_id=business_id,
            vendor_request=integration_api.IavVendorRequestCO(member_id=member),
        )
    )
    links = [row.nucleus_bank_link for row in verified.bank_link.response]
    assert {row.business_id for row in links} == {business_id}
