"""Positions that a vendor bills: read where they are wanted only, and deactivated afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.flows import billed_holdings, sync, user_disabling
from integrations.jobs import runner
from integrations.models import AggregationSettings, AuditLog, Job, JobState, Member, VendorUser
from integrations.vendors import capabilities, errors, registry
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccountHolding, Client, Tenant
from tests import mx_api
from tests.api import Api
from tests.conftest import connect_tenant
from tests.gateway.webhooks.conftest import connected_member
from tests.integrations.flows.logins import BASE, Logins
from tests.integrations.flows.test_erasure import erase, let_time_pass
from tests.integrations.flows.two_apis import NEXT, Apis
from tests.integrations.vendors.memory import SLUG, MemoryVendor
from tests.integrations.vendors.memory_bank import MemoryBank
from tests.mx_api import MXApi
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db
BILLED = capabilities.BILLED_HOLDINGS


@pytest.fixture
def login(logins: Logins) -> str:
    return logins.connect()


def deactivations() -> int:
    """How often the vendor was asked to deactivate positions."""
    return AuditLog.objects.filter(operation="deactivate_holdings").count()


def check_later() -> int:
    """What the schedule does an hour later; returns the number of users."""
    VendorUser.unscoped.filter(holdings_check_at__isnull=False).update(
        holdings_check_at=timezone.now() - timedelta(minutes=1)
    )
    count = billed_holdings.enqueue_due()
    runner.drain()
    return count


def switch(*, is_on: bool) -> None:
    AggregationSettings.unscoped.update(retrieve_holdings=is_on)


def test_they_are_read_while_they_are_wanted(logins: Logins, login: str):
    assert logins.bank.billed_users == {logins.user_id}
    assert check_later() == 0
    assert billed_holdings.enqueue_due() == 0
    assert deactivations() == 0
    assert AggregationAccountHolding.unscoped.get().is_active


def test_other_accounts_are_not_asked_about(logins: Logins):
    bank = logins.bank
    user_id = bank_user(logins)
    member_id = bank.connect(user_id)
    investment = logins.vendor_account(member_id, "investment")
    del bank.accounts[investment]
    logins.link(member_id)
    logins.sync()
    account = logins.account(member_id)
    response = logins.api.get(f"{BASE}/aggregation/holding/{account.pk}")
    assert response.status_code == 200, response.data
    assert response.data["nucleus_holdings_posted"] == []
    assert bank.billed_users == set()


def bank_user(logins: Logins) -> str:
    about = {"nucleus_client_id": logins.client.pk, "product": "atom"}
    logins.user_id = logins.api.post(f"{BASE}/user", about).data["vendor_response"]["id"]
    return logins.user_id


def test_switching_them_off_ends_the_billing_and_keeps_the_rows(logins: Logins, login: str):
    switch(is_on=False)
    assert check_later() == 1
    assert logins.bank.billed_users == set()
    assert check_later() == 0
    logins.sync()
    account = logins.account(login, "investment")
    refused = logins.api.get(f"{BASE}/aggregation/holding/{account.pk}")
    assert (refused.status_code, "switched off" in refused.data["message"]) == (400, True)
    (row,) = logins.api.get(
        f"{BASE}/aggregation/holding", aggregation_account_id_list=str(account.pk)
    ).data
    assert "switched off" in row["message"]
    assert logins.bank.billed_users == set()
    assert AggregationAccountHolding.unscoped.get().is_active
    switch(is_on=True)
    logins.sync()
    assert logins.bank.billed_users == {logins.user_id}


def test_disconnecting_the_last_investment_account_ends_it(logins: Logins, login: str):
    account = logins.account(login, "investment")
    path = f"{BASE}/aggregation/account/{account.pk}"
    assert logins.api.delete(path).status_code == 204
    assert check_later() == 1
    assert logins.bank.billed_users == set()
    assert deactivations() == 1


def test_deleting_the_connection_ends_it(logins: Logins, login: str):
    connection = Member.unscoped.get()
    assert logins.api.delete(f"{BASE}/connection/{connection.pk}").status_code == 204
    assert check_later() == 1
    assert logins.bank.billed_users == set()


def test_a_read_meanwhile_begins_it_anew(
    logins: Logins, login: str, monkeypatch: pytest.MonkeyPatch
):
    deactivate = MemoryVendor.deactivate_holdings

    def read_then(vendor: MemoryVendor, *, user_id: str) -> None:
        deactivate(vendor, user_id=user_id)
        billed_holdings.note_read(vendor, VendorUser.unscoped.get())

    monkeypatch.setattr(MemoryVendor, "deactivate_holdings", read_then)
    switch(is_on=False)
    assert check_later() == 1
    assert VendorUser.unscoped.get().holdings_check_at is not None


def test_a_refusal_is_tried_again_a_day_later(
    logins: Logins, login: str, monkeypatch: pytest.MonkeyPatch
):
    def refuse(vendor: MemoryVendor, *, user_id: str) -> None:
        raise errors.VendorRefused(vendor="memory")

    switch(is_on=False)
    with monkeypatch.context() as patch:
        patch.setattr(MemoryVendor, "deactivate_holdings", refuse)
        assert check_later() == 1
    assert Job.objects.get(kind="deactivate_holdings").state == JobState.DEAD
    assert billed_holdings.enqueue_due() == 0
    assert check_later() == 1
    assert logins.bank.billed_users == set()


def test_erasure_and_deactivation_end_it(logins: Logins, login: str, nucleus_client: Client):
    Client.unscoped.update(is_active=False)
    assert user_disabling.enqueue_due() == 1
    runner.drain()
    assert logins.bank.billed_users == set()
    assert check_later() == 0
    logins.bank.billed_users.add(logins.user_id)
    erase(logins.api, nucleus_client)
    let_time_pass()
    assert logins.bank.users == {}
    assert logins.bank.billed_users == set()


def test_a_failed_deactivation_does_not_stop_an_erasure(
    logins: Logins, login: str, nucleus_client: Client, monkeypatch: pytest.MonkeyPatch
):
    def fail(vendor: MemoryVendor, *, user_id: str) -> None:
        raise errors.VendorUnavailable(vendor="memory")

    monkeypatch.setattr(MemoryVendor, "deactivate_holdings", fail)
    erase(logins.api, nucleus_client)
    let_time_pass()
    assert logins.bank.users == {}


def test_a_user_that_the_vendor_lost_is_no_fault(logins: Logins, login: str):
    switch(is_on=False)
    logins.bank.users.clear()
    assert check_later() == 1
    assert Job.objects.get(kind="deactivate_holdings").state == JobState.DONE


def test_an_api_that_bills_nothing_is_not_told(
    logins: Logins, login: str, monkeypatch: pytest.MonkeyPatch
):
    assert VendorUser.unscoped.get().holdings_check_at is not None
    monkeypatch.setattr(logins.bank, "offered", MemoryBank().offered - {BILLED})
    switch(is_on=False)
    assert check_later() == 1
    assert deactivations() == 0
    assert VendorUser.unscoped.get().holdings_check_at is None
    switch(is_on=True)
    sync.enqueue(member=Member.unscoped.get(), scope=SyncScope.EVERYTHING)
    runner.drain()
    assert VendorUser.unscoped.get().holdings_check_at is None


def test_a_move_to_an_api_that_bills_nothing_ends_the_billing(
    apis: Apis, logins: Logins, monkeypatch: pytest.MonkeyPatch
):
    logins.connect()
    bank = apis.banks["memory"]
    other = frozenset(capabilities.ALL) - {BILLED}
    apis.carry_over().offered = other
    specs, spec = registry.specs(), registry.get(SLUG)
    unbilled = replace(spec.apis[NEXT], capabilities=other)
    spec = replace(spec, apis={**spec.apis, NEXT: unbilled})
    monkeypatch.setattr(registry, "specs", lambda: {**specs, SLUG: spec})
    apis.run("--switch")
    assert bank.billed_users == {logins.user_id}
    assert check_later() == 1
    assert bank.billed_users == set()
    assert check_later() == 0
    apis.run("--undo")
    logins.sync()
    assert bank.billed_users == {logins.user_id}
    assert check_later() == 0


@pytest.mark.parametrize("mx", mx_api.every(), ids=str)
def test_mx_bills_one_read_and_is_told(
    api: Api, tenant: Tenant, own_sandbox: Sandbox, nucleus_client: Client, mx: MXApi
):
    def billed() -> list[tuple[bool, int]]:
        rows = own_sandbox.call("GET", "/_control/billing")["holdings"]
        return [(row["is_enrolled"], row["reads"]) for row in rows]

    own_sandbox.call("POST", "/_control/reset", json={})
    connect_tenant(tenant, own_sandbox, mx)
    connected_member(api, own_sandbox, nucleus_client)
    assert AggregationAccountHolding.unscoped.exists()
    is_billed = mx.slug == "platform"
    assert billed() == ([(True, 1)] if is_billed else [])
    switch(is_on=False)
    assert check_later() == is_billed
    assert billed() == ([(False, 1)] if is_billed else [])
