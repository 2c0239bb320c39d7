"""GET /integration/v1/audit_log."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from gateway.access.models import Application
from integrations.jobs import runner
from nucleus.models import Client
from tests import mx_api
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import ClientFactory
from tests.sandbox_process import Sandbox

URL = "/integration/v1/audit_log"


def events(response: Any) -> set[str]:
    assert response.status_code == 200, response.data
    return {row["event"] for row in response.data["content"]}


def test_each_row_names_its_owner_and_holds_no_content(
    api: Api,
    foreign_api: Api,
    nucleus_client: Client,
    linked: list[dict[str, Any]],
    member_guid: str,
):
    """Requests and jobs alike: user, link, retrieval, verification, widget."""
    runner.drain()
    body = {"nucleus_client_id": nucleus_client.pk, "vendor_request": {"member_id": member_guid}}
    iav = api.post("/integration/v1/iav", body).data
    widget = api.get(f"/integration/v1/widget_link/{nucleus_client.pk}").data["widget_url"]
    query = {"nucleus_client_id": nucleus_client.pk, "size": 100}
    page = api.get(URL, **query).data
    assert page["total_elements"] == api.get(URL, size=1).data["total_elements"]  # none unnamed
    assert {
        "create_user", "list_member_accounts", "list_transactions", "list_account_numbers",
    } <= {row["event"] for row in page["content"]}  # fmt: skip
    account = linked[0]["id"]
    rows = api.get(URL, nucleus_aggregation_account_id=account, event="list_transactions").data
    row = rows["content"][0]
    assert row["nucleus_client_id"] == str(nucleus_client.pk)
    assert row["request_url"] == "/users/{user}/accounts/{account}/transactions"
    assert (row["request_type"], row["status_code"], row["is_request"]) == ("GET", 200, True)
    assert (row["vendor_name"], row["integration_type"]) == ("mx", "aggregation")
    assert row["response"]["error"] is None
    numbers = [
        row["nucleus_bank_link"]["bank_account_number"] for row in iav["bank_link"]["response"]
    ]
    text = json.dumps(page, default=str)
    chosen = mx_api.chosen()
    for secret in (chosen.api_key, chosen.client_id, "USR-", "MBR-", "ACT-", widget, *numbers):
        assert secret not in text
    assert foreign_api.get(URL).data["total_elements"] == 0


def test_filters(api: Api, nucleus_client: Client, linked: list[dict[str, Any]]):
    today = timezone.now().date()
    every = api.get(URL, size=100).data["total_elements"]
    assert events(api.get(URL, request_type="post")) == {"create_user"}
    assert api.get(URL, vendor_name="acme").status_code == 400  # a word that is not known
    assert events(api.get(URL, vendor_name="MX")) == events(api.get(URL))
    assert events(api.get(URL, integration_type="iav")) == set()
    assert events(api.get(URL, nucleus_client_id=ClientFactory().pk)) == set()
    for query, count in (
        ({"start_date": today, "end_date": today, "is_request": "True", "event": "None"}, every),
        ({"start_date": today + timedelta(days=1)}, 0),
        ({"end_date": today - timedelta(days=1)}, 0),
        ({"start_date": f"{today}T23:00:00"}, every),
    ):
        assert api.get(URL, **query).data["total_elements"] == count, query
    ordered = api.get(URL, order_by="create_date", ascending=True, size=2).data
    assert ordered["content"][0]["event"] == "create_user"
    assert ordered["sort"][0]["property"] == "createDate"


@pytest.mark.parametrize(
    "query",
    [
        {"start_date": "yesterday"},
        {"nucleus_client_id": "1"},
        {"is_request": "maybe"},
        {"filter": "event==create_user"},
        {"order_by": "status"},
        {"vendor_name": "acme"},
    ],
)
def test_values_that_cannot_be_parsed_are_named(api: Api, query: dict[str, str]):
    response = api.get(URL, **query)
    assert response.status_code == 400
    assert next(iter(query)) in response.data["errors"]


def test_a_token_of_one_client_sees_its_own_rows(
    api: Api, mx: Sandbox, application: Application, nucleus_client: Client, user_guid: str
):
    other = ClientFactory(tenant=nucleus_client.tenant)
    body = {"nucleus_client_id": other.pk, "product": "atom"}
    assert api.post("/integration/v1/user", body).status_code == 200
    confined = Api(access_token(application, client=other))
    rows = confined.get(URL).data["content"]
    assert {row["nucleus_client_id"] for row in rows} == {str(other.pk)}
    query = {"nucleus_client_id": nucleus_client.pk}
    assert confined.get(URL, **query).data["total_elements"] == 0
