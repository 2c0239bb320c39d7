"""A person connects a bank again: its rows come under new ids, and keep theirs in Nucleus."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from integrations.flows import sync
from integrations.jobs import runner
from integrations.models import AccountLink, CredentialHealth, Job, JobState, Member
from integrations.vendors import errors
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccountHolding, AggregationAccountTransaction, Client
from tests.api import Api
from tests.integrations.flows.test_any_vendor import BASE, linked
from tests.integrations.vendors.memory import MemoryVendor
from tests.integrations.vendors.memory_bank import MemoryBank

pytestmark = pytest.mark.django_db
NUCLEUS = "/nucleus/v1/aggregation_account_transaction"


@dataclass
class Person:
    """A client with a checking and an investment account, who connects the bank again and again."""

    api: Api
    client: Client
    bank: MemoryBank
    member_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.member_id, _ = linked(self.api, self.client, self.bank)
        runner.drain()

    @property
    def checking(self) -> str:
        accounts = self.bank.accounts.values()
        return next(
            row.id for row in accounts if (row.member_id, row.kind) == (self.member_id, "checking")
        )

    def book(self, amount: int, days_ago: int, status: str = "posted") -> str:
        return self.bank.book(self.checking, Decimal(amount), days_ago, status)

    def connect_again(self) -> None:
        """Delete the connection at the vendor, and connect the bank again; nothing is linked yet.

        The bank has the same five rows as before under new ids; others have to be booked.
        """
        del self.bank.members[self.member_id]
        user_id = next(iter(self.bank.users))
        self.member_id = self.bank.connect(user_id)

    def link(self) -> None:
        body = {"nucleus_client_id": self.client.id, "product": "atom"}
        body |= {"vendor_request": {"member_id": self.member_id}}
        response = self.api.post(f"{BASE}/aggregation/account", body)
        assert response.status_code == 200, response.data
        assert len(response.data["nucleus_aggregation_accounts"]) == 2
        runner.drain()

    def sync(self) -> None:
        member = Member.unscoped.get(vendor_member_id=self.member_id)
        sync.enqueue(member=member, scope=SyncScope.EVERYTHING)
        runner.drain()
        assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}

    def at_the_bank(self) -> Counter[Decimal]:
        rows = self.bank.transactions.values()
        return Counter(row.amount for row in rows if row.account_id == self.checking)

    def active(self) -> Counter[Any]:
        rows = AggregationAccountTransaction.unscoped.filter(is_active=True)
        return Counter(rows.exclude(status="canceled").values_list("amount", flat=True))

    def ids(self, amount: int) -> set[UUID]:
        rows = AggregationAccountTransaction.unscoped.filter(is_active=True, amount=amount)
        return set(rows.exclude(status="canceled").values_list("id", flat=True))


@pytest.fixture
def person(api: Api, nucleus_client: Client, memory_bank: MemoryBank) -> Person:
    return Person(api, nucleus_client, memory_bank)


def test_rows_under_new_ids_keep_theirs_over_several_connections(person: Person):
    stored = AggregationAccountTransaction.unscoped.order_by("amount")
    before = list(stored.values_list("id", "amount", "create_date", "update_date"))
    for generation in (2, 3, 4):
        person.connect_again()
        person.link()
        rows = stored.values_list("id", "amount", "create_date", "update_date")
        assert [row[:3] for row in rows] == [row[:3] for row in before]
        assert set(stored.values_list("source_generation", flat=True)) == {generation}
        current = AccountLink.unscoped.filter(ended_at=None)
        assert set(current.values_list("generation", flat=True)) == {generation}
        ids = {row.id for row in person.bank.transactions.values()}
        assert set(stored.values_list("source_id", flat=True)) <= ids
    unchanged = list(stored.values())
    person.sync()
    assert list(stored.values()) == unchanged


@pytest.mark.parametrize("count", [2, 3, 4])
def test_equal_rows_are_continued_as_many_as_there_are(person: Person, count: int):
    for _ in range(3):
        person.book(77, 3)
    person.sync()
    before = person.ids(77)
    person.connect_again()
    for _ in range(count):
        person.book(77, 3)
    person.link()
    after = person.ids(77)
    assert len(before) == 3
    assert len(after) == count
    assert len(after & before) == min(count, 3)
    assert person.active() == person.at_the_bank()


def test_values_that_the_tenant_wrote_stay(person: Person):
    row = AggregationAccountTransaction.unscoped.get(amount=3)
    category = "2035f52d-4b5a-4c0e-9f0e-5a1f0c0b7a11"
    change = {
        "is_excluded_analysis": True,
        "metadata": {"note": "ours"},
        "bank_credit": {"transaction_category_id": category},
    }
    changed = person.api.put(f"{NUCLEUS}/{row.pk}", change)
    assert changed.status_code == 200, changed.data
    person.connect_again()
    person.link()
    row.refresh_from_db()
    assert row.source_generation == 2
    assert (row.is_excluded_analysis, row.metadata["note"]) == (True, "ours")
    assert str(row.transaction_category_id) == category


def test_a_pending_row_is_continued_by_the_posted_one(person: Person):
    person.book(70, 1, "pending")
    person.book(71, 1, "pending")
    person.sync()
    posted, gone = person.ids(70), person.ids(71)
    person.connect_again()
    person.book(70, 1)
    person.link()
    assert person.ids(70) == posted
    assert gone
    assert person.ids(71) == set()
    assert AggregationAccountTransaction.unscoped.get(amount=70).status == "posted"


def test_rows_missing_within_the_window_of_a_new_source_are_withdrawn_and_older_ones_stay(
    person: Person,
):
    person.book(70, 3)
    person.book(71, 60)
    person.sync()
    history = person.ids(71)
    person.connect_again()
    person.link()
    assert person.ids(70) == set()
    assert person.ids(71) == history
    person.sync()
    assert person.ids(71) == history
    person.bank.single_reads.clear()
    person.book(72, 80)  # it covers more now, and lacks that row
    person.sync()
    assert person.ids(71) == set()
    assert person.bank.single_reads == []  # ids of an earlier connection are unknown anyway
    assert person.active() == person.at_the_bank()


def test_a_partial_first_import_doubles_nothing(person: Person):
    """The new connection first lists some rows, and the others with its next import."""
    for number in range(70, 76):
        person.book(number, 2)
    person.sync()
    before = set(AggregationAccountTransaction.unscoped.values_list("id", flat=True))
    person.connect_again()
    person.link()
    for number in range(70, 76):
        person.book(number, 2)
    person.sync()
    assert person.active() == person.at_the_bank()
    rows = AggregationAccountTransaction.unscoped.filter(is_active=True)
    assert set(rows.values_list("id", flat=True)) == before


def test_an_unlikely_share_is_withheld_here_too(person: Person):
    for number in range(70, 90):
        person.book(number, 2)
    person.sync()
    before = person.active()
    person.connect_again()
    person.link()
    assert person.active() == before
    link = AccountLink.unscoped.get(vendor_account_id=person.checking)
    assert link.withheld_removals == 20


def test_old_history_does_not_make_a_share_likely(person: Person):
    """Of the days that the new source lists, nearly all rows are missing."""
    for number in range(70, 90):
        for days_ago in (2, 60, 61, 62):
            person.book(number, days_ago)
    person.sync()
    before = person.active()
    person.connect_again()
    person.link()
    assert person.active() == before


def test_rows_with_other_texts_are_replaced(person: Person):
    """A new source may describe all rows in another way; then they have new ids, once."""
    for number in range(70, 90):
        person.book(number, 2)
    person.sync()
    person.connect_again()
    for number in range(70, 90):
        guid = person.book(number, 2)
        row = person.bank.transactions[guid]
        person.bank.transactions[guid] = replace(row, description="COFFEE 0815")
    person.link()
    assert person.active() == person.at_the_bank()


def test_an_interrupted_first_listing_is_continued(person: Person, monkeypatch: pytest.MonkeyPatch):
    for _ in range(6):
        person.book(77, 3)
    person.sync()
    before = set(AggregationAccountTransaction.unscoped.values_list("id", flat=True))
    person.connect_again()
    for _ in range(6):
        person.book(77, 3)
    read = MemoryVendor.transaction_pages

    def failing(vendor: MemoryVendor, **values: Any) -> Any:
        for number, page in enumerate(read(vendor, **values)):
            if number == 3:
                raise errors.VendorUnavailable(vendor="memory")
            yield page

    monkeypatch.setattr("integrations.flows.page_batching.BATCH_ROWS", 2)
    with monkeypatch.context() as patch:
        patch.setattr(MemoryVendor, "transaction_pages", failing)
        person.link()
    assert Job.objects.filter(state=JobState.READY).exists()
    CredentialHealth.objects.all().delete()
    Job.objects.filter(state=JobState.READY).update(run_at=datetime.now(UTC) - timedelta(hours=1))
    runner.drain()
    person.sync()
    rows = AggregationAccountTransaction.unscoped.filter(is_active=True)
    assert set(rows.values_list("id", flat=True)) == before
    assert person.active() == person.at_the_bank()


def test_positions_under_new_ids_keep_theirs(person: Person):
    before = AggregationAccountHolding.unscoped.get()
    person.connect_again()
    person.link()
    after = AggregationAccountHolding.unscoped.get()
    assert (after.pk, after.is_active, after.source_generation) == (before.pk, True, 2)
    assert after.source_id != before.source_id
