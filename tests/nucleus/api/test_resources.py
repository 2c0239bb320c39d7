"""/nucleus/v1/resource: categories, merchant category codes, merchants."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from gateway.access.models import Application
from nucleus import categories
from nucleus.models import Client, Tenant
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import (
    AggregationAccountFactory,
    ClientFactory,
    MerchantFactory,
    TransactionFactory,
)

BASE = "/nucleus/v1/resource"
TRANSACTIONS, ACCOUNTS = f"{BASE}/transaction_category", f"{BASE}/account_category"
# Written out: ids are the same in every installation, for ever.
GROCERIES = "28a05ad8-cbf9-5262-af55-1404fea2980a"
CODES, MERCHANTS = f"{BASE}/merchant_category_code", f"{BASE}/merchant"


def only_row(rows: list[dict[str, Any]], **values: Any) -> dict[str, Any]:
    (row,) = (row for row in rows if all(row[name] == value for name, value in values.items()))
    return row


def test_transaction_categories_are_listed(api: Api):
    rows = api.get(TRANSACTIONS).data
    assert only_row(rows, subcategory="Groceries") == {
        "hydrogen_transaction_category_id": GROCERIES,
        "category": "Food & Dining",
        "subcategory": "Groceries",
        "vendor_name": "mx",
        "vendor_category": "Food & Dining",
        "vendor_subcategory": "Groceries",
        "tenant_name": None,
        "is_primary": True,
    }
    assert len([row for row in rows if row["subcategory"] is None]) == 21
    assert len({row["hydrogen_transaction_category_id"] for row in rows}) == len(rows) == 118


def test_every_code_has_a_listed_category(api: Api):
    listed = {
        row["hydrogen_transaction_category_id"]: (row["category"], row["subcategory"])
        for row in api.get(TRANSACTIONS).data
    }
    rows = api.get(CODES).data
    assert only_row(rows, mcc=5411)["subcategory"] == "Groceries"
    assert only_row(rows, mcc=763)["subcategory"] is None
    for row in rows:
        assert listed[row["transaction_category_id"]] == (row["category"], row["subcategory"])
    assert len(rows) == 296


@pytest.mark.parametrize(
    ("path", "query", "count"),
    [
        (TRANSACTIONS, {"vendor_name": "MX", "match_primary": "True", "tenant_name": "Demo"}, 118),
        (TRANSACTIONS, {"vendor_name": "None", "match_primary": "None", "filter": "None"}, 118),
        (TRANSACTIONS, {"hydrogen_transaction_category_id": GROCERIES}, 1),
        (TRANSACTIONS, {"hydrogen_transaction_category_id": str(UUID(int=0))}, 0),
        (TRANSACTIONS, {"filter": "category=='Food & Dining'"}, 6),
        (TRANSACTIONS, {"filter": "category=='Food & Dining' && subcategory!=null"}, 5),
        (TRANSACTIONS, {"filter": "subcategory==Gas||subcategory==Hotel"}, 2),
        (TRANSACTIONS, {"filter": f"hydrogen_transaction_category_id=={GROCERIES}"}, 1),
        (TRANSACTIONS, {"filter": "is_primary!=true"}, 0),
        (ACCOUNTS, {"filter": "vendor_category==SAVINGS"}, 3),
        (ACCOUNTS, {"filter": "vendor_category==SAVINGS && vendor_subcategory!=MONEY_MARKET"}, 2),
        (CODES, {"filter": "mcc>=5812 && mcc<5814"}, 2),
        (CODES, {"filter": "mcc<=742||mcc>9949"}, 2),
        (CODES, {"filter": "subcategory>Vet && mcc!=742"}, 0),
        (CODES, {"filter": f"transaction_category_id=={GROCERIES}"}, 6),
    ],
)  # fmt: skip
def test_categories_are_filtered(api: Api, path: str, query: dict[str, str], count: int):
    response = api.get(path, **query)
    assert response.status_code == 200, response.data
    assert len(response.data) == count


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [
        (TRANSACTIONS, {"match_primary": "perhaps"}, "match_primary"),
        (TRANSACTIONS, {"vendor_name": "other"}, "vendor_name"),
        (ACCOUNTS, {"hydrogen_account_category_id": "x"}, "hydrogen_account_category_id"),
        (ACCOUNTS, {"filter": "hydrogen_transaction_category_id==null"}, "filter"),
        (ACCOUNTS, {"filter": "is_primary>true"}, "filter"),
        (CODES, {"filter": "mcc==many"}, "filter"),
        (MERCHANTS, {"order_by": "guid"}, "order_by"),
    ],
)
def test_invalid_parameters_are_a_400(api: Api, path: str, query: dict[str, str], name: str):
    response = api.get(path, **query)
    assert response.status_code == 400
    assert list(response.data["errors"]) == [name]


def test_merchants_of_own_transactions_are_listed(
    api: Api, application: Application, foreign_api: Api, nucleus_client: Client, tenant: Tenant
):
    rows = sorted((MerchantFactory() for _ in range(3)), key=lambda row: row.id)
    own: Any = AggregationAccountFactory(client=nucleus_client)
    foreign: Any = AggregationAccountFactory(client=ClientFactory(tenant=tenant))
    shopping = [(own, row) for row in (*rows[:2], rows[1], None)] + [(foreign, rows[2])]
    for account, merchant in shopping:
        TransactionFactory(aggregation_account=account, merchant_id=merchant and merchant.pk)
    page = api.get(MERCHANTS, size=2, ascending=True).data
    assert [item["id"] for item in page["content"]] == [str(row.id) for row in rows[:2]]
    assert page["content"][0]["guid"] == rows[0].source_id
    assert page["sort"]["property"] == "id"
    assert page["pageable"] == {
        "offset": 0, "page_number": 0, "page_size": 2, "paged": True, "unpaged": False,
        "sort": page["sort"],
    }  # fmt: skip
    assert (page["total_elements"], page["empty"], page["last"]) == (3, False, False)
    beyond = api.get(MERCHANTS, size=2, page=2).data
    assert (beyond["content"], beyond["empty"], beyond["pageable"]["offset"]) == ([], True, 4)
    confined = Api(access_token(application, client=nucleus_client))
    shown = confined.get(MERCHANTS).data["content"]
    assert {item["id"] for item in shown} == {str(row.pk) for row in rows[:2]}  # where it shops
    assert foreign_api.get(MERCHANTS).data["content"] == []


@pytest.mark.parametrize(
    ("names_and_code", "expected"),
    [
        (("Food & Dining", "Groceries", None), "Groceries"),
        (("Entertainment", "Books", None), "Books"),  # listed under another parent
        (("Travel", "Travel", 5411), "Travel"),
        (("Travel", "Our own word", 5411), "Travel"),
        ((None, None, 5411), "Groceries"),
        (("Our own", "Our own word", 3005), "Air Travel"),  # one of a range of codes
        ((None, None, 1), None),
        ((None, None, None), None),
    ],
)
def test_the_category_of_a_transaction_is_derived_from_its_names_or_code(
    names_and_code: tuple[str | None, str | None, int | None], expected: str | None
):
    ids = {row.id: row.subcategory or row.category for row in categories.transaction_categories()}
    category_id = categories.transaction_category_id(
        category=names_and_code[0],
        subcategory=names_and_code[1],
        merchant_category_code=names_and_code[2],
    )
    assert (ids[category_id] if category_id else None) == expected
