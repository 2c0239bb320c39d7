"""GET /integration/v1/widget_link/{client}."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import requests

from nucleus.models import Client
from tests.api import Api
from tests.factories.nucleus import ClientFactory, TenantFactory
from tests.sandbox_process import Sandbox
from tests.waiting import PATIENCE


def url(client: Client) -> str:
    return f"/integration/v1/widget_link/{client.id}"


def test_a_link_opens_the_widget(api: Api, nucleus_client: Client, user_guid: str):
    response = api.get(url(nucleus_client), vendor_name="mx")
    assert response.status_code == 200
    assert response.data["vendor_name"] == "mx"
    assert response["Cache-Control"] == "no-store"
    page = requests.get(response.data["widget_url"], timeout=PATIENCE)
    assert page.status_code == 200
    assert "sandbox" in page.text.lower()


@pytest.mark.parametrize(
    "query",
    [
        {"mode": "iav"},
        {"is_business": "False", "is_mobile_webview": "True", "wait_for_full_aggregation": "True"},
        {"message_version": "4", "webview_url_scheme": "demoapp"},
        {"member_id": "None", "nucleus_bank_link_id": "None"},
    ],
)
def test_every_parameter_the_sdk_sends(
    api: Api, nucleus_client: Client, user_guid: str, query: dict[str, Any]
):
    assert api.get(url(nucleus_client), **query).status_code == 200


def test_repair_by_member_and_by_account(
    api: Api, nucleus_client: Client, member_guid: str, linked: list[dict[str, Any]]
):
    assert api.get(url(nucleus_client), member_id=member_guid).status_code == 200
    account_id = linked[0]["id"]
    response = api.get(url(nucleus_client), nucleus_aggregation_account_id=account_id)
    assert response.status_code == 200


def test_another_users_member_is_refused(
    api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str
):
    foreign_user = mx.call("POST", "/users", json={"user": {}})["user"]["guid"]
    foreign = mx.connect(foreign_user)
    refused = api.get(url(nucleus_client), member_id=foreign)
    assert refused.status_code == 404
    assert refused.data["message"].startswith("member_id: ")
    assert api.get(url(nucleus_client), nucleus_bank_link_id=uuid.uuid4()).status_code == 404


@pytest.mark.parametrize(
    "query",
    [{"mode": "other"}, {"member_id": "../users"}, {"message_version": "x"}, {"is_business": "?"}],
)
def test_bad_parameters_are_named(
    api: Api, nucleus_client: Client, user_guid: str, query: dict[str, Any]
):
    response = api.get(url(nucleus_client), **query)
    assert response.status_code == 400
    assert set(query) == set(response.data["errors"])


def test_without_a_user_it_says_how_to_get_one(api: Api, mx: Sandbox, nucleus_client: Client):
    response = api.get(url(nucleus_client))
    assert response.status_code == 400
    assert "/integration/v1/user" in response.data["message"]


def test_another_tenants_client_is_not_found(api: Api, mx: Sandbox):
    assert api.get(url(ClientFactory(tenant=TenantFactory()))).status_code == 404
