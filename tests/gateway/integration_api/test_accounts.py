"""/integration/v1/aggregation/account."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.access.models import Application
from integrations.models import AccountLink, AggregationSettings, Job, Member
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
    Client,
)
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import AggregationAccountFactory, ClientFactory
from tests.gateway.integration_api.conftest import link, run_jobs
from tests.parallel import at_once
from tests.sandbox_process import Sandbox

URL = "/integration/v1/aggregation/account"


def test_every_account_of_the_member_once(
    api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str, member_guid: str
):
    response = link(api, nucleus_client, member_guid)
    served = mx.listed(f"/users/{user_guid}/members/{member_guid}/accounts", "accounts")
    rows = response["nucleus_aggregation_accounts"]
    assert sorted(row["body"]["account_name"] for row in rows) == sorted(
        account["name"] for account in served
    )
    assert {row["status_code"] for row in rows} == {200}
    assert {row["body"]["institution_name"] for row in rows} == {"MX Bank"}
    repeated = link(api, nucleus_client, member_guid)
    assert repeated["nucleus_aggregation_accounts"] == rows
    assert AggregationAccount.unscoped.count() == len(served)


def test_without_a_member_all_of_the_user(api: Api, nucleus_client: Client, member_guid: str):
    assert len(link(api, nucleus_client, None)["nucleus_aggregation_accounts"]) >= 5


def test_before_anything_is_linked(api: Api, nucleus_client: Client, user_guid: str):
    response = link(api, nucleus_client, None)
    assert response["nucleus_aggregation_accounts"] == []
    assert "widget" in response["message"]


def test_a_foreign_member_is_refused(
    api: Api, mx: Sandbox, nucleus_client: Client, member_guid: str
):
    foreign_user = mx.call("POST", "/users", json={"user": {}})["user"]["guid"]
    foreign = mx.connect(foreign_user)
    body = {"nucleus_client_id": nucleus_client.id, "vendor_request": {"member_id": foreign}}
    refused = api.post(URL, body)
    assert (refused.status_code, refused.data["code"]) == (404, "vendor_not_found")
    assert refused.data["message"].startswith(f"member_id: this user has no member {foreign}")
    assert AggregationAccount.unscoped.count() == 0


def test_a_member_that_needs_its_user_says_so(
    api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str
):
    challenged = mx.connect(user_guid, password="challenge")
    response = link(api, nucleus_client, challenged)
    assert response["nucleus_aggregation_accounts"] == []
    assert response["message"]
    assert Member.unscoped.get().connection_status == "CHALLENGED"


def test_retrieval_follows_by_itself(
    api: Api, mx: Sandbox, nucleus_client: Client, linked: list[dict[str, Any]], user_guid: str
):
    assert Job.objects.filter(kind="retrieve_account").count() == len(linked)
    run_jobs()
    assert not Job.objects.exclude(state="done").exists()
    for account in AccountLink.unscoped.all():
        served = mx.listed(
            f"/users/{user_guid}/accounts/{account.vendor_account_id}/transactions", "transactions"
        )
        rows = AggregationAccountTransaction.unscoped.filter(
            aggregation_account=account.aggregation_account
        )
        assert {
            (row.source_id, row.amount, str(row.transaction_type).upper(), str(row.status).upper())
            for row in rows
        } == {
            (row["guid"], abs(Decimal(row["amount"])), row["type"], row["status"]) for row in served
        }
    assert AggregationAccountBalance.unscoped.count() == len(linked)
    assert AggregationAccountHolding.unscoped.exists()


def test_the_setting_turns_automatic_retrieval_off(
    api: Api, mx: Sandbox, nucleus_client: Client, member_guid: str
):
    AggregationSettings.unscoped.update(retrieve_automatically=False)
    link(api, nucleus_client, member_guid)
    assert not Job.objects.exists()


def test_reading_again_by_id_and_as_a_list(api: Api, linked: list[dict[str, Any]]):
    ids = [account["id"] for account in linked]
    account = api.get(f"{URL}/{ids[0]}").data
    assert account["nucleus_aggregation_account"]["body"] == linked[0]
    assert account["vendor_name"] == "mx"
    many = api.get(URL, aggregation_account_id_list=ids).data
    assert [response["nucleus_aggregation_account"]["body"] for response in many] == linked


def test_linking_again_by_an_account_returns_the_same_accounts(
    api: Api, nucleus_client: Client, linked: list[dict[str, Any]]
):
    body = {
        "nucleus_client_id": nucleus_client.id,
        "nucleus_aggregation_account_id": linked[0]["id"],
    }
    rows = api.post(URL, body).data["nucleus_aggregation_accounts"]
    assert [row["body"] for row in rows] == linked
    api.delete(f"{URL}/{linked[0]['id']}")
    rows = api.post(URL, body).data["nucleus_aggregation_accounts"]
    assert {row["body"]["id"] for row in rows} == {row["id"] for row in linked}


def test_disconnecting_keeps_the_data_and_is_repeatable(api: Api, linked: list[dict[str, Any]]):
    account_id = linked[0]["id"]
    assert api.delete(f"{URL}/{account_id}").status_code == 204
    assert api.delete(f"{URL}/{account_id}").status_code == 204
    assert api.get(f"/nucleus/v1/aggregation_account/{account_id}").status_code == 200
    response = api.get(f"{URL}/{account_id}")
    assert response.status_code == 400
    assert "Link it again" in response.data["message"]


def test_deleting_everything_removes_the_member_at_mx(
    api: Api, mx: Sandbox, linked: list[dict[str, Any]], user_guid: str
):
    query = "?delete_type=delete&nucleus_data=delete"
    for account in linked:
        assert api.delete(f"{URL}/{account['id']}", query).status_code == 204
    assert mx.listed(f"/users/{user_guid}/members", "members") == []
    assert AggregationAccount.unscoped.count() == 0


@pytest.mark.parametrize("is_verified", [False, True])
@pytest.mark.parametrize("delete_type", ["delink", "delete"])
def test_a_clients_token_erases_only_manual_accounts(
    application: Application, nucleus_client: Client, delete_type: str, *, is_verified: bool
):
    token = access_token(application, client=nucleus_client)
    for is_manual, by_vendor, by_record in ((False, 403, 403), (True, 204, 404)):
        account: Any = AggregationAccountFactory(
            client=nucleus_client, is_manual=is_manual, is_link_verified=is_verified
        )
        query = f"?delete_type={delete_type}"
        assert Api(token).delete(f"{URL}/{account.pk}", query).status_code == 204
        response = Api(token).delete(f"{URL}/{account.pk}", f"{query}&nucleus_data=delete")
        assert response.status_code == by_vendor
        record = f"/nucleus/v1/aggregation_account/{account.pk}"
        assert Api(token).delete(record).status_code == by_record
        assert AggregationAccount.unscoped.filter(pk=account.pk).exists() is not is_manual


def test_a_clients_token_does_not_erase_a_linked_account(
    application: Application, nucleus_client: Client, linked: list[dict[str, Any]]
):
    client_api = Api(access_token(application, client=nucleus_client))
    path = f"{URL}/{linked[0]['id']}"
    refused = client_api.delete(path, "?delete_type=delete&nucleus_data=delete")
    assert (refused.status_code, refused.data["code"]) == (403, "permission_denied")
    assert AccountLink.unscoped.filter(aggregation_account=linked[0]["id"]).exists()
    assert client_api.delete(path).status_code == 204
    assert AggregationAccount.unscoped.filter(pk=linked[0]["id"]).exists()


def test_unknown_words_in_a_deletion_are_refused(api: Api, linked: list[dict[str, Any]]):
    response = api.delete(f"{URL}/{linked[0]['id']}", "?delete_type=vanish")
    assert response.status_code == 400
    assert "delete_type" in response.data["errors"]


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_leave_one_account_each(
    api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str, member_guid: str
):
    link(api, nucleus_client, member_guid)  # waits for the import
    AggregationAccount.unscoped.all().delete()
    Member.unscoped.all().delete()
    token = api.headers["Authorization"][7:]
    body = {"nucleus_client_id": nucleus_client.id, "vendor_request": {"member_id": member_guid}}
    statuses = at_once(20, lambda: Api(token).post(URL, body).status_code)
    served = mx.listed(f"/users/{user_guid}/accounts", "accounts")
    assert statuses == [200] * 20
    assert AggregationAccount.unscoped.count() == len(served)
    assert AccountLink.unscoped.count() == len(served)


def test_another_client_of_the_tenant_has_its_own(
    api: Api, mx: Sandbox, linked: list[dict[str, Any]], nucleus_client: Client
):
    other = ClientFactory(tenant=nucleus_client.tenant)
    response = api.post(URL, {"nucleus_client_id": other.id})
    assert response.status_code == 400
    assert "/integration/v1/user" in response.data["message"]
