"""The main job with a vendor that is not MX: user, widget, accounts, retrieval, verification."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from integrations.flows import sync
from integrations.jobs import runner
from integrations.models import Job, JobState, Member
from integrations.vendors import capabilities, registry
from integrations.vendors.limits import Limits
from integrations.vendors.records import SyncScope
from nucleus.models import (
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
    BankLink,
    Client,
    Institution,
    Merchant,
)
from tests.api import Api
from tests.integrations.vendors.memory_bank import MemoryBank

pytestmark = pytest.mark.django_db
BASE = "/integration/v1"


def linked(api: Api, client: Client, bank: MemoryBank) -> tuple[str, list[dict[str, Any]]]:
    """The vendor's member id and the API's rows of a client that linked the bank."""
    about = {"nucleus_client_id": client.id, "product": "atom"}
    created = api.post(f"{BASE}/user", about)
    assert created.status_code == 200, created.data
    user_id = created.data["vendor_response"]["id"]
    widget = api.get(f"{BASE}/widget_link/{client.pk}")
    assert widget.data["widget_url"] == (
        f"https://memory.invalid/widget?user={user_id}&mode=aggregation"
    )
    member_id = bank.connect(user_id)
    body = about | {"vendor_request": {"member_id": member_id}}
    connected = api.post(f"{BASE}/aggregation/account", body)
    assert connected.status_code == 200, connected.data
    assert connected.data["vendor_name"] == "memory"
    rows = [row["body"] for row in connected.data["nucleus_aggregation_accounts"]]
    return member_id, rows


def verify(api: Api, client: Client, member_id: str) -> Any:
    body = {
        "nucleus_client_id": client.id,
        "product": "atom",
        "vendor_request": {"member_id": member_id},
    }
    return api.post(f"{BASE}/iav", body)


def test_the_main_job_ends_in_nucleus(api: Api, nucleus_client: Client, memory_bank: MemoryBank):
    member_id, rows = linked(api, nucleus_client, memory_bank)
    assert sorted(row["account_name"] for row in rows) == ["Checking", "Investment"]
    runner.drain()
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}
    balances = AggregationAccountBalance.unscoped.values_list("balance", flat=True)
    assert set(balances) == {Decimal("100.25")}
    amounts = AggregationAccountTransaction.unscoped.values_list("amount", flat=True)
    assert set(amounts) == {Decimal(number) for number in range(1, 6)}
    assert AggregationAccountHolding.unscoped.get().ticker == "MEM"
    assert Merchant.objects.get().source == "memory"
    assert Institution.objects.get().source == "memory"
    verified = verify(api, nucleus_client, member_id)
    assert verified.status_code == 200, verified.data
    link = BankLink.unscoped.get()
    assert (link.bank_account_number, link.bank_account_holder) == ("123456789", "Ada Demo")


def test_missing_and_removed_transactions_are_canceled(
    api: Api, nucleus_client: Client, memory_bank: MemoryBank
):
    _, statuses = linked(api, nucleus_client, memory_bank), AggregationAccountTransaction.unscoped
    checking = next(row for row in memory_bank.accounts.values() if row.kind == "checking")
    pending = memory_bank.book(checking.id, Decimal(7), 0, status="pending")
    runner.drain()
    removed = next(iter(memory_bank.transactions))
    del memory_bank.transactions[pending], memory_bank.transactions[removed]
    memory_bank.removed = [removed]
    sync.enqueue(member=Member.unscoped.get(), scope=SyncScope.EVERYTHING)
    runner.drain()
    canceled = statuses.filter(status="canceled").values_list("source_id", flat=True)
    assert set(canceled) == {pending, removed}


def test_windows_that_are_not_complete_cancel_only_what_is_named(
    api: Api, nucleus_client: Client, use_bank: Callable[[MemoryBank], MemoryBank]
):
    bank = use_bank(MemoryBank(limits=Limits(poll_seconds=0.01, page_size=2)))
    linked(api, nucleus_client, bank)
    checking = next(row for row in bank.accounts.values() if row.kind == "checking")
    first, second = (bank.book(checking.id, Decimal(7), 0, status="pending") for _ in range(2))
    runner.drain()
    del bank.transactions[first], bank.transactions[second]
    bank.removed = [second]
    sync.enqueue(member=Member.unscoped.get(), scope=SyncScope.EVERYTHING)
    runner.drain()
    rows = AggregationAccountTransaction.unscoped.filter(source_id__in=[first, second])
    assert dict(rows.values_list("source_id", "status")) == {
        first: "pending",
        second: "canceled",
    }


def test_missing_capabilities_are_skipped_or_refused(
    api: Api, nucleus_client: Client, use_bank: Callable[[MemoryBank], MemoryBank]
):
    bank = use_bank(MemoryBank(offered=frozenset()))
    member_id, rows = linked(api, nucleus_client, bank)
    sync.enqueue(member=Member.unscoped.get(), scope=SyncScope.EVERYTHING, kind=sync.REFRESH_MEMBER)
    runner.drain()
    Job.objects.update(run_at=Job.objects.earliest("create_date").create_date)
    runner.drain()
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}
    assert AggregationAccountTransaction.unscoped.count() == 5
    assert not AggregationAccountHolding.unscoped.exists()
    assert not Merchant.objects.exists()
    refused = verify(api, nucleus_client, member_id)
    assert (refused.status_code, refused.data["code"]) == (400, "vendor_unsupported")
    assert capabilities.VERIFICATION.name in refused.data["message"]
    investment = next(row["id"] for row in rows if row["account_name"] == "Investment")
    pulled = api.get(f"{BASE}/aggregation/holding/{investment}")
    assert (pulled.status_code, pulled.data["code"]) == (400, "vendor_unsupported")


def test_a_webhook_of_the_vendor_is_read_by_its_spec(memory_bank: MemoryBank):
    event = registry.get("memory").webhooks.parse({"member": "member-1"})
    assert event is not None
    assert event.scope is SyncScope.EVERYTHING
