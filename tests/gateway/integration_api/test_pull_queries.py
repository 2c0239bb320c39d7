"""What a pull that finds nothing new costs in the database, and that it waits without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from integrations.rate_limiter import RateLimiter
from nucleus.models import AggregationAccount, AggregationAccountTransaction, Client
from tests import mx_api
from tests.api import Api

BASE = "/integration/v1/aggregation"
MAX_STATEMENTS = 5
TRANSACTION_CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
OF_LIMITS = ("access_usagewindow", "set_config", "PRAGMA")  # Redis counts requests elsewhere


@pytest.fixture
def account(linked: list[dict[str, Any]]) -> str:
    """An investment account, which has positions and transactions."""
    row = AggregationAccount.unscoped.filter(is_investment=True).first()
    return str(row.pk) if row else str(linked[0]["id"])


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that read or write, without those that count requests."""
    executed: list[str] = []

    def log(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        if not sql.startswith(TRANSACTION_CONTROL) and not any(name in sql for name in OF_LIMITS):
            executed.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(log):
        yield executed


@pytest.mark.parametrize("chosen_api", mx_api.every(), ids=str)
def test_a_pull_without_news_makes_few_statements(api: Api, account: str):
    for kind in ("account", "balance", "transaction", "holding"):
        first = api.get(f"{BASE}/{kind}/{account}")
        api.get(f"{BASE}/{kind}/{account}")  # the statements are compiled
        with statements() as executed:
            response = api.get(f"{BASE}/{kind}/{account}")
        assert response.status_code == 200, response.data
        assert len(executed) <= MAX_STATEMENTS, (kind, executed)
        data = [name for name in response.data if name.startswith("nucleus_")]
        assert [response.data[name] for name in data] == [first.data[name] for name in data]


def test_each_account_of_a_list_adds_two_statements(api: Api, linked: list[dict[str, Any]]):
    ids = [row["id"] for row in linked[:4]]
    counts = []
    for number in (2, 4):
        query = {"aggregation_account_id_list": ",".join(ids[:number])}
        for _ in range(2):
            with statements() as executed:
                assert api.get(f"{BASE}/balance", **query).status_code == 200
        counts.append(len(executed))
    assert counts[1] - counts[0] <= 2 * 2


def test_changed_rows_are_written(api: Api, account: str):
    """The comparison without a lock finds what a tenant has changed since."""
    posted = api.get(f"{BASE}/transaction/{account}").data["nucleus_transactions_posted"]
    assert posted
    row = AggregationAccountTransaction.unscoped.get(pk=posted[0]["body"]["id"])
    changes: list[dict[str, Any]] = [
        {"description": "Other"}, {"amount": row.amount + 1}, {"is_fee": not row.is_fee},
        {"status": "canceled", "is_active": False}, {"booking_date": "2001-02-03"},
        {"source_category_id": None}, {"metadata": {}} if row.metadata else {"memo": "Other"},
    ]  # fmt: skip
    for change in changes:
        AggregationAccountTransaction.unscoped.filter(pk=row.pk).update(**change)
        again = api.get(f"{BASE}/transaction/{account}").data["nucleus_transactions_posted"]
        assert len(again) == len(posted)
        stored = AggregationAccountTransaction.unscoped.get(pk=row.pk)
        assert {name: getattr(stored, name) for name in change} == {
            name: getattr(row, name) for name in change
        }


def test_a_row_that_is_not_listed_is_withdrawn_all_the_same(
    api: Api, account: str, nucleus_client: Client
):
    posted = api.get(f"{BASE}/transaction/{account}").data["nucleus_transactions_posted"]
    row = AggregationAccountTransaction.unscoped.get(pk=posted[0]["body"]["id"])
    row.pk, row.source_id, row.status = None, "unlisted", "pending"
    row._state.adding = True
    row.save(force_insert=True)
    response = api.get(f"{BASE}/transaction/{account}").data
    assert [item["body"]["id"] for item in response["nucleus_transactions_canceled"]] == [
        str(row.pk)
    ]


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_vendor_is_called(
    api: Api, account: str, monkeypatch: pytest.MonkeyPatch
):
    calls: list[bool] = []
    wait = RateLimiter.wait  # called before each call

    def spy(self: RateLimiter, credential_id: Any) -> None:
        calls.append(connection.in_atomic_block)
        wait(self, credential_id)

    monkeypatch.setattr(RateLimiter, "wait", spy)
    for kind in ("account", "balance", "transaction", "holding"):
        assert api.get(f"{BASE}/{kind}/{account}").status_code == 200
    assert calls
    assert not any(calls)
