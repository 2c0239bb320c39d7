"""Merges of linked accounts with the in-memory vendor: syncs and undoing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import timezone

from integrations.jobs import runner
from integrations.models import (
    AccountLink,
    AccountMerge,
    Job,
    JobState,
    MergedEntry,
    PossibleDuplicate,
)
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountTransaction,
)
from tests.integrations.flows.logins import (
    BASE,
    Logins,
    amounts,
    current_link,
    numbers,
    refreshed,
)

pytestmark = pytest.mark.django_db


def test_two_logins_of_one_account_count_once_after_the_merge(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    duplicate = PossibleDuplicate.unscoped.get(aggregation_account=merged)
    assert duplicate.other_account == kept
    assert logins.total() == Decimal("200.50")
    merge_id = logins.merge(kept, merged)
    assert logins.total() == Decimal("100.25")
    assert amounts(kept) == numbers(1, 2, 3, 4, 5)
    assert amounts(merged) == []
    logins.sync()
    assert logins.total() == Decimal("100.25")
    assert amounts(kept) == numbers(1, 2, 3, 4, 5)
    assert not refreshed(merged).is_active
    duplicate.refresh_from_db()
    assert duplicate.state == PossibleDuplicate.State.MERGED
    logins.undo(merge_id)
    logins.sync()
    assert logins.total() == Decimal("200.50")
    assert amounts(kept) == amounts(merged) == numbers(1, 2, 3, 4, 5)
    duplicate.refresh_from_db()
    assert duplicate.state == PossibleDuplicate.State.OPEN
    assert not MergedEntry.objects.exists()


def test_pulling_the_merged_account_names_the_kept_one(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    logins.merge(kept, merged)
    refused = logins.api.get(f"{BASE}/aggregation/transaction/{merged.pk}")
    assert refused.status_code == 400
    assert str(kept.pk) in refused.data["message"]


def test_connecting_again_changes_nothing(logins: Logins):
    first, second = logins.connect(), logins.connect()
    logins.merge(logins.account(first), logins.account(second))
    links = AccountLink.unscoped.count()
    for member_id in (first, second, second):
        logins.link(member_id)
    assert AccountLink.unscoped.count() == links
    assert AggregationAccount.unscoped.count() == 4
    assert logins.total() == Decimal("100.25")


def test_a_row_that_only_the_merged_login_had_stays_and_is_not_doubled_later(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    logins.bank.book(logins.vendor_account(second), Decimal(50), 1)
    logins.bank.book(logins.vendor_account(second), Decimal(60), 1)
    logins.sync()
    logins.merge(kept, merged)
    assert amounts(kept) == numbers(1, 2, 3, 4, 5, 50, 60)
    logins.bank.book(logins.vendor_account(second), Decimal(70), 0)  # no longer read
    logins.sync()
    assert amounts(kept) == numbers(1, 2, 3, 4, 5, 50, 60)


def test_the_link_goes_over_if_only_the_merged_account_has_one(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    del logins.bank.members[first]
    logins.sync()
    assert not refreshed(kept).is_active
    logins.bank.book(logins.vendor_account(second), Decimal(50), 1)
    account = logins.bank.accounts[logins.vendor_account(second)]
    balance = replace(account.balance, current=Decimal(7))
    logins.bank.accounts[account.id] = replace(account, balance=balance)
    logins.sync()
    logins.merge(kept, merged)
    link = current_link(kept)
    assert link is not None
    assert link.vendor_account_id == account.id
    assert current_link(merged) is None
    assert refreshed(kept).is_active
    assert not refreshed(merged).is_active
    assert logins.total() == Decimal(7)
    assert amounts(kept) == numbers(1, 2, 3, 4, 5, 50)
    logins.sync()
    written = AggregationAccountTransaction.unscoped.latest("update_date").update_date
    logins.sync()
    assert amounts(kept) == numbers(1, 2, 3, 4, 5, 50)
    assert AggregationAccountTransaction.unscoped.latest("update_date").update_date == written
    logins.bank.book(account.id, Decimal(60), 0)
    logins.sync()
    assert amounts(kept) == numbers(1, 2, 3, 4, 5, 50, 60)
    assert amounts(merged) == []


def test_undoing_gives_back_the_link_and_what_it_has_brought_since(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    del logins.bank.members[first]
    logins.sync()
    logins.bank.book(logins.vendor_account(second), Decimal(50), 1)
    logins.sync()
    before = {
        row.pk: (row.aggregation_account_id, row.source_id, row.is_active)
        for row in AggregationAccountTransaction.unscoped.all()
    }
    merge_id = logins.merge(kept, merged)
    logins.bank.book(logins.vendor_account(second), Decimal(60), 0)
    logins.sync()
    logins.undo(merge_id)
    after = {
        row.pk: (row.aggregation_account_id, row.source_id, row.is_active)
        for row in AggregationAccountTransaction.unscoped.filter(pk__in=before)
    }
    assert after == before
    assert amounts(merged) == numbers(1, 2, 3, 4, 5, 50, 60)
    assert amounts(kept) == numbers(1, 2, 3, 4, 5)
    assert (refreshed(kept).is_active, refreshed(merged).is_active) == (False, True)
    logins.sync()
    assert amounts(merged) == numbers(1, 2, 3, 4, 5, 50, 60)
    assert AggregationAccountBalance.unscoped.filter(aggregation_account=kept).count() == 1


def test_accounts_that_come_to_look_alike_are_reported(logins: Logins):
    first, second = logins.connect(), logins.connect()
    PossibleDuplicate.unscoped.all().delete()
    account_id = logins.vendor_account(second)
    row = logins.bank.accounts[account_id]
    logins.bank.accounts[account_id] = replace(row, mask="1234")
    logins.sync()
    assert not PossibleDuplicate.unscoped.exists()
    logins.bank.accounts[account_id] = row
    logins.sync()
    duplicate = PossibleDuplicate.unscoped.get()
    assert duplicate.aggregation_account == logins.account(second)
    assert duplicate.other_account == logins.account(first)


def test_accounts_that_one_login_lists_are_different_ones(logins: Logins):
    member_id = logins.connect()
    row = logins.bank.accounts[logins.vendor_account(member_id)]
    for number in range(2):
        logins.bank.accounts[f"card-{number}"] = replace(row, id=f"card-{number}", name="Card")
    logins.sync()
    assert AggregationAccount.unscoped.count() == 4
    assert not PossibleDuplicate.unscoped.exists()


def test_two_merged_accounts_of_one_login_that_vanish_and_return(logins: Logins):
    member_id = logins.connect()
    row = logins.bank.accounts[logins.vendor_account(member_id)]
    logins.bank.accounts["card"] = card = replace(row, id="card", name="Card")
    logins.sync()
    kept = logins.account(member_id)
    merged = AggregationAccount.unscoped.get(account_name="Card")
    logins.merge(kept, merged)
    del logins.bank.accounts[row.id], logins.bank.accounts["card"]
    logins.sync()
    assert not refreshed(kept).is_active
    logins.bank.accounts |= {"card": card, row.id: row}
    logins.sync()
    assert (refreshed(kept).is_active, refreshed(merged).is_active) == (True, False)


def test_erasing_the_client_removes_merges(logins: Logins):
    first, second = logins.connect(), logins.connect()
    logins.merge(logins.account(first), logins.account(second))
    path = f"/nucleus/v1/client/{logins.client.pk}"
    assert logins.api.delete(path, "?nucleus_data=delete").status_code == 204
    Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
    runner.drain()
    for model in (AggregationAccount, AccountMerge, PossibleDuplicate):
        assert not model.unscoped.exists()
    assert not MergedEntry.objects.exists()
