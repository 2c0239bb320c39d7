"""/bulk_…: arrays of records, all written or none."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from nucleus.models import (
    AggregationAccount,
    AggregationAccountTransaction,
    Client,
)
from tests.api import Api
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BankLinkFactory,
    HoldingFactory,
    TransactionFactory,
)
from tests.nucleus import bodies

V1 = "/nucleus/v1"
ARRAYS = {
    "aggregation_account": bodies.account,
    "aggregation_account_balance": bodies.balance,
    "aggregation_account_transaction": bodies.transaction,
    "aggregation_account_holding": bodies.holding,
}


@pytest.fixture
def account(nucleus_client: Client) -> AggregationAccount:
    return AggregationAccountFactory(client=nucleus_client)


@pytest.mark.parametrize("kind", ARRAYS)
def test_post_returns_the_created_records_in_order(
    api: Api, account: AggregationAccount, kind: str
):
    owner: Any = account.client if kind == "aggregation_account" else account
    names = [f"ours-{number}" for number in range(5)]
    created = api.post(
        f"{V1}/bulk_{kind}", [ARRAYS[kind](owner, secondary_id=name) for name in names]
    )
    assert created.status_code == 200, created.data
    assert [item["secondary_id"] for item in created.data] == names
    for record in created.data:
        assert api.get(f"{V1}/{kind}/{record['id']}").data == record
    assert api.post(f"{V1}/bulk_{kind}", []).data == []


@pytest.mark.parametrize("kind", ["aggregation_account", "aggregation_account_holding"])
def test_put_returns_the_changed_records_in_order(api: Api, account: AggregationAccount, kind: str):
    rows = [
        AggregationAccountFactory(client=account.client)
        if kind == "aggregation_account"
        else HoldingFactory(aggregation_account=account)
        for _ in range(3)
    ]
    own_values = {"secondary_id": "a", "currency_code": "EUR", "metadata": {"ours": "a"}}
    changes: list[Any] = [
        {"id": str(rows[2].pk), "secondary_id": "c"},
        {"id": str(rows[0].pk), **own_values},
        {"id": str(rows[1].pk)},
    ]
    before = api.get(f"{V1}/{kind}/{rows[1].pk}").data
    response = api.put(f"{V1}/bulk_{kind}", changes)
    assert response.status_code == 200, response.data
    assert [item["id"] for item in response.data] == [item["id"] for item in changes]
    stored = [api.get(f"{V1}/{kind}/{row.pk}").data for row in rows]
    assert response.data == [stored[2], stored[0], stored[1]]
    assert [item["secondary_id"] for item in stored] == ["a", None, "c"]
    assert (stored[0]["currency_code"], stored[0]["metadata"]) == ("EUR", {"ours": "a"})
    assert (stored[1], stored[2]["metadata"], stored[2]["currency_code"]) == (before, {}, "USD")


def test_put_changes_account_numbers(api: Api, account: AggregationAccount):
    other = AggregationAccountFactory(client=account.client)
    changes = [
        {"id": str(account.pk), "account_number": "100012345678"},
        {"id": str(other.pk), "account_number": "100012349999"},
    ]
    response = api.put(f"{V1}/bulk_aggregation_account", changes)
    assert [item["mask"] for item in response.data] == ["5678", "9999"]
    account.refresh_from_db()
    assert account.account_number == "100012345678"


def test_bank_links_can_be_changed_but_not_created(
    api: Api, foreign_api: Api, nucleus_client: Client
):
    links = [BankLinkFactory(client=nucleus_client) for _ in range(2)]
    changes = [{"id": str(link.pk), "type": "savings"} for link in links]
    response = api.put(f"{V1}/bulk_bank_link", changes)
    assert [item["type"] for item in response.data] == ["savings", "savings"]
    assert api.post(f"{V1}/bulk_bank_link", []).status_code == 405
    refused = foreign_api.put(f"{V1}/bulk_bank_link", changes)
    assert set(refused.data["errors"]) == {"item 0", "item 1"}


def test_an_invalid_item_refuses_the_whole_request(api: Api, account: AggregationAccount):
    foreign: Any = TransactionFactory()
    valid = bodies.transaction(account)
    items = [
        valid,
        valid | {"transaction_date": "x"},
        "x",
        bodies.transaction(foreign.aggregation_account),
    ]
    response = api.post(f"{V1}/bulk_aggregation_account_transaction", items)
    assert response.status_code == 400
    assert response.data["message"].startswith("item 1: transaction_date: ")
    assert set(response.data["errors"]) == {"item 1", "item 2", "item 3"}
    assert list(AggregationAccountTransaction.unscoped.all()) == [foreign]
    change = {"id": str(account.pk), "account_name": "x"}
    response = api.put(f"{V1}/bulk_aggregation_account", [change, {"account_name": "x"}, change])
    assert set(response.data["errors"]) == {"item 1", "item 2"}
    assert response.data["errors"]["item 1"] == ["id: Give the id of the record."]
    assert "twice" in response.data["errors"]["item 2"][0]
    account.refresh_from_db()
    assert account.account_name == "Checking"


@pytest.mark.parametrize("body", [{}, [{}] * 1001])
def test_arrays_have_at_most_1000_items(api: Api, body: Any):
    for path in ("bulk_aggregation_account", "bulk/aggregation_account"):
        response = api.post(f"{V1}/{path}", body)
        assert response.status_code == 400
        assert "array" in response.data["message"] or "1000" in response.data["message"]


def test_number_of_queries_does_not_grow_with_items(api: Api, account: AggregationAccount):
    counts = []
    for size in (2, 200):
        item = bodies.transaction(
            account, metadata=None, bank_credit={"amount": 1, "transaction_type": "Debit"}
        )
        with CaptureQueriesContext(connection) as queries:
            response = api.post(f"{V1}/bulk_aggregation_account_transaction", [item] * size)
        assert response.status_code == 200
        counts.append(sum("nucleus" in query["sql"] for query in queries))
    # SQLite takes some 30 rows in one INSERT.
    assert counts[1] - counts[0] <= 8
