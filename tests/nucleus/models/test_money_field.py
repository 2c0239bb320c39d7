"""Amounts are exact on both databases, and compare by value."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F, Max, Sum

from nucleus import writes
from nucleus.models import AggregationAccountTransaction
from nucleus.writes import TransactionRow
from tests.factories.nucleus import AggregationAccountFactory, TransactionFactory

pytestmark = pytest.mark.django_db
ROWS = AggregationAccountTransaction.unscoped
AMOUNTS = [
    Decimal(text)
    for text in (
        "-9999999999999999.99999999", "-10", "-9.5", "-0.00000001", "0", "0.00000001", "9.5",
        "10", "61.11", "12345678.12345678", "123456789012345.67", "9999999999999999.99999999",
    )
]  # fmt: skip


@pytest.mark.parametrize("amount", AMOUNTS, ids=str)
def test_every_digit_is_kept(amount: Decimal):
    row = TransactionFactory(amount=amount)
    row.refresh_from_db()
    assert row.amount == amount
    assert ROWS.get(amount=amount).pk == row.pk


def test_bulk_upserts_keep_every_digit():
    account = AggregationAccountFactory()
    rows = [
        TransactionRow(
            source_id=str(amount),
            source_updated_at=None,
            transaction_date=account.create_date,
            booking_date=account.create_date.date(),
            currency_code="USD",
            status="posted",
            amount=amount,
            transaction_type="Debit",
        )
        for amount in AMOUNTS
    ]
    assert writes.upsert_transactions(account=account, rows=rows) == len(rows)
    assert list(ROWS.order_by("amount").values_list("amount", flat=True)) == AMOUNTS
    assert writes.upsert_transactions(account=account, rows=rows) == 0


def test_order_and_comparison_are_by_value():
    for amount in reversed(AMOUNTS):
        TransactionFactory(amount=amount)
    assert list(ROWS.order_by("amount").values_list("amount", flat=True)) == AMOUNTS
    for amount in AMOUNTS:
        below = set(ROWS.filter(amount__lt=amount).values_list("amount", flat=True))
        assert below == {item for item in AMOUNTS if item < amount}
    assert ROWS.aggregate(most=Max("amount"))["most"] == AMOUNTS[-1]


def test_sums_and_updates_are_computed_by_the_database():
    for amount in ("0.10", "0.20", "61.11"):
        TransactionFactory(amount=Decimal(amount))
    assert ROWS.aggregate(total=Sum("amount"))["total"] == Decimal("61.41")
    ROWS.update(amount=F("amount") + 1)
    assert set(ROWS.values_list("amount", flat=True)) == {
        Decimal("1.1"),
        Decimal("1.2"),
        Decimal("62.11"),
    }


@pytest.mark.skipif(connection.vendor != "sqlite", reason="about what older SQLite files hold")
def test_floats_in_older_databases_are_read_and_count_as_unchanged():
    row = TransactionFactory(amount=Decimal("61.11"))
    with connection.cursor() as cursor:
        table = AggregationAccountTransaction._meta.db_table
        cursor.execute(f"UPDATE {table} SET amount = 61.11")  # noqa: S608
    row.refresh_from_db()
    assert row.amount == Decimal("61.11")
    assert ROWS.filter(amount=Decimal("61.11")).exists()
