"""Hydrogen's SDKs, unmodified: audit logs and Nucleus webhooks, and refusing a token exchange."""

from __future__ import annotations

from datetime import date

import integration_api
import nucleus_api
import pytest
from django.utils import timezone
from integration_api.rest import ApiException

from nucleus.models import Client
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_integration_audit_log(
    integration_sdk: integration_api.ApiClient,
    mx: Sandbox,
    nucleus_client: Client,
):
    utils = integration_api.UtilsApi(integration_sdk)
    owner_fields = {
        "nucleus_client_id": str(nucleus_client.pk),
        "product": "atom",
        "vendor_name": "mx",
    }
    utils.create_user_using_post(integration_api.CreateUserRequest(**owner_fields))
    today: date = timezone.now().date()
    page = utils.get_audit_log_all_using_get(
        nucleus_client_id=str(nucleus_client.pk), event="create_user", request_type="POST",
        integration_type="aggregation", vendor_name="mx", is_request=True, start_date=today,
        end_date=today, order_by="create_date", ascending=True, page=0, size=10,
    )  # fmt: skip
    (row,) = page.content
    assert row["request_url"] == "/users"
    assert row["nucleus_client_id"] == str(nucleus_client.pk)
    assert (page.total_elements, page.sort[0].direction) == (1, "ASC")


def test_the_token_exchange_says_what_to_call(
    integration_sdk: integration_api.ApiClient,
    nucleus_client: Client,
):
    body = integration_api.ExchangeTokenCO(
        nucleus_client_id=str(nucleus_client.pk), product="atom", vendor_name="mx"
    )
    with pytest.raises(ApiException) as refused:
        integration_api.UtilsApi(integration_sdk).create_token_exchange_using_post(body)
    assert refused.value.status == 400
    assert "/integration/v1/aggregation/account" in refused.value.body


def test_nucleus_audit_log(nucleus_sdk: nucleus_api.ApiClient, nucleus_client: Client):
    utils = nucleus_api.UtilsApi(nucleus_sdk)
    created = utils.create_audit_log_using_post(
        nucleus_api.AuditLog(
            request_url="https://app.demo.example/consents",
            response="accepted",
            client_ids=[str(nucleus_client.pk)],
            metadata={"version": "3"},
        )
    )
    read = utils.get_audit_log_using_get(created.id)
    assert (read.response, read.client_ids) == ("accepted", [str(nucleus_client.pk)])
    assert (read.metadata, read.goal_ids) == ({"version": "3"}, [])
    page = utils.get_audit_log_all_using_get(page=0, size=10, filter=f"id=={created.id}")
    assert [item.id for item in page.content] == [created.id]


def test_nucleus_webhooks(nucleus_sdk: nucleus_api.ApiClient):
    webhooks = nucleus_api.WebhookApi(nucleus_sdk)
    services = ["aggregation_account_transaction", "bank_link_verified", "client"]
    url = "http://127.0.0.1:9/hooks"
    created = webhooks.create_webhook_using_post(
        nucleus_api.Webhook(url=url, atom_service=services, is_active=True)
    )
    assert created.secret.startswith("whsec_")
    read = webhooks.get_webhook_using_get(created.id)
    assert (read.url, read.atom_service, read.is_active) == (url, services, True)
    assert [item.id for item in webhooks.get_webhook_all_using_get(size=10).content] == [created.id]
    changed = webhooks.update_webhook_using_put(
        nucleus_api.Webhook(url=url, is_active=False), created.id
    )
    assert (changed.is_active, changed.atom_service) == (False, services)
    webhooks.delete_webhook_using_delete(created.id)
    with pytest.raises(nucleus_api.rest.ApiException) as missing:
        webhooks.get_webhook_using_get(created.id)
    assert missing.value.status == 404


def test_every_value_of_hydrogens_enum_is_accepted(nucleus_sdk: nucleus_api.ApiClient):
    """The enum is read off the SDK's refusal, so that ours cannot drift from it."""
    with pytest.raises(ValueError, match="must be a subset") as refusal:
        nucleus_api.Webhook(url="http://127.0.0.1:9/hooks", atom_service=["nonsense"])
    text = str(refusal.value).rsplit("[", 1)[1].rstrip("]").split(", ")
    assert len(text) == 29
    body = nucleus_api.Webhook(url="http://127.0.0.1:9/hooks", atom_service=text)
    created = nucleus_api.WebhookApi(nucleus_sdk).create_webhook_using_post(body)
    assert created.atom_service == text
