"""Filters on instants: a date stands for its whole day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import models

from nucleus.hydrogen import filters
from nucleus.models import Client
from tests.api import Api
from tests.factories.nucleus import AggregationAccountFactory, TransactionFactory

TRANSACTIONS = "/nucleus/v1/aggregation_account_transaction"
INSTANTS = {
    "day before": datetime(2026, 11, 17, 23, 59, 59, 999999, UTC),
    "start": datetime(2026, 11, 18, tzinfo=UTC),
    "noon": datetime(2026, 11, 18, 12, tzinfo=UTC),
    "end": datetime(2026, 11, 18, 23, 59, 59, 999999, UTC),
    "day after": datetime(2026, 11, 19, tzinfo=UTC),
}
OF_THE_DAY = {"start", "noon", "end"}
CASES = [
    ("==2026-11-18", OF_THE_DAY),
    ("!=2026-11-18", {"day before", "day after"}),
    ("<2026-11-18", {"day before"}),
    ("<=2026-11-18", {"day before", *OF_THE_DAY}),
    (">2026-11-18", {"day after"}),
    (">=2026-11-18", {*OF_THE_DAY, "day after"}),
    ("==2026-11-18T12:00:00Z", {"noon"}),
    ("<=2026-11-18T00:00:00Z", {"day before", "start"}),
    ("<=9999-12-31", set(INSTANTS)),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("comparison", "expected"), CASES)
def test_a_list_is_filtered_by_whole_days(
    api: Api, nucleus_client: Client, comparison: str, expected: set[str]
):
    account: Any = AggregationAccountFactory(client=nucleus_client)
    for name, instant in INSTANTS.items():
        TransactionFactory(aggregation_account=account, transaction_date=instant, memo=name)
    response = api.get(TRANSACTIONS, filter=f"transaction_date{comparison}")
    assert response.status_code == 200, response.data
    memos = {row["bank_credit"]["memo"] for row in response.data["content"]}
    assert memos == expected


@pytest.mark.parametrize(("comparison", "expected"), CASES)
def test_rows_in_memory_are_filtered_alike(comparison: str, expected: set[str]):
    rows = [{"name": name, "instant": instant} for name, instant in INSTANTS.items()]
    fields = {"instant": models.DateTimeField()}
    matching = filters.matching(rows, f"instant{comparison}", fields=fields)
    assert {row["name"] for row in matching} == expected


@pytest.mark.django_db
def test_days_of_transactions_are_those_of_the_bank(api: Api, nucleus_client: Client):
    account: Any = AggregationAccountFactory(client=nucleus_client)
    TransactionFactory(
        aggregation_account=account,
        transaction_date=datetime(2026, 11, 21, 4, 30, tzinfo=UTC),
        booking_date=date(2026, 11, 20),
    )

    def count(condition: str) -> int:
        response = api.get(TRANSACTIONS, filter=condition)
        assert response.status_code == 200, response.data
        return int(response.data["total_elements"])

    assert count("transaction_date==2026-11-20") == 1
    assert count("transaction_date<=2026-11-20 && transaction_date>=2026-11-20") == 1
    assert count("transaction_date==2026-11-21") == 0
    assert count("transaction_date!=2026-11-20") == 0
    assert count("transaction_date>=2026-11-21T04:30:00Z") == 1
    assert count("transaction_date<2026-11-21T00:00:00Z") == 0
    assert count("booking_date==2026-11-20") == 1
    (row,) = api.get(TRANSACTIONS, order_by="booking_date").data["content"]
    assert str(row["booking_date"]) == "2026-11-20"


@pytest.mark.django_db
def test_the_booking_date_of_tenants_is_the_day_unless_given(api: Api, nucleus_client: Client):
    account: Any = AggregationAccountFactory(client=nucleus_client)
    body = {
        "aggregation_account_id": account.id,
        "currency_code": "USD",
        "transaction_date": "2026-11-21T04:30:00.000+0000",
        "bank_credit": {"amount": 5, "transaction_type": "Debit"},
    }
    row = api.post(TRANSACTIONS, body).data
    assert str(row["booking_date"]) == "2026-11-21"
    with_day = api.post(TRANSACTIONS, body | {"booking_date": "2026-11-20"}).data
    assert str(with_day["booking_date"]) == "2026-11-20"

    def change(row_id: str, **values: str) -> str:
        response = api.put(f"{TRANSACTIONS}/{row_id}", values)
        assert response.status_code == 200, response.data
        return str(response.data["booking_date"])

    moved = "2026-12-24T23:00:00-05:00"
    assert change(row["id"], transaction_date=moved) == "2026-12-25"
    assert change(with_day["id"], transaction_date=moved) == "2026-11-20"
    assert change(with_day["id"], booking_date="2026-12-24") == "2026-12-24"
