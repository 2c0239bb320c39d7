"""Merchants are shared by all tenants; each reads those that its own transactions name."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.access.models import Application
from nucleus.models import AggregationAccount, Client
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import (
    AggregationAccountFactory,
    ClientFactory,
    MerchantFactory,
    TransactionFactory,
)
from tests.nucleus import bodies

V1 = "/nucleus/v1"
PATH = f"{V1}/aggregation_account_transaction"


@pytest.fixture
def account(nucleus_client: Client) -> Any:
    account: Any = AggregationAccountFactory(client=nucleus_client, is_manual=True)
    return account


@pytest.fixture
def merchant(db: Any) -> Any:
    """One that a transaction of another tenant names."""
    merchant = MerchantFactory()
    TransactionFactory(merchant_id=merchant.pk)
    return merchant


def body_naming(account: AggregationAccount, merchant: Any) -> dict[str, Any]:
    credit = {"amount": 1, "transaction_type": "Debit", "merchant_id": str(merchant.pk)}
    return bodies.transaction(account, bank_credit=credit)


def visible_merchants(api: Api) -> list[str]:
    return [item["id"] for item in api.get(f"{V1}/resource/merchant").data["content"]]


def test_another_tenants_merchant_is_neither_readable_nor_referable(
    api: Api, account: AggregationAccount, merchant: Any
):
    body = body_naming(account, merchant)
    for response in (
        api.post(PATH, body),
        api.post(f"{V1}/bulk_aggregation_account_transaction", [body]),
    ):
        assert response.status_code == 400
        assert merchant.name not in response.content.decode()
    each = api.post(f"{V1}/bulk/aggregation_account_transaction", [body])
    assert each.data["status"] == "FAILED"
    row: Any = TransactionFactory(aggregation_account=account)
    assert api.put(f"{PATH}/{row.pk}", {"bank_credit": body["bank_credit"]}).status_code == 400
    assert visible_merchants(api) == []


def test_merchants_of_own_transactions_may_be_referred_to(
    api: Api, application: Application, account: AggregationAccount, merchant: Any
):
    TransactionFactory(aggregation_account=account, merchant_id=merchant.pk)
    assert api.post(PATH, body_naming(account, merchant)).status_code == 200
    client_api = Api(access_token(application, client=account.client))
    assert client_api.post(PATH, body_naming(account, merchant)).status_code == 200
    assert visible_merchants(client_api) == [str(merchant.pk)]


def test_a_client_token_reads_merchants_of_its_client_only(
    api: Api, application: Application, account: AggregationAccount, merchant: Any
):
    other_client: Any = ClientFactory(tenant=account.tenant)
    foreign: Any = AggregationAccountFactory(client=other_client, is_manual=True)
    TransactionFactory(aggregation_account=account, merchant_id=merchant.pk)
    confined = Api(access_token(application, client=other_client))
    assert confined.post(PATH, body_naming(foreign, merchant)).status_code == 400
    assert api.post(PATH, body_naming(foreign, merchant)).status_code == 200  # the tenant knows it
    assert confined.post(PATH, body_naming(foreign, merchant)).status_code == 200
