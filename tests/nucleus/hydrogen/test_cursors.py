"""Paging by cursor: no row twice, none skipped, while rows are written."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from nucleus.models import AggregationAccountTransaction, Client
from tests.api import Api
from tests.factories.access import ApplicationFactory, access_token
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BalanceFactory,
    ClientFactory,
    TransactionFactory,
)

TRANSACTIONS = "/nucleus/v1/aggregation_account_transaction"
CLIENTS = "/nucleus/v1/client"
pytestmark = pytest.mark.django_db


@pytest.fixture
def account(nucleus_client: Client) -> Any:
    return AggregationAccountFactory(client=nucleus_client)


def walk(api: Api, path: str, after_page: Any = None, **query: Any) -> list[dict[str, Any]]:
    """All rows, page by page; calls `after_page` with the page's number in between."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = "start"
    for number in range(100):
        response = api.get(path, cursor=cursor, **query)
        assert response.status_code == 200, response.data
        page = response.data
        assert (page["number"], page["first"]) == (number, number == 0)
        assert page["last"] is (page["next_cursor"] is None)
        assert page["number_of_elements"] == len(page["content"])
        rows += page["content"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows
        if after_page is not None:
            after_page(number)
    raise AssertionError("the list has no end")


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def test_rows_that_are_written_meanwhile_shift_nothing(api: Api, account: Any):
    first_rows = {str(TransactionFactory(aggregation_account=account).pk) for _ in range(23)}

    def write(number: int) -> None:
        TransactionFactory(aggregation_account=account)
        unread = AggregationAccountTransaction.unscoped.order_by("create_date").first()
        AggregationAccountTransaction.unscoped.filter(pk=unread.pk).update(
            memo=f"after page {number}", update_date=timezone.now()
        )

    listed = ids(walk(api, TRANSACTIONS, write, size=5))
    assert len(listed) == len(set(listed))
    assert first_rows <= set(listed)


def test_a_deleted_row_shifts_nothing_even_if_the_cursor_points_at_it(api: Api, account: Any):
    rows = [TransactionFactory(aggregation_account=account) for _ in range(9)]
    page = api.get(TRANSACTIONS, cursor="start", size=3, ascending="true").data
    AggregationAccountTransaction.unscoped.filter(pk=page["content"][-1]["id"]).delete()
    next_page = api.get(TRANSACTIONS, cursor=page["next_cursor"], size=3, ascending="true").data
    assert ids(next_page["content"]) == [str(row.pk) for row in rows[3:6]]


@pytest.mark.parametrize("ascending", ["true", "false"])
@pytest.mark.parametrize(
    "order_by", ["create_date", "id", "transaction_date", "status", "memo", "is_recurring"]
)
def test_every_order_is_walked_as_page_numbers_walk_it(
    api: Api, account: Any, order_by: str, ascending: str
):
    start = timezone.now()
    for number in range(13):
        TransactionFactory(
            aggregation_account=account,
            transaction_date=start - timedelta(days=number // 4),
            status="pending" if number % 2 else "posted",
            memo=None if number % 3 else f"memo {number // 6}",
            is_recurring=bool(number % 2),
        )
    query = {"order_by": order_by, "ascending": ascending, "size": 2}
    by_number = [
        row["id"]
        for page in range(7)
        for row in api.get(TRANSACTIONS, page=page, **query).data["content"]
    ]
    assert ids(walk(api, TRANSACTIONS, **query)) == by_number
    assert len(by_number) == 13


def test_amounts_of_many_digits_are_places_too(api: Api, account: Any):
    for number in range(6):
        amount = Decimal(number // 2 + 1) * Decimal("1234567890.12345678")
        BalanceFactory(aggregation_account=account, balance=amount)
    path = "/nucleus/v1/aggregation_account_balance"
    listed = ids(walk(api, path, size=1, order_by="balance", ascending="true"))
    assert len(listed) == len(set(listed)) == 6


def test_a_filter_stays_in_force(api: Api, account: Any):
    for number in range(8):
        TransactionFactory(
            aggregation_account=account, status="pending" if number % 2 else "posted"
        )
    rows = walk(api, TRANSACTIONS, size=1, filter="status==pending")
    assert {row["status"] for row in rows} == {"pending"}
    assert len(rows) == 4


def test_a_filter_of_the_greatest_length_leaves_cursors_short_enough(api: Api, account: Any):
    for _ in range(3):
        TransactionFactory(aggregation_account=account)
    condition = f'memo!="{"x" * 1980}"'
    assert len(walk(api, TRANSACTIONS, size=1, filter=condition)) == 3


def test_order_by_update_date_brings_changed_rows_again(api: Api, account: Any):
    rows = [TransactionFactory(aggregation_account=account) for _ in range(4)]

    def change(number: int) -> None:
        if number == 0:
            AggregationAccountTransaction.unscoped.filter(pk=rows[0].pk).update(
                update_date=timezone.now()
            )

    query = {"order_by": "update_date", "ascending": "true", "size": 1}
    listed = ids(walk(api, TRANSACTIONS, change, **query))
    assert listed == [str(row.pk) for row in [*rows, rows[0]]]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "é\u0000"}, "cursor"),
        ({"cursor": "x" * 2001}, "cursor"),
        ({"cursor": "start", "page": "1"}, "page"),
        ({"cursor": "start", "order_by": "update_date"}, "order_by"),
        ({"cursor": "start", "size": "0"}, "size"),
    ],
)
def test_parameters_that_exclude_a_cursor_are_refused(api: Api, query: dict[str, str], field: str):
    response = api.get(TRANSACTIONS, **query)
    assert response.status_code == 400
    assert field in response.data["errors"]


@pytest.mark.parametrize(
    "changed",
    [{"filter": "status==posted"}, {"order_by": "id"}, {"ascending": "true"}],
)
def test_a_cursor_is_valid_for_one_order_and_filter(
    api: Api, account: Any, changed: dict[str, str]
):
    for _ in range(3):
        TransactionFactory(aggregation_account=account)
    cursor = api.get(TRANSACTIONS, cursor="start", size=1).data["next_cursor"]
    response = api.get(TRANSACTIONS, cursor=cursor, size=1, **changed)
    assert response.status_code == 400
    assert "repeat the parameters" in response.data["errors"]["cursor"][0]
    assert api.get(CLIENTS, cursor=cursor).status_code == 400


def test_a_cursor_tells_nothing_and_opens_nothing(api: Api, nucleus_client: Client):
    ClientFactory(tenant=nucleus_client.tenant, last_name="Canary")
    ClientFactory(tenant=nucleus_client.tenant, last_name="Zebra")
    query = {"order_by": "last_name", "ascending": "true", "size": 1}
    cursor = api.get(CLIENTS, cursor="start", **query).data["next_cursor"]
    assert "Canary" not in cursor
    foreign_api = Api(access_token(ApplicationFactory()))
    assert foreign_api.get(CLIENTS, cursor=cursor, **query).data["content"] == []


def test_without_a_cursor_pages_are_as_before(api: Api, account: Any):
    TransactionFactory(aggregation_account=account)
    page = api.get(TRANSACTIONS).data
    assert page["next_cursor"] is None
    assert (page["number"], page["last"], page["total_elements"]) == (0, True, 1)
