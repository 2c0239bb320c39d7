"""Which days a listing of transactions covers: no gap is left, and all is read now and then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.jobs import runner
from integrations.models import AccountLink, Job, JobState
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccountTransaction
from tests.integrations.flows.linked_bank import Linked, output_of

pytestmark = pytest.mark.django_db


def test_no_gap_is_left_after_a_long_pause(account: Linked):
    account.sync()
    AccountLink.unscoped.update(transactions_retrieved_at=timezone.now() - timedelta(days=140))
    missed = account.book(7, 130)
    account.sync()
    assert missed in account.active()


def test_all_that_the_vendor_has_is_read_now_and_then(account: Linked):
    corrected = account.book(7, 300)
    account.sync()
    assert corrected not in account.active()
    AccountLink.unscoped.update(create_date=timezone.now() - timedelta(days=31))
    account.sync()
    assert corrected in account.active()
    assert account.link.history_retrieved_at is not None
    later = account.book(8, 300)
    account.sync()
    assert later not in account.active()  # not every time


def test_all_transactions_are_read_again_on_demand(account: Linked):
    first = account.book(7, 300)
    assert "1 accounts" in output_of(
        "transactions", "reread", "--account", str(account.link.aggregation_account_id)
    )
    runner.drain()
    assert first in account.active()
    second = account.book(8, 300)
    started = account.api.post("/integration/v1/async/aggregation/transaction", {})
    assert started.status_code == 200, started.data
    for _ in range(5):
        Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
        runner.drain()
    assert second in account.active()


def test_a_repeated_import_of_unchanged_data_writes_nothing(account: Linked):
    account.sync(SyncScope.HISTORY)
    before = list(AggregationAccountTransaction.unscoped.order_by("id").values())
    account.sync(SyncScope.HISTORY)
    account.sync()
    assert list(AggregationAccountTransaction.unscoped.order_by("id").values()) == before


def test_rows_outside_of_the_window_decide_nothing(
    account: Linked, monkeypatch: pytest.MonkeyPatch
):
    old = account.book(7, 300)
    account.sync(SyncScope.HISTORY)
    assert old in account.active()
    account.withdraw(old)
    account.sync()  # lists 90 days
    assert old in account.active()
    account.sync(SyncScope.HISTORY)
    assert old not in account.active()
