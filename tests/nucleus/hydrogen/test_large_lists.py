"""Lists of more rows than LIST_WINDOW: pages cost the same, and what would not is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from nucleus.models import AggregationAccountTransaction, Client
from tests.api import Api
from tests.factories.access import ApplicationFactory, access_token
from tests.factories.nucleus import AggregationAccountFactory, TransactionFactory
from tests.nucleus.hydrogen.test_cursors import ids, walk
from tests.plans import assert_read_by_index

TRANSACTIONS = "/nucleus/v1/aggregation_account_transaction"
WINDOW, ROWS = 8, 20
START = datetime(2026, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_window(settings: Any) -> None:
    settings.LIST_WINDOW = WINDOW


@pytest.fixture
def rows(nucleus_client: Client) -> list[Any]:
    """The newest first; the oldest two are of a category and an account of their own."""
    account: Any = AggregationAccountFactory(client=nucleus_client)
    other: Any = AggregationAccountFactory(client=nucleus_client)
    made: list[Any] = [
        TransactionFactory(
            aggregation_account=other if number < 2 else account,
            category="Rent" if number < 2 else "Groceries",
            transaction_date=START + timedelta(days=number),
            memo="old" if number < 2 else "new",
            merchant=f"Shop {number % 3}",
        )
        for number in range(ROWS)
    ]
    for number, row in enumerate(made):
        moment = START + timedelta(hours=number)
        AggregationAccountTransaction.unscoped.filter(pk=row.pk).update(
            create_date=moment, update_date=moment
        )
    return made[::-1]


def test_totals_are_counted_up_to_the_window(api: Api, rows: list[Any]):
    page = api.get(TRANSACTIONS, size=3).data
    assert (page["total_elements"], page["total_is_exact"]) == (WINDOW + 1, False)
    assert (page["total_pages"], page["last"]) == (3, False)
    page = api.get(TRANSACTIONS, filter="category==Rent").data
    assert (page["total_elements"], page["total_is_exact"], page["last"]) == (2, True, True)


def test_a_client_that_reads_all_pages_is_told_that_they_end(api: Api, rows: list[Any]):
    pages = api.get(TRANSACTIONS, size=3).data["total_pages"]
    statuses = [api.get(TRANSACTIONS, size=3, page=n).status_code for n in range(pages)]
    assert statuses == [200, 200, 400]
    response = api.get(TRANSACTIONS, size=3, page=2)
    assert list(response.data["errors"]) == ["page"]
    assert "cursor=start" in response.data["message"]


def test_pages_of_a_small_list_have_no_end(api: Api, rows: list[Any]):
    response = api.get(TRANSACTIONS, filter="category==Rent", page=500)
    assert (response.status_code, response.data["content"]) == (200, [])


@pytest.mark.parametrize("ascending", ["true", "false"])
@pytest.mark.parametrize("order_by", ["create_date", "transaction_date", "booking_date"])
def test_a_cursor_reads_all_rows(api: Api, rows: list[Any], order_by: str, ascending: str):
    listed = ids(walk(api, TRANSACTIONS, size=3, order_by=order_by, ascending=ascending))
    expected = [str(row.pk) for row in rows]
    assert listed == (expected[::-1] if ascending == "true" else expected)


def test_unindexed_order_is_refused_and_indexed_ones_are_named(api: Api, rows: list[Any]):
    response = api.get(TRANSACTIONS, order_by="merchant")
    assert (response.status_code, list(response.data["errors"])) == (400, ["order_by"])
    assert "transaction_date" in response.data["message"]
    assert "aggregation_account_id" in response.data["message"]


@pytest.mark.parametrize("condition", ["category==Rent", "transaction_date<2026-01-04"])
def test_any_order_serves_few_rows_that_an_index_finds(api: Api, rows: list[Any], condition: str):
    page = api.get(TRANSACTIONS, filter=condition, order_by="merchant", ascending="true").data
    merchants = [row["bank_credit"]["merchant"] for row in page["content"]]
    assert len(merchants) == page["total_elements"] > 1
    assert merchants == sorted(merchants)


def test_other_conditions_are_compared_with_the_first_rows(api: Api, rows: list[Any]):
    page = api.get(TRANSACTIONS, filter="memo==new", size=3).data
    assert ids(page["content"]) == [str(row.pk) for row in rows[:3]]
    assert (page["total_is_exact"], page["last"]) == (False, False)
    response = api.get(TRANSACTIONS, filter="memo==old", size=3)
    assert (response.status_code, list(response.data["errors"])) == (400, ["filter"])
    assert "cursor=start" in response.data["message"]


@pytest.mark.parametrize("ascending", ["true", "false"])
@pytest.mark.parametrize("memo", ["old", "new"])
def test_cursor_reads_lists_that_numbered_pages_refuse(
    api: Api, rows: list[Any], memo: str, ascending: str
):
    query = {"filter": f"memo=={memo}", "size": 3, "ascending": ascending}
    listed = ids(walk(api, TRANSACTIONS, **query))
    expected = [str(row.pk) for row in rows if row.memo == memo]
    assert listed == (expected[::-1] if ascending == "true" else expected)


def test_filter_by_several_accounts_returns_rows_of_each(api: Api, rows: list[Any], settings: Any):
    accounts = {row.aggregation_account_id for row in rows}
    settings.LIST_WINDOW = ROWS  # as many as the accounts have together
    TransactionFactory(
        aggregation_account=AggregationAccountFactory(client=rows[0].aggregation_account.client)
    )
    condition = " || ".join(f"aggregation_account_id=={pk}" for pk in accounts)
    page = api.get(TRANSACTIONS, filter=condition, order_by="merchant", size=100).data
    assert (page["total_elements"], page["total_is_exact"]) == (ROWS, True)


def test_alternatives_are_sorted_if_an_index_has_each(api: Api, rows: list[Any]):
    AggregationAccountTransaction.unscoped.filter(pk=rows[5].pk).update(secondary_id="mine")
    condition = "category==Rent || secondary_id==mine && memo==new"
    page = api.get(TRANSACTIONS, filter=condition, order_by="merchant").data
    assert {row["id"] for row in page["content"]} == {str(row.pk) for row in (rows[5], *rows[-2:])}
    assert (page["total_elements"], page["total_is_exact"]) == (3, True)


def test_client_token_lists_only_rows_of_its_client(api: Api, rows: list[Any], tenant: Any):
    own: Any = TransactionFactory(
        aggregation_account=AggregationAccountFactory(client__tenant=tenant),
        transaction_date=START - timedelta(days=900),
    )
    AggregationAccountTransaction.unscoped.filter(pk=own.pk).update(update_date=START)
    client = own.aggregation_account.client
    application = ApplicationFactory(tenant=tenant)
    confined = Api(access_token(application, client=client))
    page = confined.get(TRANSACTIONS).data
    assert (ids(page["content"]), page["total_elements"]) == ([str(own.pk)], 1)


@pytest.fixture
def both_accounts(rows: list[Any], tenant: Any) -> dict[str, Any]:
    """Two ways to list the rows of two accounts, among those of others."""
    stranger: Any = AggregationAccountFactory(client__tenant=tenant)
    for number in range(WINDOW):
        TransactionFactory(
            aggregation_account=stranger, transaction_date=START + timedelta(days=100 + number)
        )
    accounts = {row.aggregation_account_id for row in rows}
    return {
        "client": rows[0].aggregation_account.client,
        "filter": " || ".join(f"aggregation_account_id=={pk}" for pk in accounts),
    }


@pytest.mark.parametrize("ascending", ["true", "false"])
@pytest.mark.parametrize("order_by", ["update_date", "transaction_date"])
@pytest.mark.parametrize("way", ["client", "filter", "client and filter"])
def test_many_rows_of_several_accounts_are_merged(
    api: Api, rows: list[Any], both_accounts: dict[str, Any], way: str, order_by: str,
    ascending: str,
):  # fmt: skip
    query = {"order_by": order_by, "ascending": ascending, "size": 2}
    if "client" in way:
        application = ApplicationFactory(tenant=both_accounts["client"].tenant)
        api = Api(access_token(application, client=both_accounts["client"]))
    if "filter" in way:
        query["filter"] = both_accounts["filter"]
    expected = [str(row.pk) for row in rows][:: -1 if ascending == "true" else 1]
    pages = [api.get(TRANSACTIONS, page=number, **query) for number in range(3)]
    assert [page.status_code for page in pages] == [200, 200, 400]
    assert [row for page in pages[:2] for row in ids(page.data["content"])] == expected[:4]
    assert not pages[0].data["total_is_exact"]
    if order_by != "update_date" or ascending == "true":
        assert ids(walk(api, TRANSACTIONS, **query)) == expected


ORDERS = ("update_date", "create_date", "transaction_date", "booking_date")
SERVED = [
    *({"order_by": order} for order in ORDERS),
    *({"order_by": order, "ascending": "true"} for order in ORDERS),
    {"filter": "category==Groceries"},
    {"filter": "merchant_id=={merchant}"},
    {"filter": "aggregation_account_id=={account}"},
    {"filter": "aggregation_account_id=={account}", "order_by": "transaction_date"},
    {"filter": "transaction_date>=2026-01-03", "order_by": "booking_date"},
    {"cursor": "{cursor}"},
]


@pytest.mark.parametrize("query", SERVED, ids=str)
def test_an_index_has_the_rows_in_their_order(api: Api, rows: list[Any], query: dict[str, str]):
    merchant = rows[0].pk
    AggregationAccountTransaction.unscoped.update(merchant_id=merchant)
    if "cursor" in query:
        query = {"cursor": api.get(TRANSACTIONS, cursor="start", size=2).data["next_cursor"]}
    names = {"merchant": merchant, "account": rows[0].aggregation_account_id}
    values = {name: text.format(**names) for name, text in query.items()}
    with CaptureQueriesContext(connection) as queries:
        response = api.get(TRANSACTIONS, size=2, **values)
    assert response.status_code == 200, response.data
    assert_read_by_index(queries, AggregationAccountTransaction)
