"""The vendor's extended history is read from the bank before all transactions are read again."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.flows import retrieval
from integrations.jobs import runner
from integrations.models import AccountLink, AggregationSettings, Job, JobState, Member
from integrations.vendors import errors, records
from integrations.vendors.records import ActionRequiredBy, NextStep
from nucleus.models import AggregationAccountTransaction
from tests.api import Api
from tests.integrations.flows.linked_bank import Linked, output_of
from tests.integrations.vendors.memory import MemoryVendor
from tests.sandbox_process import Sandbox

ASYNC = "/integration/v1/async/aggregation/transaction"
REFUSALS = [
    errors.VendorRefused,
    errors.VendorAccessDenied,
    errors.VendorJobLimited,
    errors.InstitutionUnavailable,
]


def run_all() -> None:
    """Run all jobs, also those that wait for the vendor."""
    deadline = time.monotonic() + 60
    while Job.objects.filter(state=JobState.READY).exclude(kind="deliver_webhook").exists():
        assert time.monotonic() < deadline
        Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
        runner.drain()
        time.sleep(0.05)
    assert not Job.objects.filter(state=JobState.DEAD).exists()


def reread(account: Linked) -> None:
    AccountLink.unscoped.update(history_retrieved_at=None)
    retrieval.reread_history([account.link])
    run_all()
    assert account.link.history_retrieved_at is not None


def test_it_is_extended_once_for_a_connection(account: Linked):
    assert account.api.post(ASYNC).status_code == 200
    run_all()
    assert account.bank.history_jobs == [account.link.vendor_member_id]
    reread(account)
    output_of("transactions", "reread", "--account", str(account.link.aggregation_account_id))
    run_all()
    assert len(account.bank.history_jobs) == 1


def test_the_schedule_reads_what_there_is_and_extends_nothing(account: Linked):
    account.sync()
    assert account.bank.history_jobs == []
    AggregationSettings.unscoped.update(deep_read_days=1)
    AccountLink.unscoped.update(create_date=timezone.now() - timedelta(days=2))
    Member.unscoped.update(synced_at=None)
    retrieval.enqueue(member=Member.unscoped.get(), account=account.link.aggregation_account)
    run_all()
    assert account.bank.history_jobs == []
    assert account.link.history_retrieved_at is not None


@pytest.mark.parametrize("refusal", REFUSALS)
def test_without_it_the_transactions_are_read_all_the_same(
    account: Linked, monkeypatch: pytest.MonkeyPatch, refusal: type[errors.VendorError]
):
    attempts = []

    def refuse(*_: Any, **__: Any) -> Any:
        attempts.append(refusal)
        raise refusal(vendor="memory")

    monkeypatch.setattr(MemoryVendor, "start_history", refuse)
    reread(account)
    reread(account)
    is_remembered = refusal is not errors.InstitutionUnavailable
    assert len(attempts) == (1 if is_remembered else 2)
    Member.unscoped.update(history_refused_at=timezone.now() - timedelta(days=31))
    reread(account)
    assert len(attempts) == (2 if is_remembered else 3)


def test_a_vendor_without_it_is_not_asked(account: Linked):
    account.bank.offered = frozenset()
    reread(account)
    assert account.bank.history_jobs == []


def test_it_waits_for_another_job_of_the_vendor(account: Linked, monkeypatch: pytest.MonkeyPatch):
    original, answers = MemoryVendor.start_history, iter([errors.VendorBusy(vendor="memory"), None])

    def start(vendor: MemoryVendor, **ids: str) -> records.Member:
        if (error := next(answers)) is not None:
            raise error
        return original(vendor, **ids)

    monkeypatch.setattr(MemoryVendor, "start_history", start)
    reread(account)
    assert len(account.bank.history_jobs) == 1


def test_it_does_not_wait_for_ever(account: Linked, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: Any, **__: Any) -> Any:
        raise errors.VendorBusy(vendor="memory")

    monkeypatch.setattr(MemoryVendor, "start_history", refuse)
    retrieval.reread_history([account.link])
    Job.objects.filter(state=JobState.READY).update(create_date=timezone.now() - timedelta(hours=3))
    run_all()
    assert account.link.history_retrieved_at is not None
    assert Member.unscoped.get().history_extended_at is None


def test_it_is_not_begun_while_the_person_has_to_act(account: Linked):
    member_id = account.link.vendor_member_id
    connected = account.bank.members[member_id]
    refused = replace(
        connected.connection,
        status="REFUSED",
        actor=ActionRequiredBy.END_USER,
        next_step=NextStep.REPAIR,
        is_connected=False,
    )
    account.bank.members[member_id] = replace(connected, connection=refused)
    reread(account)
    assert account.bank.history_jobs == []
    account.bank.members[member_id] = connected
    reread(account)
    assert len(account.bank.history_jobs) == 1


@pytest.mark.parametrize("way", ["job", "request"])
def test_mx_sends_two_years_afterwards(api: Api, own_mx: Sandbox, connection: Member, way: str):
    before = days()
    if way == "job":
        retrieval.reread_history(AccountLink.unscoped.filter(member=connection))
    else:
        assert api.post(ASYNC).status_code == 200
    run_all()
    assert before < 150
    assert days() > 700
    connection.refresh_from_db()
    assert connection.history_extended_at is not None


@pytest.mark.parametrize("status", [400, 403, 429])
def test_mx_may_refuse(own_mx: Sandbox, connection: Member, status: int):
    own_mx.fault(method="POST", path="/users/*/members/*/extend_history", status=status)
    retrieval.reread_history(AccountLink.unscoped.filter(member=connection))
    run_all()
    assert days() < 150
    links = AccountLink.unscoped.filter(member=connection)
    assert all(links.values_list("history_retrieved_at", flat=True))


def days() -> int:
    """Since the oldest transaction."""
    rows = AggregationAccountTransaction.unscoped.order_by("transaction_date")
    oldest = rows.values_list("transaction_date", flat=True)[0]
    return (timezone.now() - oldest).days
