"""Bank links after a reconnect, after they were disconnected, and what tenants may set."""

from __future__ import annotations

import pytest

from gateway.access.models import Application
from integrations.models import Member
from nucleus.models import BankLink
from tests.api import Api
from tests.factories.access import access_token
from tests.gateway.integration_api.conftest import link
from tests.integrations.flows.verified_bank import CHECKING, IAV, LINKS, UNVERIFIED, Bank
from tests.parallel import at_once
from tests.sandbox import bank

ACCOUNTS = "/integration/v1/aggregation/account"


@pytest.mark.parametrize("fixture", ["iav_bank", "linked_bank"])
@pytest.mark.parametrize("is_asked", [False, True])
def test_a_reconnected_bank_goes_on_with_its_bank_links(
    request: pytest.FixtureRequest, fixture: str, *, is_asked: bool
):
    it: Bank = request.getfixturevalue(fixture)
    before = {row["bank_account_name"]: row["id"] for row in it.links()}
    bank.happen(it.world, "delete_member", member=it.member)
    for _ in range(2):
        it.sync()
    for link_id in before.values():
        it.assert_unverified(link_id, "connection_missing")
    again = bank.connect(it.world)
    if fixture == "linked_bank":
        link(it.api, it.client, again)
    it.world.run(again, "verify")
    if is_asked or fixture == "iav_bank":
        it.verify(again)
    else:
        it.sync(again)
    assert {row["bank_account_name"]: row["id"] for row in it.links()} == before
    assert BankLink.unscoped.count() == len(before)
    if fixture == "linked_bank":
        related = it.bank_links_of_accounts()
        assert {name: related[name] for name in before} == {
            name: (link_id, True) for name, link_id in before.items()
        }
    it.happen("close_account")
    it.import_(again)
    it.assert_unverified(before[CHECKING], "account_closed")


def test_asking_before_the_old_connection_is_known_to_be_gone(iav_bank: Bank):
    before = {row["id"] for row in iav_bank.links()}
    old = iav_bank.member
    bank.happen(iav_bank.world, "delete_member", member=old)
    again = bank.connect(iav_bank.world)
    iav_bank.world.run(again, "verify")
    assert {row["id"] for row in iav_bank.verify(again)} == before
    iav_bank.sync(old)
    assert {row["id"] for row in iav_bank.links()} == before
    assert iav_bank.events(UNVERIFIED) == []


@pytest.mark.django_db(transaction=True)
def test_many_requests_at_once_continue_each_bank_link_once(
    application: Application, iav_bank: Bank
):
    it, before = iav_bank, {row["id"] for row in iav_bank.links()}
    bank.happen(it.world, "delete_member", member=it.member)
    again = bank.connect(it.world)
    it.world.run(again, "verify")
    body = {"nucleus_client_id": str(it.client.pk), "vendor_request": {"member_id": again}}
    token = access_token(application)
    statuses = at_once(6, lambda: Api(token).post(IAV, body).status_code)
    assert statuses == [200] * 6
    assert {row["id"] for row in it.links()} == before
    assert BankLink.unscoped.count() == len(before)


def test_a_pull_that_finds_an_account_closed(linked_bank: Bank):
    before = linked_bank.link_of()
    account = linked_bank.account_of(before["id"])
    linked_bank.happen("close_account", now=True)
    pulled = linked_bank.api.get(f"{ACCOUNTS}/{account['id']}")
    assert pulled.status_code == 200
    assert '"is_link_verified":false' in pulled.content.decode()
    linked_bank.assert_unverified(before["id"], "account_closed")


def test_an_account_that_the_vendor_takes_for_another_one(linked_bank: Bank):
    before = linked_bank.bank_links_of_accounts()
    linked_bank.happen("change_account", new_guid=True)
    linked_bank.import_()
    linked_bank.world.run(linked_bank.member, "verify")
    linked_bank.sync()
    assert linked_bank.bank_links_of_accounts() == before
    assert BankLink.unscoped.count() == len(linked_bank.links())


@pytest.mark.parametrize("fixture", ["iav_bank", "linked_bank"])
def test_a_deleted_connection(request: pytest.FixtureRequest, fixture: str):
    it: Bank = request.getfixturevalue(fixture)
    before = {row["id"] for row in it.links()}
    connection = Member.unscoped.get(vendor_member_id=it.member)
    assert it.api.delete(f"/integration/v1/connection/{connection.pk}").status_code == 204
    for link_id in before:
        it.assert_unverified(link_id, "connection_deleted")
    again = bank.connect(it.world)
    assert {row["id"] for row in it.verify(again)} == before
    assert {row["id"] for row in it.links()} == before


def test_a_bank_link_that_the_tenant_disconnects(linked_bank: Bank):
    disconnected = linked_bank.link_of()
    assert linked_bank.api.delete(f"{IAV}/{disconnected['id']}").status_code == 204
    linked_bank.import_()
    linked_bank.assert_unverified(disconnected["id"], "disconnected")
    assert disconnected["id"] in {row["id"] for row in linked_bank.verify()}
    assert linked_bank.link(disconnected["id"])["is_link_verified"] is True


def test_delinking_the_aggregation_account_leaves_its_bank_link(linked_bank: Bank):
    before = linked_bank.link_of()
    account = linked_bank.account_of(before["id"])
    assert linked_bank.api.delete(f"{ACCOUNTS}/{account['id']}").status_code == 204
    linked_bank.import_()
    assert linked_bank.link(before["id"]) == before
    linked_bank.happen("close_account")
    linked_bank.import_()
    linked_bank.assert_unverified(before["id"], "account_closed")


def test_the_last_use_of_a_connection_ends_it(iav_bank: Bank):
    first, *others = iav_bank.links()
    iav_bank.happen("close_account", first["bank_account_name"])
    iav_bank.import_()
    for row in others:
        path = f"{IAV}/{row['id']}"
        assert iav_bank.api.delete(path, "?delete_type=delete").status_code == 204
    assert not Member.unscoped.exists()
    assert iav_bank.world.rows("/members", "members") == []
    for row in others[:-1]:
        iav_bank.assert_unverified(row["id"], "disconnected")
    iav_bank.assert_unverified(others[-1]["id"], "connection_deleted")


def test_nobody_declares_it_verified(application: Application, linked_bank: Bank):
    it, client_api = linked_bank, Api(access_token(application, client=linked_bank.client))
    before = it.link_of()
    it.happen("close_account")
    it.import_()
    after = it.link(before["id"])
    path = f"{LINKS}/{before['id']}"
    for api in (it.api, client_api):
        for claim in ({"is_link_verified": True}, {"is_active": True}):
            assert api.put(path, claim).status_code in (400, 403)
            bulk = [{"id": before["id"], **claim}]
            assert api.put("/nucleus/v1/bulk_bank_link", bulk).status_code in (400, 403)
    assert it.api.put(path, after).status_code == 200  # may be sent back as it was read
    assert it.api.put(path, {"unverified_reason": ""}).status_code == 200
    assert it.link(before["id"]) == after
    assert client_api.put(path, {"bank_account_holder": "Victor"}).status_code == 403
    assert client_api.delete(path).status_code == 403
    account = it.account_of(before["id"])
    own = f"/nucleus/v1/aggregation_account/{account['id']}"
    assert it.api.put(own, {"is_link_verified": True}).status_code == 400
    new = {**account, "id": None, "is_link_verified": True}
    assert it.api.post("/nucleus/v1/aggregation_account", new).status_code == 400
    answered = it.verify()
    assert before["id"] not in {row["id"] for row in answered}
    assert "The bank has closed this account." in {row["message"] for row in it.rows}
    assert it.link(before["id"]) == after


def test_links_that_the_tenant_marked_unverified_stay_so(linked_bank: Bank):
    before = linked_bank.link_of()
    path = f"{LINKS}/{before['id']}"
    changed = linked_bank.api.put(path, {"is_link_verified": False, "is_active": False}).data
    linked_bank.import_()
    linked_bank.sync()
    assert linked_bank.api.get(path).data == changed
    linked_bank.verify()
    assert linked_bank.api.get(path).data["is_link_verified"] is True


def test_a_bank_link_that_the_tenant_chose_for_an_account_stays(linked_bank: Bank):
    own = {
        "client_id": str(linked_bank.client.pk), "bank_account_holder": "Ada Demo",
        "bank_account_number": "100012345678", "routing": "688999900",
        "institution_name": "Own Bank",
    }  # fmt: skip
    made = linked_bank.api.post(LINKS, own).data["id"]
    account = linked_bank.account_of(linked_bank.link_of()["id"])
    path = f"/nucleus/v1/aggregation_account/{account['id']}"
    assert linked_bank.api.put(path, {"bank_link_id": made}).status_code == 200
    linked_bank.import_()
    assert linked_bank.api.get(path).data["bank_link_id"] == made
