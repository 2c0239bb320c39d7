"""Holdings, balances, accounts and institutions, also with concurrent writers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from nucleus import writes
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    Institution,
)
from tests.factories.nucleus import AggregationAccountFactory
from tests.nucleus.rows import LATER, NOON, holding_row, transaction_row
from tests.parallel import at_once

pytestmark = pytest.mark.django_db


def test_a_missing_position_is_deactivated_and_may_return(account: AggregationAccount):
    writes.upsert_holdings(account=account, rows=[holding_row(1), holding_row(2)])
    ids = dict(AggregationAccountHolding.unscoped.values_list("source_id", "id"))
    writes.retire_missing_holdings(
        account=account, listed_source_ids={"HOL-1"}, listed_at=timezone.now()
    )
    active = AggregationAccountHolding.unscoped.filter(is_active=True)
    assert [item.source_id for item in active] == ["HOL-1"]
    writes.upsert_holdings(account=account, rows=[holding_row(2)])
    assert active.all().count() == 2
    assert dict(AggregationAccountHolding.unscoped.values_list("source_id", "id")) == ids


def balance(
    account: AggregationAccount,
    amount: str,
    stamp: datetime | None,
    read_at: datetime | None = None,
) -> Any:
    row = writes.BalanceRow(
        balance=Decimal(amount),
        available_balance=None,
        available_credit=None,
        currency_code="USD",
        time_stamp=stamp,
        read_at=read_at or datetime.now(UTC),
    )
    unchanged = writes.unchanged_balance(account, row)
    newest = writes.record_balance(account, row)
    assert unchanged in (None, newest)
    return newest


def test_a_changed_balance_is_added_to_the_history(account: AggregationAccount):
    before = datetime.now(UTC)
    first = balance(account, "10.00", NOON)
    assert balance(account, "10.00", NOON).pk == first.pk
    second = balance(account, "11.50", LATER)
    assert balance(account, "10.00", NOON, before).pk == second.pk  # of an earlier read
    corrected = balance(account, "11.60", LATER)
    assert (corrected.pk, corrected.balance) == (second.pk, Decimal("11.60"))
    assert AggregationAccountBalance.unscoped.count() == 2


ODD_STAMPS = [NOON - timedelta(days=9000), NOON, datetime(2099, 1, 1, tzinfo=UTC), datetime.max]


@pytest.mark.parametrize("stamp", [stamp.replace(tzinfo=UTC) for stamp in ODD_STAMPS])
def test_an_odd_time_stamp_freezes_no_balance(account: AggregationAccount, stamp: datetime):
    balance(account, "10.00", LATER)
    odd = balance(account, "11.00", stamp)
    newest = AggregationAccountBalance.unscoped.order_by("-balance_time_stamp")
    assert newest[0].pk == odd.pk
    assert balance(account, "11.00", stamp).pk == odd.pk  # unchanged: nothing is written
    assert balance(account, "11.00", None).pk == odd.pk
    assert newest.count() == 2
    last = balance(account, "12.00", LATER)
    assert newest[0].pk == last.pk


def test_a_stored_date_in_the_future_is_corrected(account: AggregationAccount):
    """Version 0.1 stored the source's stamps as they were."""
    frozen = balance(account, "10.00", NOON)
    future = datetime(2099, 1, 1, tzinfo=UTC)
    AggregationAccountBalance.unscoped.update(balance_time_stamp=future)
    current = balance(account, "11.00", datetime.now(UTC))
    assert current.pk != frozen.pk
    assert AggregationAccountBalance.unscoped.order_by("-balance_time_stamp")[0].pk == current.pk


def test_a_balance_without_time_stamp_is_stored_only_if_it_differs(account: AggregationAccount):
    first = balance(account, "10.00", None)
    assert balance(account, "10.00", None).pk == first.pk
    assert balance(account, "10.01", None).pk != first.pk


def test_writing_to_a_deleted_account_raises(account: AggregationAccount):
    AggregationAccount.unscoped.filter(pk=account.pk).delete()
    with pytest.raises(writes.AccountGone):
        writes.upsert_transactions(account=account, rows=[transaction_row()])
    with pytest.raises(writes.AccountGone):
        writes.update_aggregation_account(account=account, account_name="Gone")


def test_an_account_is_written_only_where_it_differs(account: AggregationAccount):
    def update(**columns: Any) -> datetime:
        writes.update_aggregation_account(account=account, **columns)
        account.refresh_from_db()
        return account.update_date

    first = update(account_name="Savings", apr=Decimal("2.99"))
    assert update(account_name="Savings", apr=Decimal("2.990")) == first
    assert update(apr=Decimal("3.1")) > first
    assert (account.account_name, account.apr) == ("Savings", Decimal("3.1"))


def test_an_institution_is_one_row_as_last_described():
    first = writes.upsert_institution(source="mx", code="mxbank", name="MX Bank", website_url=None)
    updated = writes.upsert_institution(
        source="mx", code="mxbank", name="MX Bank", website_url="https://x.test"
    )
    assert updated.pk == first.pk
    assert Institution.objects.get().website_url == "https://x.test"
    dated = Institution.objects.get().update_date
    writes.upsert_institution(
        source="mx", code="mxbank", name="MX Bank", website_url="https://x.test"
    )
    assert Institution.objects.get().update_date == dated


@pytest.mark.django_db(transaction=True)
def test_concurrent_upserts_of_an_institution_store_one_row():
    rows = at_once(6, lambda: writes.upsert_institution(source="mx", code="mxbank", name="MX Bank"))
    assert len({item.pk for item in rows}) == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_equal_pulls_store_rows_once():
    account = AggregationAccountFactory()
    rows = [transaction_row(number) for number in range(300)]
    written = at_once(6, lambda: writes.upsert_transactions(account=account, rows=rows))
    assert sorted(written) == [0, 0, 0, 0, 0, 300]
