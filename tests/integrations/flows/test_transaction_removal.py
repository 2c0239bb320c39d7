"""What a complete listing lacks is withdrawn: rows that a bank takes back, but not by a slip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client as HttpClient
from django.utils import timezone
from prometheus_client import generate_latest

from gateway.metrics import REGISTRY
from integrations.jobs import runner
from integrations.models import (
    AccountLink,
    OutboundEvent,
    WebhookSubscription,
)
from integrations.vendors import capabilities, errors
from integrations.vendors.limits import Limits
from nucleus.models import AggregationAccount, AggregationAccountTransaction, Client, Tenant
from tests.api import Api
from tests.gateway.admin.test_actions import run
from tests.integrations.flows.linked_bank import Linked, link_bank, output_of
from tests.integrations.vendors.memory import MemoryVendor
from tests.integrations.vendors.memory_bank import MemoryBank

pytestmark = pytest.mark.django_db
WITHDRAWN = "aggregation_account_transaction_withdrawn"
UseBank = Callable[[MemoryBank], MemoryBank]


def test_a_posted_row_that_the_bank_takes_back_is_withdrawn_and_may_return(
    account: Linked, tenant: Tenant
):
    WebhookSubscription.unscoped.create(
        tenant=tenant, url="http://127.0.0.1:9", extended_events=[WITHDRAWN], secret="s" * 32
    )
    gone = account.book(7, 3)
    account.sync()
    stored = AggregationAccountTransaction.unscoped.get(source_id=gone)
    record = account.bank.transactions[gone]
    account.withdraw(gone)
    account.sync()
    assert account.bank.single_reads == [gone]
    stored.refresh_from_db()
    assert (stored.status, stored.is_active) == ("canceled", False)
    account.sync()
    assert account.bank.single_reads == []
    events = [event for event in OutboundEvent.unscoped.all() if event.type == WITHDRAWN]
    assert len(events) == 1
    assert str(stored.pk) in events[0].payload
    account.bank.transactions[gone] = record
    account.sync()
    stored.refresh_from_db()
    assert (stored.status, stored.is_active) == ("posted", True)


def test_a_restated_row_counts_once(account: Linked):
    old = account.book(7, 3)
    account.sync()
    account.withdraw(old)
    new = account.book(8, 3)
    account.sync()
    assert account.active() == set(account.bank.transactions)
    assert new in account.active()


def test_a_row_that_the_vendor_still_has_stays(account: Linked):
    """The list of a window may lack a row, for instance because its date was moved out of it."""
    moved, pending = account.book(7, 3), account.book(8, 3, "pending")
    account.sync()
    row = account.bank.transactions[moved]
    day = datetime(2099, 1, 1, tzinfo=UTC)
    account.bank.transactions[moved] = replace(row, transacted_at=day, booking_date=day.date())
    account.withdraw(pending)
    account.sync()
    stored = AggregationAccountTransaction.unscoped.get(source_id=moved)
    assert (stored.status, stored.booking_date) == ("posted", date(2099, 1, 1))
    assert account.active() == set(account.bank.transactions)
    account.sync()
    assert account.bank.single_reads == []  # it is outside of the window now


def test_a_listing_that_is_not_complete_withdraws_no_pending_row(account: Linked):
    rows = [account.book(7, 3), account.book(8, 2)]
    account.book(9, 1, "pending")
    account.sync()
    before = account.active()
    account.bank.unlisted = set(account.bank.transactions) - {rows[0]}
    account.sync()
    assert rows[1] in account.bank.single_reads
    assert account.active() == before
    account.bank.unlisted = set()
    account.sync()
    assert account.active() == before == set(account.bank.transactions)


def test_an_empty_listing_withdraws_pending_rows_only_if_the_vendor_has_none_of_them(
    account: Linked,
):
    account.withdraw(*account.bank.transactions)
    pending = {account.book(number, 1, "pending") for number in range(3)}
    account.sync()
    assert account.active() == pending
    account.bank.unlisted = pending
    account.sync()
    assert account.active() == pending
    account.withdraw(*pending)
    account.sync()
    assert account.active() == set()


@pytest.mark.parametrize("error", [errors.VendorUnavailable, errors.VendorAccessDenied])
def test_an_error_is_no_confirmation(
    account: Linked, monkeypatch: pytest.MonkeyPatch, error: type[errors.VendorError]
):
    gone = account.book(7, 3)
    account.sync()
    account.withdraw(gone)

    def fail(vendor: MemoryVendor, **ids: str) -> Any:
        raise error(vendor="memory")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryVendor, "read_transaction", fail)
        account.sync()
        assert gone in account.active()
    account.sync()
    assert gone not in account.active()


@pytest.mark.parametrize("way", ["command", "admin"])
def test_an_unlikely_share_is_withheld_until_staff_accept_it(
    account: Linked, superuser: HttpClient, way: str
):
    rows = [account.book(number, number % 60) for number in range(40)]
    account.sync()
    before = account.active()
    lost = {row: account.bank.transactions[row] for row in rows[:20]}
    account.withdraw(*lost)
    account.sync()
    assert account.active() == before
    assert account.link.withheld_removals == 20
    assert account.bank.single_reads == []
    account.bank.transactions |= lost
    account.sync()
    assert account.link.withheld_removals == 0
    account.withdraw(*lost)
    account.sync()
    assert account.link.withheld_removals == 20
    account_id = str(account.link.aggregation_account_id)
    assert account_id in output_of("transactions", "withheld")
    assert "transactions withheld" in output_of("doctor")
    assert "gateway_accounts_with_withheld_removals 1.0" in generate_latest(REGISTRY).decode()
    if way == "command":
        answer = output_of("transactions", "accept-removals", "--account", account_id)
    else:
        page = run(superuser, AccountLink, "accept_removals", account.link, confirmed="yes")
        answer = page.content.decode()
    assert "1 accounts" in answer
    runner.drain()
    assert account.active() == set(account.bank.transactions)
    assert account.link.withheld_removals == 0


def test_many_rows_with_new_ids_are_no_unlikely_share(account: Linked):
    rows = [account.book(number, number % 60) for number in range(30)]
    account.sync()
    for row in rows:
        record = account.bank.transactions.pop(row)
        account.bank.transactions[f"new-{row}"] = replace(record, id=f"new-{row}")
    account.sync()
    assert account.active() == set(account.bank.transactions)


def test_of_very_many_rows_a_sample_is_read(account: Linked):
    rows = [account.book(number, number % 60) for number in range(400)]
    account.sync()
    account.withdraw(*rows[:100])
    account.sync()
    assert len(account.bank.single_reads) == 50
    assert account.active() == set(account.bank.transactions)


def test_a_request_reads_few_rows_and_leaves_the_others_to_a_job(account: Linked):
    rows = [account.book(number, number % 60) for number in range(40)]
    account.sync()
    account.withdraw(*rows[:8])
    canceled = account.pull()["nucleus_transactions_canceled"]
    assert len(account.bank.single_reads) == len(canceled) == 5
    assert runner.drain() == 1
    assert account.active() == set(account.bank.transactions)


def test_without_single_reads_the_listing_decides(
    api: Api, nucleus_client: Client, use_bank: UseBank
):
    offered = frozenset(capabilities.ALL) - {capabilities.TRANSACTION_LOOKUP}
    account = link_bank(api, nucleus_client, use_bank(MemoryBank(offered=offered)))
    gone = account.book(7, 3)
    account.sync()
    account.withdraw(gone)
    account.sync()
    assert account.active() == set(account.bank.transactions)


def test_listings_that_may_be_incomplete_withdraw_nothing(
    api: Api, nucleus_client: Client, use_bank: UseBank
):
    bank = MemoryBank(limits=Limits(poll_seconds=0.01, page_size=2))
    account = link_bank(api, nucleus_client, use_bank(bank))
    gone = account.book(7, 3)
    account.sync()
    account.withdraw(gone)
    account.sync()
    assert gone in account.active()


def test_an_account_that_was_disconnected_meanwhile_is_left_alone(
    account: Linked, monkeypatch: pytest.MonkeyPatch
):
    account.book(7, 3)
    read = MemoryVendor.transaction_pages

    def pages(vendor: MemoryVendor, **values: Any) -> Any:
        AccountLink.unscoped.update(ended_at=timezone.now())
        return read(vendor, **values)

    before = account.active()
    link = account.link
    monkeypatch.setattr(MemoryVendor, "transaction_pages", pages)
    response = account.api.get(
        f"/integration/v1/aggregation/transaction/{link.aggregation_account_id}"
    )
    assert response.status_code == 404
    assert account.active() == before
    assert AggregationAccount.unscoped.filter(pk=link.aggregation_account_id).exists()
