"""What may be written: client tokens, account numbers, rows of vendors, institutions."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from gateway.access.models import Application
from nucleus import writes
from nucleus.models import (
    AggregationAccount,
    AggregationAccountTransaction,
    BankLink,
    Client,
)
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BankLinkFactory,
    ClientFactory,
    TransactionFactory,
)
from tests.nucleus import bodies
from tests.nucleus.rows import transaction_row

V1 = "/nucleus/v1"


@pytest.fixture
def account(nucleus_client: Client) -> AggregationAccount:
    return AggregationAccountFactory(client=nucleus_client)


def test_a_client_token_writes_for_its_client_only(
    application: Application, nucleus_client: Client
):
    confined = Api(access_token(application, client=nucleus_client))
    body = bodies.bank_link(nucleus_client, client_id=None, is_link_verified=None)
    refused = confined.post(f"{V1}/bank_link", body)  # it still has a link_verified_date
    assert refused.status_code == 403
    assert "verified" in refused.data["message"]
    link = confined.post(f"{V1}/bank_link", body | {"link_verified_date": None}).data
    assert link["client_id"] == str(nucleus_client.pk)
    path = f"{V1}/bank_link/{link['id']}"
    assert confined.put(path, {"is_link_verified": True}).status_code == 403
    assert confined.put(path, link).status_code == 200  # as it is, which claims nothing
    foreign = BankLinkFactory(client=ClientFactory(tenant=nucleus_client.tenant))
    assert confined.put(f"{V1}/bank_link/{foreign.pk}", {"type": "x"}).status_code == 404
    assert confined.delete(f"{V1}/bank_link/{foreign.pk}").status_code == 404
    account = bodies.account(nucleus_client, is_link_verified=True)
    assert confined.post(f"{V1}/aggregation_account", account).status_code == 403


def test_a_client_writes_into_manual_accounts_only(
    api: Api, application: Application, nucleus_client: Client, account: AggregationAccount
):
    confined = Api(access_token(application, client=nucleus_client))
    linked = TransactionFactory(aggregation_account=account)
    path = f"{V1}/aggregation_account_transaction/{linked.pk}"
    forged = confined.put(path, {"bank_credit": {"amount": 1, "transaction_type": "Credit"}})
    assert forged.status_code == 403
    assert "is_manual" in forged.data["message"]
    preference = {"is_excluded_analysis": True}
    assert (
        confined.put(path, confined.get(path).data | preference).data["is_excluded_analysis"]
        is True
    )
    balance = {"aggregation_account_id": account.pk, "currency_code": "USD", "balance": 1}
    assert confined.post(f"{V1}/aggregation_account_balance", balance).status_code == 403
    for url in (path, f"{V1}/aggregation_account/{account.pk}"):
        assert confined.delete(url).status_code == 403
    own = confined.post(f"{V1}/aggregation_account", bodies.account(nucleus_client)).data
    assert own["is_manual"] is True
    own_path = f"{V1}/aggregation_account/{own['id']}"
    assert confined.put(own_path, {"is_manual": False}).status_code == 403
    balance["aggregation_account_id"] = own["id"]
    assert confined.post(f"{V1}/aggregation_account_balance", balance).status_code == 200
    assert confined.delete(own_path).status_code == 204
    assert api.put(path, {"bank_credit": {"memo": "ours"}}).status_code == 200


def test_a_client_token_cannot_change_what_is_verified(
    api: Api, application: Application, nucleus_client: Client
):
    link = BankLinkFactory(client=nucleus_client, is_link_verified=True)
    other = BankLinkFactory(client=nucleus_client)
    account = AggregationAccountFactory(
        client=nucleus_client, bank_link=link, is_link_verified=True
    )
    confined = Api(access_token(application, client=nucleus_client))
    path = f"{V1}/bank_link/{link.pk}"
    for name in ("bank_account_holder", "institution_name", "type"):
        refused = confined.put(path, {name: "another"})
        assert refused.status_code == 403
        assert "verified" in refused.data["message"]
    assert confined.put(path, confined.get(path).data | {"is_default": True}).status_code == 200
    swapped = {"bank_link_id": str(other.pk)}
    assert confined.put(f"{V1}/aggregation_account/{account.pk}", swapped).status_code == 403
    free = {"bank_account_holder": "Augusta Demo"}
    assert confined.put(f"{V1}/bank_link/{other.pk}", free).status_code == 200
    assert api.put(path, free).data["bank_account_holder"] == "Augusta Demo"


def test_masked_numbers_cannot_be_guessed_by_repeating_them(
    application: Application, nucleus_client: Client
):
    row = BankLinkFactory(client=nucleus_client)
    blind = Api(access_token(application, scope="read update"))
    right, wrong = (
        blind.put(f"{V1}/bank_link/{row.pk}", {"bank_account_number": number})
        for number in (row.bank_account_number, "999912345678")
    )
    assert right.status_code == wrong.status_code == 400
    assert right.data["errors"] == wrong.data["errors"]


def test_metadata_has_at_most_100_members(api: Api, account: AggregationAccount):
    path = f"{V1}/aggregation_account/{account.pk}"
    for part in range(2):
        names = {f"name {part} {n}": "x" for n in range(50)}
        assert api.put(path, {"metadata": names}).status_code == 200
    assert set(api.put(path, {"metadata": {"more": "x"}}).data["errors"]) == {"metadata"}
    assert api.put(path, {"metadata": {"name 1 1": "y"}}).data["metadata"]["name 1 1"] == "y"


def test_numbers_are_masked_and_stored_encrypted(
    api: Api, application: Application, nucleus_client: Client
):
    masked = Api(access_token(application, scope="create read update"))
    link = masked.post(f"{V1}/bank_link", bodies.bank_link(nucleus_client)).data
    assert (link["bank_account_number"], link["routing"]) == ("****5678", "****9900")
    assert link["mask"] == "5678"
    account = api.post(f"{V1}/aggregation_account", bodies.account(nucleus_client))
    assert account.data["mask"] == "5678"
    assert "100012345678" not in account.content.decode()
    assert AggregationAccount.unscoped.get().account_number == "100012345678"
    path = f"{V1}/aggregation_account/{account.data['id']}"
    assert api.put(path, {"account_number": "99-0001"}).data["mask"] == "001"  # at most half
    with connection.cursor() as cursor:
        cursor.execute("SELECT bank_account_number, routing FROM nucleus_banklink")
        stored = str(cursor.fetchall())
        cursor.execute("SELECT account_number FROM nucleus_aggregationaccount")
        stored += str(cursor.fetchall())
    assert all(number not in stored for number in ("100012345678", "688999900", "99-0001"))


def test_the_numbers_of_a_bank_link_never_change(
    api: Api, application: Application, nucleus_client: Client
):
    parts = {"mx_institution_number": "003", "mx_transit_number": "01234"}
    row = BankLinkFactory(client=nucleus_client, metadata=parts | {"ours": "yes"})
    path = f"{V1}/bank_link/{row.pk}"
    for change in (
        {"bank_account_number": "100012345679"},
        {"routing": "****9901"},
        {"routing_wire": "688999900"},
    ):
        response = api.put(path, change)
        assert set(response.data["errors"]) == set(change)
        assert "new bank link" in response.data["message"]
    masked = Api(access_token(application, scope="read update"))
    shown = masked.get(path).data
    response = masked.put(path, shown | {"bank_account_name": "Household", "metadata": {"a": "b"}})
    assert response.data["metadata"] == {"a": "b", "ours": "yes"}
    foreign = {"mx_transit_number": "99999"}
    assert api.put(path, {"metadata": foreign}).data["metadata"]["mx_transit_number"] == "01234"
    stored = BankLink.unscoped.get()
    assert (stored.bank_account_number, stored.routing) == ("100012345678", "688999900")
    assert stored.bank_account_name == "Household"
    assert stored.metadata == parts | {"a": "b", "ours": "yes"}


def test_deleting_a_bank_link_marks_its_accounts_unverified(api: Api, account: AggregationAccount):
    link = BankLinkFactory(client=account.client)
    path = f"{V1}/aggregation_account/{account.pk}"
    verified = api.put(path, {"bank_link_id": str(link.pk), "is_link_verified": True}).data
    assert (verified["bank_link_id"], verified["is_link_verified"]) == (str(link.pk), True)
    assert api.delete(f"{V1}/bank_link/{link.pk}").status_code == 204
    after = api.get(path).data
    assert (after["bank_link_id"], after["is_link_verified"]) == (None, False)


def test_deleting_an_account_deletes_its_entries(api: Api, account: AggregationAccount):
    TransactionFactory(aggregation_account=account)
    other: Any = TransactionFactory()
    assert api.delete(f"{V1}/aggregation_account/{account.pk}").status_code == 204
    assert list(AggregationAccountTransaction.unscoped.all()) == [other]


def test_the_tenants_columns_survive_a_retrieval(api: Api, account: AggregationAccount):
    writes.upsert_transactions(account=account, rows=[transaction_row()])
    stored = AggregationAccountTransaction.unscoped.get()
    path = f"{V1}/aggregation_account_transaction/{stored.pk}"
    category = str(uuid.uuid4())
    own = {
        "secondary_id": "ours",
        "is_excluded_analysis": True,
        "metadata": {"ours": "yes"},
        "bank_credit": {"transaction_category_id": category, "memo": "overwritten later"},
    }
    assert api.put(path, own).status_code == 200
    assert (
        writes.upsert_transactions(account=account, rows=[transaction_row(memo="the bank's")]) == 1
    )
    after = api.get(path).data
    assert (after["secondary_id"], after["is_excluded_analysis"]) == ("ours", True)
    assert after["metadata"] == {"ours": "yes", "mx_posted_at": "2026-01-03"}
    assert after["bank_credit"]["transaction_category_id"] == category
    assert after["bank_credit"]["memo"] == "the bank's"


def test_the_tenants_columns_survive_an_update_of_a_stale_account(
    api: Api, account: AggregationAccount
):
    path = f"{V1}/aggregation_account/{account.pk}"
    own = {"secondary_id": "ours", "metadata": {"ours": "yes"}, "account_name": "Mine"}
    api.put(path, own)  # while a retrieval holds `account` as it was
    writes.update_aggregation_account(
        account=account, account_name="Checking", apr=Decimal(2), metadata={"mx_level": "1"}
    )
    after = api.get(path).data
    assert (after["secondary_id"], after["apr"]) == ("ours", 2)
    assert after["metadata"] == {"ours": "yes", "mx_level": "1"}


def test_only_the_tenants_own_institutions_may_be_changed(
    api: Api, foreign_api: Api, application: Application, nucleus_client: Client
):
    path = f"{V1}/resource/institution"
    shared = writes.upsert_institution(source="mx", code="mxbank", name="MX Bank")
    own = api.post(path, {"name": "Savings Bank", "code": "mxbank", "website_url": None}).data
    assert [own["name"], own["code"], own["website_url"]] == ["Savings Bank", "mxbank", None]
    assert (
        writes.upsert_institution(source="mx", code="mxbank", name="MX Bank, renamed").pk
        == shared.pk
    )
    everyone = {str(shared.pk), own["id"]}
    assert {item["id"] for item in api.get(path).data["content"]} == everyone
    assert [item["id"] for item in foreign_api.get(path).data["content"]] == [str(shared.pk)]
    renamed = api.get(f"{path}/{shared.pk}", currency_conversion="EUR")  # there is nothing to it
    assert renamed.data["name"] == "MX Bank, renamed"
    for response in (
        api.put(f"{path}/{shared.pk}", {"name": "Mine"}),
        api.delete(f"{path}/{shared.pk}"),
    ):
        assert response.status_code == 403
        assert "vendor" in response.data["message"]
    assert foreign_api.put(f"{path}/{own['id']}", {"name": "Mine"}).status_code == 404
    for code in ("mxbank", ""):
        assert set(api.post(path, {"name": "Again", "code": code}).data["errors"]) == {"code"}
    assert foreign_api.post(path, {"name": "Theirs", "code": "mxbank"}).status_code == 200
    assert api.put(f"{path}/{own['id']}", {"name": "New", "code": "mxbank"}).data["name"] == "New"
    confined = Api(access_token(application, client=nucleus_client))
    assert confined.get(f"{path}/{own['id']}").status_code == 200
    assert confined.post(path, {"name": "Mine"}).status_code == 403
    assert confined.delete(f"{path}/{own['id']}").status_code == 403
    account = bodies.account(nucleus_client, institution_id=own["id"])
    account_id = api.post(f"{V1}/aggregation_account", account).data["id"]
    assert api.delete(f"{path}/{own['id']}").status_code == 204
    assert api.get(f"{V1}/aggregation_account/{account_id}").data["institution_id"] is None
