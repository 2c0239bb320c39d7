"""Moving a tenant from one API of a vendor to another, and back: manage.py move_api."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from integrations.flows import api_moves, inbound_webhooks
from integrations.flows.errors import FlowError
from integrations.jobs import runner
from integrations.models import (
    AccountLink,
    ApiMove,
    Job,
    JobState,
    Member,
    VendorCredential,
    VendorUser,
)
from nucleus.models import (
    AggregationAccount,
    AggregationAccountTransaction,
)
from tests.factories.nucleus import TenantFactory
from tests.integrations.flows.logins import Logins
from tests.integrations.flows.two_apis import NEXT, Apis, stored, sync_all
from tests.integrations.vendors.memory import SLUG, MemoryVendor

pytestmark = pytest.mark.django_db


def test_a_tenant_moves_and_returns(apis: Apis, logins: Logins):
    logins.connect()
    before = stored()
    apis.carry_over()
    report = apis.run()
    assert "Compared: 1 users, 1 connections, 2 accounts, 2 transactions" in report
    assert "can be moved" in report
    assert apis.active == "memory"  # only compared
    assert "Moved" in apis.run("--switch")
    assert apis.active == NEXT
    logins.sync()
    assert stored() == before
    assert "memory" in apis.run("--undo").lower()
    assert apis.active == "memory"
    logins.sync()
    assert stored() == before
    move = ApiMove.unscoped.get()
    assert (move.requested_by, move.undone_at is None) == ("manage.py move_api", False)
    assert "no move to undo" in apis.refusal("--undo")


def test_new_data_comes_from_the_new_api(apis: Apis, logins: Logins):
    member_id = logins.connect()
    bank = apis.carry_over()
    apis.run("--switch")
    bank.book(logins.vendor_account(member_id), Decimal(77), 0)
    logins.sync()
    account = logins.account(member_id)
    rows = AggregationAccountTransaction.unscoped.filter(aggregation_account=account)
    assert rows.filter(amount=77).count() == 1
    assert rows.count() == 6


def test_differences_are_printed_and_do_not_prevent_the_move(apis: Apis, logins: Logins):
    member_id = logins.connect()
    bank = apis.carry_over()
    account_id = logins.vendor_account(member_id)
    account = bank.accounts[account_id]
    bank.accounts[account_id] = replace(
        account,
        balance=replace(account.balance, current=Decimal("100.26")),
        metadata={"only_here": "x"},
    )
    report = apis.run()
    assert f"account balance.current: 1 of 2, {account_id}: 100.25 → 100.26" in report
    assert "only_here" not in report
    assert "can be moved" in report


@pytest.mark.parametrize("kind", ["members", "accounts", "transactions"])
def test_ids_that_do_not_carry_over_prevent_the_move(apis: Apis, logins: Logins, kind: str):
    logins.connect()
    bank = apis.carry_over()
    rows = getattr(bank, kind)
    renamed = {f"other-{key}": replace(row, id=f"other-{key}") for key, row in rows.items()}
    setattr(bank, kind, renamed)
    assert "not everything" in apis.refusal("--switch").lower()
    assert apis.active == "memory"
    assert not ApiMove.unscoped.exists()


def test_the_keys_of_another_client_are_recognised(apis: Apis, logins: Logins):
    logins.connect()
    assert "another client of the vendor" in apis.refusal("--switch")
    apis.carry_over()
    assert "has users of the old" in apis.refusal("--switch", "--new-client")
    assert apis.active == "memory"


def test_people_of_a_new_client_link_again_and_accounts_go_on(apis: Apis, logins: Logins):
    old_member = logins.connect()
    account = logins.account(old_member)
    apis.run("--switch", "--new-client")
    logins.bank = apis.banks[NEXT]
    logins.sync()  # notices that the vendor does not have the user
    assert Member.unscoped.get().connection_status == "GONE"
    logins.connect()
    links = AccountLink.unscoped.filter(aggregation_account=account, ended_at=None)
    assert links.get().vendor_member_id != old_member
    assert AggregationAccount.unscoped.filter(is_active=True).count() == 2
    apis.run("--undo")
    assert VendorUser.unscoped.get().vendor_user_id == next(iter(apis.banks["memory"].users))
    sync_all()
    assert links.get().vendor_member_id == old_member
    assert AggregationAccount.unscoped.filter(is_active=True).count() == 2
    assert AggregationAccount.unscoped.count() == 2


def test_undoing_before_anybody_linked_again_restores_everything(apis: Apis, logins: Logins):
    logins.connect()
    before = stored()
    apis.run("--switch", "--new-client")
    logins.sync()
    assert AggregationAccount.unscoped.filter(is_active=True).count() == 0
    apis.run("--undo")
    sync_all()
    after = stored()
    assert after["accounts"] == before["accounts"]
    assert [row[:3] for row in after["transactions"]] == [row[:3] for row in before["transactions"]]


def test_a_new_credential_that_is_refused_is_not_used(apis: Apis, logins: Logins):
    logins.connect()
    apis.carry_over()
    row = apis.row(NEXT)
    row.secret = "wrong"
    row.save()
    apis.refusal("--switch")
    assert apis.active == "memory"
    move = api_moves.planned(tenant=apis.tenant, vendor=SLUG)
    with pytest.raises(FlowError):
        api_moves.switch(move, requested_by="staff")
    assert apis.active == "memory"


def test_a_credential_that_was_changed_meanwhile_is_compared_again(apis: Apis, logins: Logins):
    move = api_moves.planned(tenant=apis.tenant, vendor=SLUG)
    apis.row("memory").save()
    with pytest.raises(FlowError, match="changed meanwhile"):
        api_moves.switch(move, requested_by="staff")
    assert apis.active == "memory"


def test_there_must_be_exactly_two_credentials(apis: Apis):
    row = apis.row(NEXT)
    VendorCredential(
        tenant=apis.tenant, vendor=SLUG, api=NEXT, client_id="id", secret="x", is_active=False
    ).save()
    assert "several" in apis.refusal()
    assert "can be moved" in apis.run("--credential", str(row.pk))
    assert "not the id" in apis.refusal("--credential", "x")
    VendorCredential.unscoped.filter(is_active=False).delete()
    assert "no inactive credential" in apis.refusal()
    VendorCredential.unscoped.all().delete()
    assert "no active" in apis.refusal()
    other = Apis(TenantFactory.build(slug="nobody"), {})
    assert "no tenant" in other.refusal()


def test_a_deleted_credential_cannot_be_returned_to(apis: Apis, logins: Logins):
    apis.run("--switch")
    apis.row("memory").delete()
    assert "was deleted" in apis.refusal("--undo")
    assert ApiMove.unscoped.get().from_name == "Memory Memory 2 (development)"


def test_a_job_that_runs_during_the_move_ends_well(
    apis: Apis, logins: Logins, monkeypatch: pytest.MonkeyPatch
):
    logins.connect()
    before = stored()
    apis.carry_over()
    answer = MemoryVendor._call
    moves: list[str] = []

    def move_between_two_pages(vendor: MemoryVendor, operation: str) -> None:
        answer(vendor, operation)
        if operation == "list_transactions" and not moves:
            moves.append("begun")
            moves.append(apis.run("--switch"))

    monkeypatch.setattr(MemoryVendor, "_call", move_between_two_pages)
    logins.sync()
    assert "Moved" in moves[1]
    assert apis.active == NEXT
    assert stored() == before
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}


def test_webhooks_of_either_api_are_understood_after_the_move(apis: Apis, logins: Logins):
    member_id = logins.connect()
    bank = apis.carry_over()
    apis.run("--switch")
    bank.book(logins.vendor_account(member_id), Decimal(77), 0)
    now = datetime.now(UTC).replace(microsecond=0)
    bank.members[member_id] = replace(
        bank.members[member_id], aggregated_at=now, successfully_aggregated_at=now
    )
    body = json.dumps({"member": member_id}).encode()  # they do not say which API sends them
    webhook = inbound_webhooks.receive(tenant=apis.tenant, vendor=SLUG, body=body)
    runner.drain()
    webhook.refresh_from_db()
    assert webhook.state == webhook.State.HANDLED
    assert AggregationAccountTransaction.unscoped.filter(amount=77).count() == 1
