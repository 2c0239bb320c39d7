"""Upserts from a source: only differences are written, equally on both databases."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nucleus import writes
from nucleus.models import (
    AggregationAccount,
    AggregationAccountHolding,
    AggregationAccountTransaction,
)
from nucleus.writes import TransactionRow
from tests.factories.nucleus import AggregationAccountFactory
from tests.nucleus.rows import LATER, NOON, holding_row, transaction_row

pytestmark = pytest.mark.django_db


def stored(account: AggregationAccount) -> list[dict[str, Any]]:
    rows = AggregationAccountTransaction.unscoped.filter(aggregation_account=account)
    return list(rows.order_by("source_id").values())


def test_a_row_is_stored_unchanged(account: AggregationAccount):
    assert writes.upsert_transactions(account=account, rows=[transaction_row()]) == 1
    (stored_row,) = AggregationAccountTransaction.unscoped.all()
    for field in dataclasses.fields(TransactionRow):
        assert getattr(stored_row, field.name) == getattr(transaction_row(), field.name), field.name
    assert stored_row.tenant_id == account.tenant_id


def test_equal_rows_are_not_written_again(account: AggregationAccount):
    rows = [transaction_row(number) for number in range(50)]
    assert writes.upsert_transactions(account=account, rows=rows) == 50
    before = stored(account)
    assert writes.upsert_transactions(account=account, rows=rows) == 0
    newer = [dataclasses.replace(item, source_updated_at=LATER) for item in rows]
    assert writes.upsert_transactions(account=account, rows=newer) == 0
    assert stored(account) == before


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Decimal("61.12")}, {"status": "pending"}, {"description": None}, {"memo": ""},
        {"location": None, "currency_code": "EUR"}, {"is_fee": True},
        {"metadata": {"mx_posted_at": "2026-01-04"}}, {"transaction_date": LATER},
        {"category": "Home"},
    ],
    ids=",".join,
)  # fmt: skip
def test_changed_rows_are_written(account: AggregationAccount, change: dict[str, Any]):
    writes.upsert_transactions(account=account, rows=[transaction_row(1), transaction_row(2)])
    before = stored(account)
    assert (
        writes.upsert_transactions(
            account=account, rows=[transaction_row(1, **change), transaction_row(2)]
        )
        == 1
    )
    after = stored(account)
    assert after[1] == before[1]
    assert after[0]["id"] == before[0]["id"]
    assert after[0]["create_date"] == before[0]["create_date"]
    assert after[0]["update_date"] > before[0]["update_date"]


def test_an_older_version_is_ignored(account: AggregationAccount):
    writes.upsert_transactions(account=account, rows=[transaction_row(source_updated_at=LATER)])
    stale = transaction_row(amount=Decimal(1), source_updated_at=NOON)
    assert writes.upsert_transactions(account=account, rows=[stale]) == 0


def test_an_older_version_is_stored_if_it_was_read_later(account: AggregationAccount):
    """The source has changed its mind, or its clock."""
    before = timezone.now()
    future = NOON.replace(year=2099)
    writes.upsert_transactions(account=account, rows=[transaction_row(source_updated_at=future)])
    changed = [transaction_row(amount=Decimal(1))]
    assert writes.upsert_transactions(account=account, rows=changed, read_at=before) == 0
    assert writes.upsert_transactions(account=account, rows=changed, read_at=timezone.now()) == 1
    assert writes.upsert_transactions(account=account, rows=changed, read_at=timezone.now()) == 0


def test_values_that_the_source_leaves_out_stay(account: AggregationAccount):
    writes.upsert_transactions(account=account, rows=[transaction_row(merchant="Supermarket")])
    stored_row = AggregationAccountTransaction.unscoped.get()
    stored_row.metadata["mine"] = "a note of the tenant"
    stored_row.save()
    writes.upsert_transactions(
        account=account, rows=[transaction_row(merchant=None, status="pending")]
    )
    stored_row.refresh_from_db()
    assert stored_row.status == "pending"
    assert stored_row.merchant == "Supermarket"
    assert stored_row.metadata == {"mx_posted_at": "2026-01-03", "mine": "a note of the tenant"}


@pytest.mark.parametrize("stamp", [NOON, LATER, None])
def test_the_later_of_two_versions_in_a_batch_is_stored(
    account: AggregationAccount, stamp: datetime | None
):
    rows = [transaction_row(), transaction_row(memo="second", source_updated_at=stamp)]
    assert writes.upsert_transactions(account=account, rows=rows) == 1
    assert AggregationAccountTransaction.unscoped.get().memo == "second"


def test_an_older_version_later_in_a_batch_is_ignored(account: AggregationAccount):
    rows = [transaction_row(memo="newer", source_updated_at=LATER), transaction_row(memo="older")]
    assert writes.upsert_transactions(account=account, rows=rows) == 1
    assert AggregationAccountTransaction.unscoped.get().memo == "newer"


def test_the_same_source_id_in_two_accounts_is_two_rows(account: AggregationAccount):
    other = AggregationAccountFactory()
    for account_row in (account, other):
        assert writes.upsert_transactions(account=account_row, rows=[transaction_row()]) == 1


def test_queries_do_not_grow_with_rows(account: AggregationAccount):
    counts = []
    for size in (10, 900):  # large batches look for statistics, once
        rows = [transaction_row(number) for number in range(size)]
        with CaptureQueriesContext(connection) as queries:
            writes.upsert_transactions(account=account, rows=rows)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_amounts_are_stored_exactly(account: AggregationAccount):
    amounts = [Decimal(n) / 100 for n in (1, 10, 111, 99999999999, 123456789012)]
    rows = [transaction_row(number, amount=amount) for number, amount in enumerate(amounts)]
    writes.upsert_transactions(account=account, rows=rows)
    assert [item["amount"] for item in stored(account)] == amounts


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    syncs=st.lists(
        st.dictionaries(
            st.integers(0, 5),
            st.tuples(
                st.decimals(0, 10**6, places=2), st.none() | st.text("aé\n,\t\\\"'", max_size=5)
            ),
        ),
        max_size=4,
    )
)
def test_any_sequence_of_upserts_ends_with_the_newest_rows(
    account: AggregationAccount, syncs: list[dict[int, Any]]
):
    AggregationAccountTransaction.unscoped.filter(aggregation_account=account).delete()
    model: dict[str, tuple[Any, Any]] = {}
    for sync in syncs:
        rows = [transaction_row(n, amount=amount, memo=memo) for n, (amount, memo) in sync.items()]
        expected = sum(model.get(f"TRN-{n}") != value for n, value in sync.items())
        assert writes.upsert_transactions(account=account, rows=rows) == expected
        model |= {f"TRN-{n}": value for n, value in sync.items()}
    assert {item["source_id"]: (item["amount"], item["memo"]) for item in stored(account)} == model


def test_removed_transactions_are_canceled_once(account: AggregationAccount):
    other = AggregationAccountFactory(tenant=account.tenant)
    writes.upsert_transactions(
        account=account,
        rows=[transaction_row(1, status="pending"), transaction_row(2), transaction_row(3)],
    )
    writes.upsert_transactions(account=other, rows=[transaction_row(1)])
    removed = ["TRN-1", "TRN-2", "TRN-9"]
    canceled = writes.cancel_transactions(account=account, source_ids=removed)
    assert sorted(str(item.source_id) for item in canceled) == ["TRN-1", "TRN-2"]
    assert {item.status for item in canceled} == {"canceled"}
    assert [item["status"] for item in stored(account)] == ["canceled", "canceled", "posted"]
    assert [item["status"] for item in stored(other)] == ["posted"]
    assert writes.cancel_transactions(account=account, source_ids=removed) == []
    assert writes.cancel_transactions(account=account, source_ids=()) == []


def test_rows_written_after_the_listing_began_are_not_canceled(account: AggregationAccount):
    before = timezone.now()
    writes.upsert_transactions(account=account, rows=[transaction_row()])
    writes.upsert_holdings(account=account, rows=[holding_row(1)])
    assert not writes.cancel_transactions(
        account=account, source_ids={"TRN-1"}, written_before=before
    )
    writes.retire_missing_holdings(account=account, listed_source_ids=set(), listed_at=before)
    assert AggregationAccountTransaction.unscoped.get().status == "posted"
    assert AggregationAccountHolding.unscoped.get().is_active


def test_queries_do_not_grow_with_what_is_missing(account: AggregationAccount):
    counts = []
    for size in (1, 50):
        rows = [transaction_row(number) for number in range(size)]
        writes.upsert_transactions(account=account, rows=rows)
        writes.upsert_holdings(
            account=account, rows=[holding_row(number) for number in range(size)]
        )
        with CaptureQueriesContext(connection) as queries:
            canceled = writes.cancel_transactions(
                account=account, source_ids={row.source_id for row in rows}
            )
            writes.retire_missing_holdings(
                account=account, listed_source_ids=set(), listed_at=timezone.now()
            )
        assert len(canceled) == size
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans without statistics")
def test_a_new_table_is_not_read_account_by_account(account: AggregationAccount):
    """A large first import looks each row up by its key, not among all of its account."""
    table = AggregationAccountTransaction._meta.db_table
    rows = [transaction_row(number) for number in range(2000)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_class SET reltuples = -1 WHERE relname = %s", [table])
        for _ in range(2):
            writes.upsert_transactions(account=account, rows=rows)
    lookup = AggregationAccountTransaction.unscoped.filter(
        aggregation_account=account, source_id=rows[0].source_id
    )
    assert "transaction_source_unique" in lookup.order_by().explain()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans without statistics")
def test_an_account_that_statistics_lack_is_read_by_its_key(account: AggregationAccount):
    """The second account of a young database was read as a whole for each row of a batch."""
    rows = [transaction_row(number) for number in range(4000)]
    for start in (0, 2000):  # the second batch collects statistics
        writes.upsert_transactions(account=account, rows=rows[start : start + 2000])
    plans: list[str] = []

    def explained(execute: Any, sql: str, params: Any, *others: Any) -> Any:
        if sql.startswith(f"INSERT INTO {AggregationAccountTransaction._meta.db_table}"):
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}", params)
                plans.append(str(cursor.fetchall()))
        return execute(sql, params, *others)

    new = AggregationAccountFactory(client=account.client)
    with connection.execute_wrapper(explained):
        writes.upsert_transactions(account=new, rows=rows[:2000])
    (plan,) = plans
    assert "Index Scan using transaction_source_unique" in plan
