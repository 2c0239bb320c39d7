"""A client whose account at the in-memory vendor is linked, and what happens to it."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.management import call_command

from integrations.flows import sync
from integrations.jobs import runner
from integrations.models import AccountLink, Job, JobState, Member
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccountTransaction, Client
from tests.api import Api
from tests.integrations.flows.test_any_vendor import linked
from tests.integrations.vendors.memory_bank import MemoryBank


@dataclass
class Linked:
    """A client whose checking account is linked and retrieved."""

    api: Api
    bank: MemoryBank
    vendor_account_id: str

    @property
    def link(self) -> AccountLink:
        return AccountLink.unscoped.get(vendor_account_id=self.vendor_account_id)

    def book(self, amount: int, days_ago: int, status: str = "posted") -> str:
        return self.bank.book(self.vendor_account_id, Decimal(amount), days_ago, status)

    def withdraw(self, *source_ids: str) -> None:
        for source_id in source_ids:
            del self.bank.transactions[source_id]

    def sync(self, scope: SyncScope = SyncScope.EVERYTHING) -> None:
        self.bank.single_reads.clear()
        sync.enqueue(member=Member.unscoped.get(), scope=scope)
        runner.drain()
        jobs = Job.objects.exclude(kind="deliver_webhook")
        assert set(jobs.values_list("state", flat=True)) == {JobState.DONE}

    def pull(self) -> Any:
        self.bank.single_reads.clear()
        account_id = self.link.aggregation_account_id
        response = self.api.get(f"/integration/v1/aggregation/transaction/{account_id}")
        assert response.status_code == 200, response.data
        return response.data

    def active(self) -> set[str | None]:
        rows = AggregationAccountTransaction.unscoped.filter(is_active=True)
        return set(rows.exclude(status="canceled").values_list("source_id", flat=True))


def link_bank(api: Api, client: Client, bank: MemoryBank) -> Linked:
    linked(api, client, bank)
    runner.drain()
    checking = next(row for row in bank.accounts.values() if row.kind == "checking")
    return Linked(api, bank, checking.id)


def output_of(*command: str) -> str:
    out = io.StringIO()
    with suppress(SystemExit):  # doctor's, if something is to be mended
        call_command(*command, stdout=out)
    return out.getvalue()
