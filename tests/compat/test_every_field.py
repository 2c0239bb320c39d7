"""Hydrogen's SDKs, unmodified: every field of every object that can be written.

The Nucleus SDK sends an object with all fields of its model; what it reads, what the Integration
SDK makes of the same answer (its models are the strictest), and what is stored are the same.
"""

from __future__ import annotations

from typing import Any

import integration_api
import nucleus_api
import pytest
from django.contrib.auth.hashers import check_password

from integrations.models import WebhookSubscription
from nucleus import models
from tests.compat.fields import filled, is_as_sent, is_as_stored
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BusinessFactory,
    MerchantFactory,
    TransactionFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "100012345678"
URL = "http://127.0.0.1:9/hooks"


@pytest.fixture(autouse=True)
def _complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Nucleus SDK forgets to list one of its models; docs/sdk.md has this line."""
    monkeypatch.setattr(nucleus_api.models, "Ownership", nucleus_api.Ownership, raising=False)


def written(
    sdk: nucleus_api.ApiClient, api: str, text: str, table: Any, sent: Any
) -> tuple[Any, Any]:
    """Create it; compare answers with what was sent and stored; its row and the raw answer."""
    calls = getattr(nucleus_api, api)(sdk)
    created = getattr(calls, f"create_{text}_using_post")(sent)
    row = table._base_manager.get(pk=created.id)
    read = getattr(calls, f"get_{text}_using_get")
    for response in (created, read(created.id)):
        is_as_sent(response, sent)
        is_as_stored(response, row)
    return row, read(created.id, _preload_content=False)


def test_clients(nucleus_sdk: nucleus_api.ApiClient, tenant: models.Tenant):
    sent = filled(nucleus_api.Client, business_id=str(BusinessFactory(tenant=tenant).pk))
    row, _ = written(nucleus_sdk, "ClientApi", "client", models.Client, sent)
    assert row.identification_number == sent.identification_number
    assert check_password(sent.password, row.password)


def test_businesses(nucleus_sdk: nucleus_api.ApiClient, nucleus_client: models.Client):
    sent = filled(nucleus_api.Business, client_id=str(nucleus_client.pk))
    row, _ = written(nucleus_sdk, "BusinessApi", "business", models.Business, sent)
    assert row.identification_number == sent.identification_number


def test_institutions(nucleus_sdk: nucleus_api.ApiClient):
    sent = filled(nucleus_api.Institution, **dict.fromkeys(
        ("website_url", "logo_url_small", "logo_url_medium"), "https://bank.demo.example/it"
    ))  # fmt: skip
    written(nucleus_sdk, "ResourceApi", "institution", models.Institution, sent)


def test_audit_logs(nucleus_sdk: nucleus_api.ApiClient):
    sent = filled(nucleus_api.AuditLog)
    written(nucleus_sdk, "UtilsApi", "audit_log", models.AuditLog, sent)


@pytest.mark.parametrize("owner", ["client", "business"])
def test_accounts_and_bank_links(
    nucleus_sdk: nucleus_api.ApiClient,
    integration_sdk: integration_api.ApiClient,
    nucleus_client: models.Client,
    owner: str,
):
    business = BusinessFactory(tenant=nucleus_client.tenant)
    owners: dict[str, Any] = {"client": nucleus_client, "business": business}
    value = {f"{item}_id": str(row.pk) if item == owner else None for item, row in owners.items()}
    bank = models.Institution.objects.create(tenant=nucleus_client.tenant, name="Demo Bank")
    value["institution_id"] = str(bank.pk)
    numbers = {"bank_account_number": NUMBER, "routing": "688999900", "routing_wire": "688999901"}
    sent = filled(nucleus_api.BankLink, **value, **numbers)
    link, raw = written(nucleus_sdk, "FundingApi", "bank_link", models.BankLink, sent)
    is_as_stored(integration_sdk.deserialize(raw, "BankLink"), link)
    sent = filled(nucleus_api.AggregationAccount, **value, bank_link_id=str(link.pk),
                  account_number=NUMBER)  # fmt: skip
    account, raw = written(
        nucleus_sdk, "AggregationAccountApi", "aggregation_account", models.AggregationAccount, sent
    )
    is_as_stored(integration_sdk.deserialize(raw, "AggregationAccount"), account)
    assert account.account_number == sent.account_number


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Balance", None),
        ("Holding", None),
        ("Transaction", "bank_credit"),
        ("Transaction", "cash"),
        ("Transaction", "investment"),
    ],
)
def test_entries(
    nucleus_sdk: nucleus_api.ApiClient,
    integration_sdk: integration_api.ApiClient,
    nucleus_client: models.Client,
    text: str,
    part: str | None,
):
    name = f"AggregationAccount{text}"
    account: Any = AggregationAccountFactory(client=nucleus_client)
    merchant: Any = MerchantFactory()  # known, because a transaction names it already
    TransactionFactory(aggregation_account=account, merchant_id=merchant.pk)
    remaining = [item for item in ("bank_credit", "cash", "investment") if item != part]
    sent = filled(
        getattr(nucleus_api, name),
        aggregation_account_id=str(account.pk),
        merchant_id=str(merchant.pk),
        **dict.fromkeys(remaining),
    )
    kind = f"aggregation_account_{text.lower()}"
    row, raw = written(nucleus_sdk, "AggregationAccountApi", kind, getattr(models, name), sent)
    is_as_stored(integration_sdk.deserialize(raw, name), row)


def test_webhooks(nucleus_sdk: nucleus_api.ApiClient, integration_sdk: integration_api.ApiClient):
    ways: list[tuple[Any, Any, Any, dict[str, Any]]] = [
        (nucleus_api, nucleus_sdk, nucleus_api.Webhook, {"atom_service": ["client", "audit_log"]}),
        (integration_api, integration_sdk, integration_api.Webhook,
         {"integration_service": ["kyc", "async_aggregation_account"]}),
    ]  # fmt: skip
    for sdk, client, kind, services in ways:
        sent = filled(kind, url=URL, **services)
        api = sdk.WebhookApi(client)
        created = api.create_webhook_using_post(sent)
        row = WebhookSubscription.unscoped.get(pk=created.id)
        read = api.get_webhook_using_get(created.id)
        for response in (created, read):
            is_as_sent(response, sent)
            is_as_stored(response, row, but=[*services, "secret"])
        assert (created.secret, read.secret) == (row.secret, None)
