"""/integration/v1/iav."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from gateway.access.models import Application
from integrations.models import Job
from nucleus.models import BankLink, Client
from tests.api import Api
from tests.factories.access import access_token
from tests.gateway.integration_api.conftest import link, run_jobs
from tests.parallel import at_once
from tests.sandbox_process import Sandbox
from tests.waiting import until

URL = "/integration/v1/iav"


def body(client: Client, member_guid: str) -> dict[str, Any]:
    return {
        "nucleus_client_id": client.id,
        "product": "atom",
        "vendor_request": {"member_id": member_guid},
    }


@pytest.fixture
def verified(api: Api, nucleus_client: Client, member_guid: str) -> list[dict[str, Any]]:
    """The bank links of the member."""
    for _ in range(5):
        response = api.post(URL, body(nucleus_client, member_guid))
        assert response.status_code == 200, response.data
        links = [row["nucleus_bank_link"] for row in response.data["bank_link"]["response"]]
        if links:
            return links
    raise AssertionError(response.data)


def test_checking_and_savings_become_bank_links(
    mx: Sandbox, user_guid: str, member_guid: str, verified: list[dict[str, Any]]
):
    served = mx.listed(
        f"/users/{user_guid}/members/{member_guid}/account_numbers", "account_numbers"
    )
    assert {(link["bank_account_number"], link["routing"]) for link in verified} == {
        (row["account_number"], row["routing_number"]) for row in served
    }
    for bank_link in verified:
        assert bank_link["is_link_verified"] is True
        assert bank_link["institution_name"] == "MX Bank"
        assert (
            bank_link["bank_account_holder"] == ""
        )  # the bank was not asked; see flows/test_bank_links.py
        assert bank_link["metadata"]["bank_account_holder_source"] == "not_confirmed"
        assert bank_link["mask"] == bank_link["bank_account_number"][-4:]


def test_verifying_again_returns_the_same_links(
    api: Api, nucleus_client: Client, member_guid: str, verified: list[dict[str, Any]]
):
    response = api.post(URL, body(nucleus_client, member_guid))
    assert [row["nucleus_bank_link"] for row in response.data["bank_link"]["response"]] == verified
    assert BankLink.unscoped.count() == len(verified)


def test_reading_one(api: Api, verified: list[dict[str, Any]]):
    response = api.get(f"{URL}/{verified[0]['id']}").data
    assert [row["nucleus_bank_link"] for row in response["bank_link"]["response"]] == [verified[0]]
    assert response["vendor_name"] == "mx"


def test_numbers_are_masked_without_the_scope(
    application: Application, verified: list[dict[str, Any]]
):
    masked = Api(access_token(application, scope="read"))
    for path in (f"{URL}/{verified[0]['id']}", f"/nucleus/v1/bank_link/{verified[0]['id']}"):
        text = masked.get(path).content.decode()
        assert verified[0]["bank_account_number"] not in text
        assert verified[0]["mask"] in text


def test_numbers_are_encrypted_in_the_table(verified: list[dict[str, Any]]):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM nucleus_banklink")
        dump = repr(cursor.fetchall())
    for bank_link in verified:
        assert bank_link["bank_account_number"] not in dump


def test_accounts_refer_to_their_bank_link(
    api: Api,
    nucleus_client: Client,
    member_guid: str,
    linked: list[dict[str, Any]],
    verified: list[dict[str, Any]],
):
    page = api.get("/nucleus/v1/aggregation_account", filter="is_link_verified==true").data
    assert {account["bank_link_id"] for account in page["content"]} == {
        link["id"] for link in verified
    }


def test_accounts_linked_after_the_verification_refer_to_it_too(
    api: Api, nucleus_client: Client, member_guid: str, verified: list[dict[str, Any]]
):
    rows = link(api, nucleus_client, member_guid)["nucleus_aggregation_accounts"]
    linked_ids = {row["body"]["bank_link_id"] for row in rows if row["body"]["is_link_verified"]}
    assert linked_ids == {link["id"] for link in verified}
    api.delete(f"{URL}/{verified[0]['id']}", "?nucleus_data=delete")
    page = api.get("/nucleus/v1/aggregation_account", filter="is_link_verified==true").data
    assert page["total_elements"] == len(verified) - 1


def test_a_replaced_number_is_a_new_link(
    api: Api, nucleus_client: Client, member_guid: str, verified: list[dict[str, Any]]
):
    old = BankLink.unscoped.get(id=verified[0]["id"])
    old.bank_account_number = "111122223333"  # as if the bank had issued the current one since
    old.save()
    response = api.post(URL, body(nucleus_client, member_guid))
    ids = {row["nucleus_bank_link"]["id"] for row in response.data["bank_link"]["response"]}
    assert str(old.id) not in ids
    old.refresh_from_db()
    assert not old.is_active
    assert not old.is_link_verified


def test_a_challenge_is_explained_and_finished_by_a_job(
    api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str
):
    member = mx.connect(user_guid, password="challenge")
    response = api.post(URL, body(nucleus_client, member)).data
    assert response["bank_link"]["response"] == []
    assert member in response["bank_link"]["message"]
    assert "repair" in response["bank_link"]["message"]


def test_a_slow_verification_is_finished_by_a_job(
    api: Api,
    mx: Sandbox,
    nucleus_client: Client,
    member_guid: str,
    linked: list[Any],
    settings: Any,
):
    settings.MEMBER_WAIT_SECONDS = 0
    with mx.stopped_clock():
        response = api.post(URL, body(nucleus_client, member_guid)).data
    assert response["bank_link"]["response"] == []
    assert Job.objects.filter(kind="verify_member", state="ready").exists()

    def is_verified() -> bool:
        run_jobs()
        return BankLink.unscoped.exists()

    until(is_verified)


def test_deleting_a_bank_link(api: Api, verified: list[dict[str, Any]]):
    path = f"{URL}/{verified[0]['id']}"
    assert api.delete(path).status_code == 204
    assert api.delete(path, "?nucleus_data=delete").status_code == 204
    assert api.get(path).status_code == 404


def test_a_foreign_member_is_refused(api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str):
    foreign_user = mx.call("POST", "/users", json={"user": {}})["user"]["guid"]
    assert api.post(URL, body(nucleus_client, mx.connect(foreign_user))).status_code == 404
    assert BankLink.unscoped.count() == 0


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_leave_one_link_each(
    api: Api, nucleus_client: Client, member_guid: str, verified: list[dict[str, Any]]
):
    BankLink.unscoped.all().delete()
    token = api.headers["Authorization"][7:]
    statuses = at_once(
        10, lambda: Api(token).post(URL, body(nucleus_client, member_guid)).status_code
    )
    assert statuses == [200] * 10
    assert BankLink.unscoped.count() == len(verified)
