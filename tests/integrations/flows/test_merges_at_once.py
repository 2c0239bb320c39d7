"""Merges and undos beside syncs, erasures and disconnections: every transaction stays once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from integrations.flows import page_batching, sync
from integrations.jobs import runner
from integrations.models import AccountMerge, Job, JobState, Member, MergedEntry
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccount, AggregationAccountTransaction, Client
from tests.api import Api
from tests.integrations.flows.logins import BASE, Logins, amounts, current_link
from tests.integrations.vendors.memory import MemoryVendor
from tests.parallel import at_once

BALANCE = Decimal("100.25")
# Whose connection still exists, what happens, and before which of the sync's calls to the vendor.
MOMENTS = [
    *[("both", "merge", number) for number in (3, 5, 7, 12)],
    ("both", "undo", 5),
    ("both", "merge and undo", 5),
    *[("merged", action, number) for action in ("merge", "undo") for number in (4, 8)],
    ("merged", "merge and undo", 6),
]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page of the vendor is a transaction."""
    monkeypatch.setattr(page_batching, "BATCH_ROWS", 2)


@pytest.fixture
def before_call(
    small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int, Callable[[], Any]], None]:
    """Registers a callback that runs before the call of that number to the vendor."""

    def register(number: int, happens: Callable[[], Any]) -> None:
        calls, call = count(1), MemoryVendor._call

        def counted(vendor: MemoryVendor, operation: str) -> None:
            if next(calls) == number:
                happens()
            call(vendor, operation)

        monkeypatch.setattr(MemoryVendor, "_call", counted)

    return register


def book(logins: Logins, members: list[str], amount: int) -> None:
    for member_id in members:
        logins.bank.book(logins.vendor_account(member_id), Decimal(amount), 1)


def at_bank(logins: Logins, member_id: str) -> list[Decimal]:
    account_id = logins.vendor_account(member_id)
    rows = logins.bank.transactions.values()
    return sorted(row.amount for row in rows if row.account_id == account_id)


def ids(account: AggregationAccount) -> dict[Decimal, UUID]:
    """The ids of the account's active transactions by amount."""
    rows = AggregationAccountTransaction.unscoped.filter(
        aggregation_account=account, is_active=True
    )
    return dict(rows.values_list("amount", "pk"))


def own_api(logins: Logins) -> Api:
    """The same caller, for a thread."""
    return Api(logins.api.headers["Authorization"][7:])


def post_merge(logins: Logins, kept: AggregationAccount, merged: AggregationAccount) -> int:
    body = {"kept_aggregation_account_id": kept.pk, "merged_aggregation_account_id": merged.pk}
    return own_api(logins).post(f"{BASE}/account_merge", body).status_code


def all_at_once(calls: list[Callable[[], int]]) -> list[int]:
    """What each of the simultaneous calls answers."""
    remaining = list(calls)

    def call_next() -> int:
        return remaining.pop()()

    return at_once(len(calls), call_next)


@pytest.mark.django_db
@pytest.mark.parametrize(("connected", "action", "number"), MOMENTS)
def test_between_two_calls_of_a_sync(
    logins: Logins, before_call: Any, connected: str, action: str, number: int
):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    if connected == "merged":
        del logins.bank.members[first]
    members = [second] if connected == "merged" else [first, second]
    book(logins, [second], 50)
    logins.sync()
    book(logins, members[:-1], 50)  # the first login shows it later
    book(logins, members, 60)
    book(logins, members, 70)
    kept_ids, merged_ids = ids(kept), ids(merged)
    merge_id = logins.merge(kept, merged) if action == "undo" else ""
    happened = []

    def happens() -> None:
        happened.append(number)
        created = merge_id or logins.merge(kept, merged)
        if action != "merge":
            logins.undo(created)

    before_call(number, happens)
    logins.sync()
    assert happened
    for _ in range(2):
        if action == "merge":
            assert (amounts(kept), amounts(merged)) == (at_bank(logins, second), [])
            assert logins.total() == BALANCE
        else:
            assert amounts(merged) == at_bank(logins, second)
            assert amounts(kept) == at_bank(logins, first)
            assert logins.total() == len(members) * BALANCE
            assert merged_ids.items() <= ids(merged).items()
        assert kept_ids.items() <= ids(kept).items()
        logins.sync()


@pytest.mark.django_db(transaction=True)
def test_beside_workers(logins: Logins, small_batches: None):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    kept_ids, merged_ids = ids(kept), ids(merged)
    threads, turns = count(), count(100)
    remaining = [1, 1, 1]

    def work_or_merge() -> None:
        if next(threads):
            while remaining:
                for member in Member.unscoped.all():
                    sync.enqueue(member=member, scope=SyncScope.EVERYTHING)
                runner.run_next()
            return
        try:
            while remaining:
                assert post_merge(logins, kept, merged) == 200
                book(logins, [first, second], next(turns))
                merge = AccountMerge.unscoped.get(undone_at=None)
                response = own_api(logins).delete(f"{BASE}/account_merge/{merge.pk}")
                assert response.status_code == 204
                book(logins, [second, first], next(turns))
                remaining.pop()
        finally:
            remaining.clear()

    at_once(3, work_or_merge)
    Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
    logins.sync()
    assert amounts(kept) == amounts(merged) == at_bank(logins, first)
    assert kept_ids.items() <= ids(kept).items()
    assert merged_ids.items() <= ids(merged).items()
    assert logins.total() == 2 * BALANCE
    logins.merge(kept, merged)
    logins.sync()
    assert (amounts(kept), amounts(merged)) == (at_bank(logins, first), [])
    assert logins.total() == BALANCE


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_reversed", ["same", "both directions"])
def test_two_merges_at_once(logins: Logins, is_reversed: str):
    first, second = logins.connect(), logins.connect()
    pair = [logins.account(first), logins.account(second)]
    pairs = [pair, pair if is_reversed == "same" else pair[::-1]]
    statuses = at_once(2, lambda: post_merge(logins, *pairs.pop()))
    assert sorted(statuses) == [200, 409]
    merge = AccountMerge.unscoped.get()
    assert amounts(merge.kept_account) == at_bank(logins, first)
    assert amounts(merge.merged_account) == []
    assert logins.total() == BALANCE


@pytest.mark.django_db(transaction=True)
def test_beside_the_erasure_of_the_client(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    threads = count()

    def erase_or_merge() -> int:
        if next(threads):
            return post_merge(logins, kept, merged)
        path = f"/nucleus/v1/client/{logins.client.pk}"
        status = own_api(logins).delete(path, "?nucleus_data=delete").status_code
        Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
        runner.drain()
        return status

    statuses = at_once(2, erase_or_merge)
    assert set(statuses) <= {200, 204, 404, 409}
    Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
    runner.drain()
    for model in (Client, AggregationAccount, AggregationAccountTransaction, AccountMerge):
        assert not model.unscoped.exists()
    assert not MergedEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("delete_type", ["delink", "delete"])
def test_beside_disconnecting_both_accounts(logins: Logins, delete_type: str):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    query = f"?delete_type={delete_type}"
    calls: list[Callable[[], int]] = [
        lambda: post_merge(logins, kept, merged),
        *[
            lambda account=account: (
                own_api(logins)
                .delete(f"{BASE}/aggregation/account/{account.pk}", query)
                .status_code
            )
            for account in (kept, merged)
        ],
    ]
    assert sorted(all_at_once(calls)) == [200, 204, 204]
    logins.sync()
    assert amounts(kept) == at_bank(logins, first)
    assert (amounts(merged), current_link(merged)) == ([], None)
    merge = AccountMerge.unscoped.get()
    logins.undo(str(merge.pk))
    assert amounts(kept) == amounts(merged) == at_bank(logins, first)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("deleted", ["kept", "merged"])
def test_beside_the_deletion_of_an_account(logins: Logins, deleted: str):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    path = f"/nucleus/v1/aggregation_account/{(kept if deleted == 'kept' else merged).pk}"
    calls: list[Callable[[], int]] = [
        lambda: post_merge(logins, kept, merged),
        lambda: own_api(logins).delete(path).status_code,
    ]
    statuses = all_at_once(calls)
    assert 204 in statuses
    assert set(statuses) <= {200, 204, 404}
    remaining = AggregationAccount.unscoped.filter(pk__in=[kept.pk, merged.pk])
    for account in remaining:
        assert amounts(account) == at_bank(logins, first)
