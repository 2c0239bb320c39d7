"""An interrupted listing continues at its checkpoint, or restarts when rows may have moved."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from integrations.flows import account_links, page_batching, retrieval, sync
from integrations.jobs import job_queue, runner
from integrations.models import AccountLink, AuditLog, CredentialHealth, Job, JobState, Member
from integrations.vendors.mx import apis, client
from integrations.vendors.mx.adapter import MX
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccountTransaction, Merchant
from tests.gateway.webhooks.conftest import at_mx, facts
from tests.sandbox_process import DEPOSITS, Sandbox

PAGE, READ = 10, 5  # rows of a page; pages that are read before it is interrupted
pytestmark = pytest.mark.django_db


@pytest.fixture
def login() -> str:
    """Three accounts are enough for what happens to the largest one, and take half the time."""
    return DEPOSITS


@dataclass
class Listed:
    """The account with the most transactions, and how many pages they and all others fill."""

    link: AccountLink
    pages: int
    all_pages: int

    @property
    def path(self) -> str:
        return f"/users/*/accounts/{self.link.vendor_account_id}/transactions"


@pytest.fixture
def longest(
    own_mx: Sandbox, connection: Member, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Listed:
    """Pages and batches are small. Pending rows are stored; posted ones have to come again.

    No page is read ahead, so that calls can be counted.
    """
    settings.VENDOR_PAGES_AHEAD = 0
    for name, dialect in list(apis.DIALECTS.items()):
        limits = replace(dialect.limits, page_size=PAGE)
        small = replace(dialect, limits=limits)
        monkeypatch.setitem(apis.DIALECTS, name, small)
    monkeypatch.setattr(page_batching, "BATCH_ROWS", PAGE)
    stored = AggregationAccountTransaction.unscoped.filter(tenant=connection.tenant)
    by_account = {
        link: -(-stored.filter(aggregation_account=link.aggregation_account_id).count() // PAGE)
        for link in account_links.of_connection(connection)
    }
    link = max(by_account, key=lambda link: by_account[link])
    stored.filter(status="posted").delete()
    return Listed(link, by_account[link], sum(max(pages, 1) for pages in by_account.values()))


def calls() -> int:
    """Pages of transactions that MX has answered."""
    return AuditLog.objects.filter(operation="list_transactions", status=200).count()


def interrupt(own_mx: Sandbox, connection: Member, longest: Listed) -> Job:
    job = sync.enqueue(member=connection, scope=SyncScope.EVERYTHING)
    own_mx.fault(path=longest.path, status=503, skip=READ, count=99)
    runner.drain()
    own_mx.heal()
    job.refresh_from_db()
    state = job.progress["listings"][str(longest.link.pk)]
    assert (job.state, state["cursor"].split(":")[0]) == (JobState.READY, str(READ))
    assert state["listed"]  # would be withdrawn, were they forgotten
    return job


def resume(job: Job) -> int:
    """Run it again; how many pages it took."""
    CredentialHealth.objects.all().delete()
    Job.objects.filter(pk=job.pk).update(run_at=timezone.now())
    before = calls()
    runner.drain()
    job.refresh_from_db()
    assert job.state == JobState.DONE
    return calls() - before


def test_it_continues_after_the_last_stored_page(
    own_mx: Sandbox, connection: Member, longest: Listed
):
    job = interrupt(own_mx, connection, longest)
    assert resume(job) == 1 + longest.pages - READ  # the last page again, to compare it
    assert facts(connection) == at_mx(own_mx, connection)


def test_pages_that_were_read_ahead_are_no_progress(
    own_mx: Sandbox, connection: Member, longest: Listed, settings: Any
):
    """Only what is stored counts, and the audit log has every call, with what it was about."""
    settings.VENDOR_PAGES_AHEAD = 4
    AuditLog.objects.all().delete()
    job = sync.enqueue(member=connection, scope=SyncScope.EVERYTHING)
    own_mx.fault(path=longest.path, status=503, skip=READ, count=99)
    runner.drain()
    own_mx.heal()
    job.refresh_from_db()
    cursor = job.progress["listings"][str(longest.link.pk)]["cursor"]
    stored = AggregationAccountTransaction.unscoped.filter(
        aggregation_account=longest.link.aggregation_account_id, status="posted"
    )
    assert 1 <= int(cursor.split(":")[0]) <= READ
    assert stored.count() <= PAGE * int(cursor.split(":")[0])
    resume(job)
    assert facts(connection) == at_mx(own_mx, connection)
    rows = AuditLog.objects.filter(operation="list_transactions")
    accounts = {link.aggregation_account_id for link in account_links.of_connection(connection)}
    assert set(rows.values_list("aggregation_account_id", flat=True)) == accounts
    assert set(rows.values_list("client_id", flat=True)) == {connection.vendor_user.client_id}


def test_it_restarts_when_rows_have_moved(own_mx: Sandbox, connection: Member, longest: Listed):
    job = interrupt(own_mx, connection, longest)
    own_mx.fault(path=longest.path, kind="shifting_pages", shift=3, count=1)
    assert resume(job) == 1 + longest.pages
    assert facts(connection) == at_mx(own_mx, connection)


def test_it_restarts_with_a_new_import(own_mx: Sandbox, connection: Member, longest: Listed):
    job = interrupt(own_mx, connection, longest)
    own_mx.call("POST", "/_control/clock", json={"advance": "25h"})
    assert resume(job) >= longest.all_pages
    assert facts(connection) == at_mx(own_mx, connection)


def test_it_restarts_when_another_sync_joins_the_job(
    own_mx: Sandbox, connection: Member, longest: Listed
):
    """A sync that joins a waiting job has to read everything from then on."""
    job = interrupt(own_mx, connection, longest)
    assert sync.enqueue(member=connection, scope=SyncScope.EVERYTHING).pk == job.pk
    assert resume(job) == longest.all_pages
    assert facts(connection) == at_mx(own_mx, connection)


def retrieve(longest: Listed) -> tuple[Job, int]:
    """Run a retrieval whose turn is over after every batch; and how many runs it took."""
    job = job_queue.enqueue(
        tenant=longest.link.tenant,
        kind=retrieval.RETRIEVE_ACCOUNT.name,
        payload={"aggregation_account_id": str(longest.link.aggregation_account_id)},
    )
    runs = runner.drain(limit=100)
    job.refresh_from_db()
    return job, runs


def test_a_long_listing_yields_its_turn_after_each_batch(
    own_mx: Sandbox, connection: Member, longest: Listed, settings: Any
):
    settings.JOB_TURN_SECONDS = 0
    before = calls()
    job, runs = retrieve(longest)
    assert (job.state, job.attempts, job.progress) == (JobState.DONE, 1, {"listings": {}})
    assert longest.pages <= runs <= longest.pages + 1
    assert calls() - before <= 2 * longest.pages
    of_account = {"aggregation_account": longest.link.aggregation_account_id}
    ids = AggregationAccountTransaction.unscoped.filter(**of_account).exclude(status="canceled")
    assert set(ids.values_list("source_id", "status")) <= at_mx(own_mx, connection)
    assert -(-ids.count() // PAGE) == longest.pages


def test_the_lease_is_renewed_before_each_merchant_is_looked_up(
    longest: Listed, monkeypatch: pytest.MonkeyPatch
):
    """A batch may name hundreds, and all of them together may take longer than a lease."""
    Merchant.objects.all().delete()
    for name, dialect in list(apis.DIALECTS.items()):  # merchants do not come with the list
        monkeypatch.setitem(apis.DIALECTS, name, replace(dialect, transaction_query={}))
    leases: list[datetime] = []
    read = MX.read_merchant

    def noted(vendor: MX, **merchant: Any) -> Any:
        leases.append(Job.objects.get(state=JobState.RUNNING).lease_until)
        return read(vendor, **merchant)

    monkeypatch.setattr(MX, "read_merchant", noted)
    job, _ = retrieve(longest)
    assert job.state == JobState.DONE
    assert len(leases) > 2
    assert leases == sorted(set(leases))


def test_a_listing_whose_rows_keep_moving_is_read_in_one_turn(
    own_mx: Sandbox,
    connection: Member,
    longest: Listed,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
):
    settings.JOB_TURN_SECONDS = 0
    numbers = itertools.count()
    monkeypatch.setattr(client, "_cursor", lambda page, *_: f"{page.number}:{next(numbers)}")
    job, runs = retrieve(longest)
    assert (job.state, runs) == (JobState.DONE, 4)
