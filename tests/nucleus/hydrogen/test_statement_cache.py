"""Lists whose statements were compiled for an earlier list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from nucleus import statement_cache
from nucleus.models import AggregationAccount, Client
from tests.api import Api
from tests.factories.access import ApplicationFactory, access_token
from tests.factories.nucleus import (
    AggregationAccountFactory,
    ClientFactory,
    TenantFactory,
    TransactionFactory,
)

LIST = "/nucleus/v1/aggregation_account_transaction"
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
FILTERS = [
    "", "status==posted", "status==pending", "status!=posted", "is_active==true", "is_fee==false",
    "category==Food", "category==Travel", "category==null", "category!=null", "amount>=2",
    "amount<2 || amount>4", "is_active==true && status==posted", "secondary_id==s1",
    "transaction_date>=2026-03-03", "transaction_date<2026-03-03", "booking_date==2026-03-02",
    "create_date>2020-01-01", "create_date<2020-01-01",
]  # fmt: skip
ORDERS: list[dict[str, Any]] = [
    {}, {"ascending": "true"}, {"order_by": "amount"}, {"order_by": "transaction_date", "page": 1},
    {"order_by": "booking_date", "ascending": "true"}, {"cursor": "start"},
]  # fmt: skip


@pytest.fixture
def accounts(nucleus_client: Client) -> list[AggregationAccount]:
    """Two accounts of transactions that differ in all that is filtered on."""
    accounts = [AggregationAccountFactory(client=nucleus_client) for _ in range(2)]
    for number in range(6):
        TransactionFactory(
            aggregation_account=accounts[number % 2],
            amount=Decimal(number),
            status="posted" if number < 4 else "pending",
            category=["Food", "Travel", None][number % 3],
            is_active=number != 2,
            is_fee=number == 1,
            secondary_id=f"s{number}",
            transaction_date=FIRST + timedelta(days=number),
        )
    return accounts


@pytest.fixture
def compiled_each_time(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(statement_cache, "_prepared", lambda *_: None)
    return monkeypatch


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_lists_are_the_same_as_when_compiled_each_time(
    api: Api,
    accounts: list[AggregationAccount],
    order: dict[str, Any],
    compiled_each_time: pytest.MonkeyPatch,
):
    filters = [*FILTERS, *(f"aggregation_account_id=={account.pk}" for account in accounts)]
    queries = [{"filter": text, "size": 3, **order} for text in filters]
    expected = [_listed(api, query) for query in queries]
    compiled_each_time.undo()
    for _ in range(2):
        assert [_listed(api, query) for query in queries] == expected
    assert len({str(rows) for rows in expected}) > 5


def _listed(api: Api, query: dict[str, Any]) -> Any:
    response = api.get(LIST, **query)
    assert response.status_code == 200, response.data
    return {name: value for name, value in response.json().items() if name != "next_cursor"}


def test_each_caller_lists_its_own_rows(
    api: Api, foreign_api: Api, nucleus_client: Client, accounts: list[AggregationAccount]
):
    other = ClientFactory(tenant=nucleus_client.tenant)
    application = ApplicationFactory(tenant=nucleus_client.tenant)
    own = Api(access_token(application, client=nucleus_client))
    others = Api(access_token(application, client=other))
    counts = [
        [caller.get(LIST).data["total_elements"] for caller in (api, foreign_api, own, others)]
        for _ in range(2)
    ]
    assert counts == [[6, 0, 6, 0]] * 2


def test_a_list_of_a_new_tenant_is_not_compiled_again(api: Api, accounts: list[AggregationAccount]):
    query = f"aggregation_account_id=={accounts[0].pk}"
    assert api.get(LIST, filter=query).data["total_elements"] == 3
    shapes = dict(statement_cache._statements)
    tenant = TenantFactory()
    account = AggregationAccountFactory(client=ClientFactory(tenant=tenant))
    TransactionFactory(aggregation_account=account)
    caller = Api(access_token(ApplicationFactory(tenant=tenant)))
    response = caller.get(LIST, filter=f"aggregation_account_id=={account.pk}")
    assert response.data["total_elements"] == 1
    assert statement_cache._statements == shapes


def test_the_number_of_shapes_is_bounded(
    api: Api, accounts: list[AggregationAccount], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(statement_cache, "_statements", {})
    monkeypatch.setattr(statement_cache, "MAX_SHAPES", 4)
    for text in FILTERS:
        assert api.get(LIST, filter=text).status_code == 200
        assert len(statement_cache._statements) <= 4
