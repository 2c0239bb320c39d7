"""A record that is written without `currency_code` takes its account's, else the tenant's."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from nucleus.models import AggregationAccount, Client
from tests.api import Api
from tests.factories.nucleus import AggregationAccountFactory
from tests.nucleus import bodies

V1 = "/nucleus/v1"


@pytest.fixture
def account(nucleus_client: Client) -> AggregationAccount:
    return AggregationAccountFactory(client=nucleus_client, currency_code="CAD")


def without_currency(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"currency_code": None}


@pytest.mark.parametrize("own", ["CAD", None])
def test_a_holding_takes_the_currency_of_its_account(
    api: Api, account: AggregationAccount, own: str | None
):
    AggregationAccount.unscoped.filter(pk=account.pk).update(currency_code=own)
    expected = own or account.tenant.currency_code
    body = without_currency(bodies.holding(account))
    single = api.post(f"{V1}/aggregation_account_holding", body)
    assert single.data["currency_code"] == expected
    array = api.post(f"{V1}/bulk_aggregation_account_holding", [body, bodies.holding(account)])
    assert [row["currency_code"] for row in array.data] == [expected, "USD"]
    bulk = api.post(f"{V1}/bulk/aggregation_account_holding", [body])
    assert bulk.data["status"] == "COMPLETED"
    listed = api.get(f"{V1}/aggregation_account_holding").data["content"]
    assert sorted(row["currency_code"] for row in listed) == sorted([expected] * 3 + ["USD"])


@pytest.mark.parametrize("kind", ["aggregation_account", "bank_link"])
def test_accounts_and_bank_links_take_the_currency_of_the_tenant(
    api: Api, nucleus_client: Client, kind: str
):
    nucleus_client.tenant.currency_code = "EUR"
    nucleus_client.tenant.save()
    make = {"aggregation_account": bodies.account, "bank_link": bodies.bank_link}[kind]
    made = api.post(f"{V1}/{kind}", without_currency(make(nucleus_client)))
    assert made.data["currency_code"] == "EUR"


def test_a_change_keeps_the_currency(api: Api, account: AggregationAccount):
    made = api.post(
        f"{V1}/aggregation_account_holding", without_currency(bodies.holding(account))
    ).data
    path = f"{V1}/aggregation_account_holding/{made['id']}"
    AggregationAccount.unscoped.filter(pk=account.pk).update(currency_code="EUR")
    assert api.put(path, {"shares": 2, "currency_code": None}).data["currency_code"] == "CAD"


def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(
    api: Api, nucleus_client: Client, account: AggregationAccount
):
    path = f"{V1}/bulk_aggregation_account_holding"
    other = AggregationAccountFactory(client=nucleus_client, currency_code="GBP")
    two = [without_currency(bodies.holding(owner)) for owner in (account, other)]
    counts = []
    for items in (two, two * 10):
        with CaptureQueriesContext(connection) as queries:
            response = api.post(path, items)
        counts.append(len(queries))
        assert [row["currency_code"] for row in response.data[:2]] == ["CAD", "GBP"]
    assert counts[0] == counts[1]
