"""Filters on instants: a date stands for its whole day."""

from __future__ import annotations

from datetime import UTC, datetime
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
