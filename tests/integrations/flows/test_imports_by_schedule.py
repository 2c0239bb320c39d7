"""Connections that the vendor does not refresh are imported by the schedule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from integrations.flows import reconciliation
from integrations.jobs import runner
from integrations.models import AccountLink, AuditLog, Job, JobState, Member
from integrations.vendors import errors
from tests.integrations.flows.logins import BASE, Logins, amounts
from tests.integrations.vendors.memory import MemoryVendor

pytestmark = pytest.mark.django_db
OLD = timedelta(days=2)


def not_refreshed(logins: Logins, member_id: str, **fields: Any) -> None:
    """The vendor does not import this connection any more."""
    long_ago = datetime.now(UTC).replace(microsecond=0) - OLD
    fields = {"aggregated_at": long_ago, "successfully_aggregated_at": long_ago} | fields
    member = logins.bank.members[member_id]
    logins.bank.members[member_id] = replace(member, is_refreshed_by_vendor=False, **fields)
    logins.sync()


@pytest.fixture
def login(logins: Logins) -> str:
    """A connection that was made for verification, and whose accounts are aggregated too."""
    member_id = logins.connect()
    not_refreshed(logins, member_id)
    return member_id


def reconcile() -> int:
    """One round of the schedule; returns how many imports it has started."""
    before = imports()
    Member.unscoped.update(next_sync_at=timezone.now() - timedelta(minutes=1))
    assert reconciliation.reconcile_due() == Member.unscoped.count()
    runner.drain()
    Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
    runner.drain()
    assert not Job.objects.exclude(state=JobState.DONE).exists()
    return imports() - before


def imports() -> int:
    return AuditLog.objects.filter(operation="start_aggregation").count()


def test_it_is_imported_once_a_day_and_read(logins: Logins, login: str):
    logins.bank.book(logins.vendor_account(login), Decimal(77), 0)
    assert reconcile() == 1
    assert Decimal(77) in amounts(logins.account(login))
    assert reconcile() == 0
    not_refreshed(logins, login)
    assert reconcile() == 1


def test_one_that_the_vendor_imports_is_left_alone(logins: Logins, login: str):
    not_refreshed(logins, login)
    member = logins.bank.members[login]
    logins.bank.members[login] = replace(member, is_refreshed_by_vendor=True)
    logins.sync()
    assert reconcile() == 0


@pytest.mark.parametrize(
    "columns",
    [{"next_step": "repair"}, {"broken_since": datetime(2026, 1, 1, tzinfo=UTC)}],
    ids=["repair", "broken"],
)
def test_one_that_needs_somebody_is_left_alone(login: str, columns: dict[str, Any]):
    Member.unscoped.update(**columns)
    assert reconcile() == 0


def test_one_without_accounts_is_left_alone(login: str):
    AccountLink.unscoped.update(ended_at=timezone.now())
    assert reconcile() == 0


def test_the_wish_for_no_imports_in_the_background_is_kept(logins: Logins):
    about = {"nucleus_client_id": logins.client.pk, "product": "atom"}
    logins.api.post(f"{BASE}/user", about)
    link = f"{BASE}/widget_link/{logins.client.pk}"
    assert logins.api.get(link, disable_background_agg="true").status_code == 200
    declined = logins.connect()
    assert logins.api.get(link).status_code == 200
    refreshed = logins.connect()
    for member_id in (declined, refreshed):
        not_refreshed(logins, member_id)
    assert reconcile() == 1
    imported = logins.bank.members[refreshed].aggregated_at
    assert imported is not None
    assert imported > timezone.now() - OLD
    assert logins.bank.members[declined].aggregated_at != imported


def test_a_refused_import_does_not_prevent_the_sync(
    logins: Logins, login: str, monkeypatch: pytest.MonkeyPatch
):
    def refuse(vendor: MemoryVendor, **ids: str) -> None:
        raise errors.VendorRefused(vendor="memory")

    monkeypatch.setattr(MemoryVendor, "start_aggregation", refuse)
    logins.bank.book(logins.vendor_account(login), Decimal(77), 0)
    Member.unscoped.update(synced_through=None)
    assert reconcile() == 0
    assert Decimal(77) in amounts(logins.account(login))
