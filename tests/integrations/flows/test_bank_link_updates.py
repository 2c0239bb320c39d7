"""Bank links after imports: their accounts close, vanish, and get other numbers and balances."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any

import pytest

from integrations.models import AuditLog, VerifiedLink
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccount, BankLink
from tests.integrations.flows.verified_bank import CHECKING, LINKS, UNVERIFIED, VERIFIED, Bank
from tests.sandbox import bank


@pytest.mark.parametrize("fixture", ["iav_bank", "linked_bank"])
@pytest.mark.parametrize(
    ("event", "undone", "reason"),
    [
        ("close_account", "reopen_account", "account_closed"),
        ("delete_account", "restore_account", "account_missing"),
    ],
)
def test_an_account_that_goes_and_comes_back(
    request: pytest.FixtureRequest, fixture: str, event: str, undone: str, reason: str
):
    it: Bank = request.getfixturevalue(fixture)
    before, others = (
        it.link_of(),
        [row for row in it.links() if row["bank_account_name"] != CHECKING],
    )
    account = it.guid(CHECKING)
    it.happen(event)
    for _ in range(2):
        it.import_()
    it.assert_unverified(before["id"], reason)
    assert {row["id"] for row in it.links()} == {row["id"] for row in others}
    it.happen(undone, account=account)
    it.import_()
    after = it.link(before["id"])
    assert (after["is_active"], after["is_link_verified"]) == (True, True)
    assert after["unverified_reason"] is None
    assert after["balance"] is not None
    assert it.events(VERIFIED).count((before["id"], None)) == 2
    assert BankLink.unscoped.count() == len(others) + 1


def test_an_unchanged_import_writes_nothing(linked_bank: Bank):
    linked_bank.sync()
    before = snapshot()
    AuditLog.objects.all().delete()
    linked_bank.sync()
    assert snapshot() == before
    operations = list(AuditLog.objects.values_list("operation", flat=True))
    assert operations.count("list_account_numbers") == 1
    assert operations.count("list_member_accounts") == 1
    linked_bank.sync(scope=SyncScope.BALANCES)
    assert snapshot() == before


def snapshot() -> list[Any]:
    return [
        list(BankLink.unscoped.order_by("id").values_list("id", "update_date")),
        list(VerifiedLink.unscoped.order_by("id").values_list("id", "update_date")),
        list(AggregationAccount.unscoped.order_by("id").values_list("id", "update_date")),
    ]


@pytest.mark.parametrize("fixture", ["iav_bank", "linked_bank"])
def test_a_replaced_number_is_verified_without_being_asked(
    request: pytest.FixtureRequest, fixture: str
):
    it: Bank = request.getfixturevalue(fixture)
    old = it.link_of()
    account_id = str(uuid.uuid4())
    assert it.api.put(f"{LINKS}/{old['id']}", {"account_id": account_id}).status_code == 200
    it.happen("renumber_account", number="900000000017")
    for _ in range(2):
        it.import_()
    it.assert_unverified(old["id"], "number_replaced")
    new = it.link_of()
    assert (new["bank_account_number"], new["mask"]) == ("900000000017", "0017")
    assert new["account_id"] == account_id
    assert new["link_verified_date"] is not None
    assert it.events(VERIFIED).count((new["id"], None)) == 1
    if fixture == "linked_bank":
        assert it.bank_links_of_accounts()[CHECKING] == (new["id"], True)
    it.happen("renumber_account", number=old["bank_account_number"])
    it.import_()
    assert it.link_of()["id"] == old["id"]
    it.assert_unverified(new["id"], "number_replaced")
    if fixture == "linked_bank":
        assert it.bank_links_of_accounts()[CHECKING] == (old["id"], True)


def test_name_and_balances_follow_the_account(iav_bank: Bank):
    before = iav_bank.link_of()
    account = iav_bank.guid(CHECKING)
    bank.happen(
        iav_bank.world, "change_account", account=account, name="Household", balance="1234.56"
    )
    iav_bank.import_()
    after = iav_bank.link(before["id"])
    assert after["bank_account_name"] == "Household"
    assert after["balance"] == Decimal("1234.56")
    bank.happen(iav_bank.world, "change_account", account=account, balance="99.5")
    bank.import_(iav_bank.world, iav_bank.member)
    iav_bank.sync(scope=SyncScope.BALANCES)
    assert iav_bank.link(before["id"])["balance"] == Decimal("99.5")


@pytest.mark.parametrize("fault", [{"status": 503, "count": 20}, {"status": 403, "count": 20}])
def test_a_failing_call_for_numbers_changes_nothing(linked_bank: Bank, fault: dict[str, int]):
    linked_bank.sync()
    before = snapshot()
    linked_bank.world.sandbox.fault(
        method="GET", path="/users/*/members/*/account_numbers", kind="status", **fault
    )
    linked_bank.sync()
    assert snapshot() == before


def test_numbers_that_are_not_listed_are_no_proof(linked_bank: Bank):
    linked_bank.sync()
    before = snapshot()
    body = {
        "account_numbers": [],
        "pagination": {"current_page": 1, "per_page": 25, "total_pages": 1},
    }
    linked_bank.world.sandbox.fault(
        method="GET", path="/users/*/members/*/account_numbers", kind="status", status=200,
        body=json.dumps(body), count=20,
    )  # fmt: skip
    linked_bank.sync()
    assert snapshot() == before


def test_a_replaced_number_that_the_vendor_has_not_verified(iav_bank: Bank):
    it, old = iav_bank, iav_bank.link_of()
    it.world.rules(numbers_with_aggregation=False)
    it.happen("renumber_account", number="900000000017")
    for _ in range(2):
        it.import_()
    it.assert_unverified(old["id"], "number_replaced")
    assert old["id"] not in {row["id"] for row in it.verify()}
    assert any("mode=iav" in (row["message"] or "") for row in it.rows)
    it.assert_unverified(old["id"], "number_replaced")
    it.world.start(it.member, "verify")
    it.world.advance("1s")
    it.sync()
    assert it.link_of()["bank_account_number"] == "900000000017"
    assert it.events(UNVERIFIED) == [(old["id"], "number_replaced")]
