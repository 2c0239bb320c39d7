"""GET /integration/v1/widget_link/{client}."""

from __future__ import annotations

import html
import json
import re
import uuid
from typing import Any

import pytest
import requests

from nucleus.models import Client
from tests import mx_api
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


def widget_config(response: Any) -> dict[str, Any]:
    """The options with which the sandbox's widget opens."""
    assert response.status_code == 200, response.data
    page = requests.get(response.data["widget_url"], timeout=PATIENCE).text
    (config,) = re.findall(r'data-config="([^"]*)"', page)
    return dict(json.loads(html.unescape(config)))


def test_every_option_of_the_vendor_reaches_the_widget(
    api: Api, nucleus_client: Client, user_guid: str
):
    options = {
        "current_institution_code": "mx_bank_oauth",
        "disable_institution_search": "true",
        "include_transactions": "false",
        "disable_background_agg": "true",
        "client_redirect_url": "https://app.demo.example/back?step=2",
        "oauth_referral_source": "APP",
        "color_scheme": "dark",
        "language": "fr-CA",
    }
    config = widget_config(api.get(url(nucleus_client), **options))
    sent = {
        name: {"true": True, "false": False}.get(value, value) for name, value in options.items()
    }
    if mx_api.chosen().version == "v20250224":  # products stand for them there
        del sent["include_transactions"], sent["disable_background_agg"]
    assert {name: config.get(name) for name in sent} == sent


def test_options_that_are_not_given_are_the_vendors_defaults(
    api: Api, nucleus_client: Client, user_guid: str
):
    config = widget_config(api.get(url(nucleus_client)))
    assert config["include_transactions"] is True
    assert config["disable_institution_search"] is False
    assert config["color_scheme"] == "light"
    assert "current_institution_code" not in config


def test_credentials_of_a_member_can_be_updated(api: Api, nucleus_client: Client, member_guid: str):
    config = widget_config(
        api.get(url(nucleus_client), member_id=member_guid, update_credentials="true")
    )
    assert (config["current_member_guid"], config["update_credentials"]) == (member_guid, True)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"disable_institution_search": "true"}, "disable_institution_search"),
        ({"update_credentials": "true"}, "update_credentials"),
        ({"client_redirect_url": "https://app.demo.example"}, "client_redirect_url"),
        (
            {"client_redirect_url": "javascript://x/%0aalert(1)", "is_mobile_webview": "true"},
            "client_redirect_url",
        ),
        ({"color_scheme": "pink"}, "color_scheme"),
        ({"oauth_referral_source": "PHONE"}, "oauth_referral_source"),
        ({"language": "fr\r\nX-Injected: 1"}, "language"),
        ({"current_institution_code": "../users"}, "current_institution_code"),
        ({"colour_scheme": "dark"}, "colour_scheme"),
    ],
)
def test_options_that_cannot_work_are_refused(
    api: Api, nucleus_client: Client, user_guid: str, query: dict[str, Any], field: str
):
    response = api.get(url(nucleus_client), **query)
    assert response.status_code == 400
    assert list(response.data["errors"]) == [field]


def test_an_unknown_parameter_is_answered_with_the_known_ones(
    api: Api, nucleus_client: Client, user_guid: str
):
    response = api.get(url(nucleus_client), colour_scheme="dark")
    (message,) = response.data["errors"]["colour_scheme"]
    assert "color_scheme" in message
    assert "member_id" in message
