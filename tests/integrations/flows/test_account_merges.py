"""Merges of linked accounts with the in-memory vendor: syncs, connections and undoing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from integrations.flows import sync
from integrations.jobs import runner
from integrations.models import (
    AccountLink,
    AccountMerge,
    AggregationSettings,
    Job,
    JobState,
    Member,
    MergedEntry,
    PossibleDuplicate,
)
from integrations.vendors.records import SyncScope
from nucleus.models import (
    AggregationAccount,
    AggregationAccountHolding,
    AggregationAccountTransaction,
    Client,
)
from tests.api import Api
from tests.integrations.vendors.memory_bank import MemoryBank

BASE = "/integration/v1"
pytestmark = pytest.mark.django_db


@dataclass
class Logins:
    """A client that has linked the same accounts through several logins."""

    api: Api
    client: Client
    bank: MemoryBank
    user_id: str = ""

    def connect(self) -> str:
        """One more login with the same two accounts; returns the vendor's member id."""
        about = {"nucleus_client_id": self.client.pk, "product": "atom"}
        user = self.api.post(f"{BASE}/user", about)
        self.user_id = user.data["vendor_response"]["id"]
        member_id = self.bank.connect(self.user_id)
        self.link(member_id)
        return member_id

    def link(self, member_id: str) -> None:
        about = {"nucleus_client_id": self.client.pk, "product": "atom"}
        body = about | {"vendor_request": {"member_id": member_id}}
        assert self.api.post(f"{BASE}/aggregation/account", body).status_code == 200
        runner.drain()

    def vendor_account(self, member_id: str, kind: str = "checking") -> str:
        rows = self.bank.accounts.values()
        return next(row.id for row in rows if (row.member_id, row.kind) == (member_id, kind))

    def account(self, member_id: str, kind: str = "checking") -> AggregationAccount:
        """The aggregation account that was created for the login's account of this kind."""
        links = AccountLink.unscoped.filter(
            vendor_account_id=self.vendor_account(member_id, kind)
        ).order_by("create_date")
        return links.select_related("aggregation_account")[0].aggregation_account

    def sync(self) -> None:
        for member in Member.unscoped.exclude(connection_status="GONE"):
            sync.enqueue(member=member, scope=SyncScope.EVERYTHING)
        runner.drain()

    def merge(self, kept: Any, merged: Any) -> str:
        body = {
            "kept_aggregation_account_id": kept.pk,
            "merged_aggregation_account_id": merged.pk,
        }
        response = self.api.post(f"{BASE}/account_merge", body)
        assert response.status_code == 200, response.data
        return str(response.data["id"])

    def undo(self, merge_id: str) -> None:
        response = self.api.delete(f"{BASE}/account_merge/{merge_id}")
        assert response.status_code == 204, response.data

    def total(self, category: str = "Checking") -> Decimal | None:
        path = f"/nucleus/v1/client/{self.client.pk}/aggregation_account_overview"
        overview = self.api.get(path).data
        totals = {row["category"]: row["total_balance"] for row in overview["by_category"]}
        return totals.get(category)


@pytest.fixture
def logins(api: Api, nucleus_client: Client, memory_bank: MemoryBank) -> Logins:
    return Logins(api, nucleus_client, memory_bank)


def amounts(account: AggregationAccount, **columns: Any) -> list[Decimal]:
    """The amounts of the account's active transactions, in order."""
    rows = AggregationAccountTransaction.unscoped.filter(
        aggregation_account=account, is_active=True, **columns
    )
    return sorted(rows.values_list("amount", flat=True))


def numbers(*values: int) -> list[Decimal]:
    return [Decimal(value) for value in values]


def current_link(account: AggregationAccount) -> AccountLink | None:
    return AccountLink.unscoped.filter(aggregation_account=account, ended_at=None).first()


def refreshed(account: AggregationAccount) -> AggregationAccount:
    return AggregationAccount.unscoped.get(pk=account.pk)


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
    logins.bank.book(account.id, Decimal(60), 0)
    logins.sync()
    assert amounts(kept) == numbers(1, 2, 3, 4, 5, 50, 60)
    assert amounts(merged) == []


def test_holdings_are_those_of_the_link_that_goes_on(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first, "investment"), logins.account(second, "investment")
    active = AggregationAccountHolding.unscoped.filter(is_active=True)
    assert active.count() == 2
    merge_id = logins.merge(kept, merged)
    assert active.get().aggregation_account_id == kept.pk
    logins.undo(merge_id)
    assert active.count() == 2
    del logins.bank.members[first]
    logins.sync()
    merge_id = logins.merge(kept, merged)
    position = active.get()
    assert position.aggregation_account_id == kept.pk
    logins.sync()
    assert active.get() == position
    logins.undo(merge_id)
    logins.sync()
    assert active.get(aggregation_account=merged) == position


def test_the_kept_account_goes_on_with_the_other_login(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    logins.merge(kept, merged)
    del logins.bank.members[first]
    logins.bank.book(logins.vendor_account(second), Decimal(50), 0)
    logins.sync()
    logins.sync()
    assert refreshed(kept).is_active
    link = current_link(kept)
    assert link is not None
    assert link.vendor_account_id == logins.vendor_account(second)
    assert logins.total() == Decimal("100.25")
    logins.undo(str(AccountMerge.unscoped.get().pk))
    assert (refreshed(kept).is_active, refreshed(merged).is_active) == (False, True)
    logins.sync()
    assert amounts(merged) == numbers(1, 2, 3, 4, 5, 50)


def test_an_account_that_the_tenant_disconnected_stays_so(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    logins.merge(kept, merged)
    query = "?delete_type=delink"
    assert logins.api.delete(f"{BASE}/aggregation/account/{kept.pk}", query).status_code == 204
    logins.sync()
    assert not refreshed(kept).is_active
    assert current_link(kept) is None


def test_a_login_that_replaces_the_merged_one_is_the_kept_account(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    logins.merge(kept, merged)
    logins.merge(logins.account(first, "investment"), logins.account(second, "investment"))
    del logins.bank.members[second]
    logins.sync()
    third = logins.connect()
    assert AggregationAccount.unscoped.count() == 4
    assert logins.account(third) == merged  # an ended link, so that its id is known
    assert current_link(merged) is None
    assert logins.total() == Decimal("100.25")


def test_undoing_after_both_connections_are_gone(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    AggregationSettings.unscoped.update(add_new_accounts=False)
    merge_id = logins.merge(kept, merged)
    del logins.bank.members[first], logins.bank.members[second]
    logins.sync()
    logins.undo(merge_id)
    assert amounts(kept) == amounts(merged) == numbers(1, 2, 3, 4, 5)
    assert (refreshed(kept).is_active, refreshed(merged).is_active) == (False, False)
    assert current_link(merged) is None


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
