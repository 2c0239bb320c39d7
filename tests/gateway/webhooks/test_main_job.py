"""The main job on every API of MX: link, retrieve, sync after a webhook, verify, repair."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from demo.bank import Widget
from integrations.jobs import runner
from integrations.models import AggregationSettings, Member
from nucleus.models import AggregationAccountBalance, AggregationAccountHolding, Client
from tests import mx_api
from tests.api import Api
from tests.gateway.integration_api.conftest import link
from tests.gateway.webhooks.conftest import at_mx, facts, news, post
from tests.sandbox_process import Sandbox
from tests.waiting import until

BASE = "/integration/v1"


@pytest.fixture(params=mx_api.every(), ids=str)
def chosen_api(request: pytest.FixtureRequest) -> mx_api.MXApi:
    """Each version of each API, whatever the rest of the run is about."""
    api: mx_api.MXApi = request.param
    return api


@pytest.fixture
def owner(api: Api, mx: Sandbox, nucleus_client: Client) -> dict[str, Any]:
    """What names the client in bodies; the client has a user at MX."""
    own = {"nucleus_client_id": nucleus_client.id, "product": "atom"}
    assert api.post(f"{BASE}/user", own).status_code == 200
    return own


@pytest.fixture
def widget(api: Api, nucleus_client: Client) -> Callable[..., Widget]:
    """Opens a link to the widget."""

    def opened(**query: Any) -> Widget:
        response = api.get(f"{BASE}/widget_link/{nucleus_client.id}", **query)
        assert response.status_code == 200, response.data
        return Widget(response.data["widget_url"])

    return opened


@pytest.fixture
def linked(
    owner: dict[str, Any], api: Api, nucleus_client: Client, widget: Callable[..., Widget]
) -> Member:
    """A member that a person has connected in the widget; its data is stored."""
    member = widget().log_in()
    assert len(link(api, nucleus_client, member)["nucleus_aggregation_accounts"]) >= 6
    runner.drain()
    return Member.unscoped.select_related("vendor_user").get(vendor_member_id=member)


def balances(mx: Sandbox, member: Member) -> tuple[set[Any], set[Any]]:
    """The amounts that MX serves, and those that are stored."""
    path = f"/users/{member.vendor_user.vendor_user_id}/accounts"
    served = {row["balance"] for row in mx.listed(path, "accounts")}
    rows = AggregationAccountBalance.unscoped.order_by("balance_time_stamp")
    latest = {row.aggregation_account_id: row.balance for row in rows}
    return served, set(latest.values())


def test_everything_arrives_to_the_cent(mx: Sandbox, linked: Member, chosen_api: mx_api.MXApi):
    assert facts(linked) == at_mx(mx, linked, chosen_api) != set()
    served, stored = balances(mx, linked)
    assert stored == served
    path = f"/users/{linked.vendor_user.vendor_user_id}/holdings"
    holdings = AggregationAccountHolding.unscoped.filter(is_active=True)
    assert {(row.ticker_name, row.amount) for row in holdings} == {
        (row["description"], row["market_value"]) for row in mx.listed(path, "holdings")
    }


def test_days_later_a_webhook_brings_what_is_new(
    mx: Sandbox, linked: Member, chosen: AggregationSettings, chosen_api: mx_api.MXApi
):
    before = facts(linked)
    mx.call("POST", "/_control/clock", json={"advance": "3d"})
    assert post(chosen, news(linked.vendor_member_id, "")).status_code == 202
    runner.drain()
    assert facts(linked) == at_mx(mx, linked, chosen_api) != before


def test_an_account_is_verified(
    mx: Sandbox,
    api: Api,
    linked: Member,
    owner: dict[str, Any],
    widget: Callable[..., Widget],
):
    widget(mode="iav").verify(linked.vendor_member_id)
    body = {**owner, "vendor_request": {"member_id": linked.vendor_member_id}}

    def links() -> list[Any]:
        response = api.post(f"{BASE}/iav", body)
        assert response.status_code == 200, response.data
        return [row["nucleus_bank_link"] for row in response.data["bank_link"]["response"]]

    path = f"/users/{linked.vendor_user.vendor_user_id}/members/{linked.vendor_member_id}"
    served = mx.listed(f"{path}/account_numbers", "account_numbers")
    assert {(row["bank_account_number"], row["routing"]) for row in until(links)} == {
        (row["account_number"], row["routing_number"]) for row in served
    }
    assert all(row["is_link_verified"] for row in links())


def test_a_login_that_fails_is_repaired(
    mx: Sandbox,
    api: Api,
    linked: Member,
    chosen: AggregationSettings,
    widget: Callable[..., Widget],
):
    def state() -> Any:
        post(chosen, {**news(linked.vendor_member_id, ""), "type": "CONNECTION_STATUS"})
        runner.drain()
        (row,) = api.get(f"{BASE}/connection").data["content"]
        return row["state"]

    denied = {"connection_status": "DENIED"}
    mx.call("PUT", f"/_control/members/{linked.vendor_member_id}", json=denied)
    assert state() == "needs_action"
    # The person enters the login again.
    assert widget(member_id=linked.vendor_member_id).log_in() == linked.vendor_member_id
    assert state() == "connected"
    accounts = api.get("/nucleus/v1/aggregation_account").data["content"]
    assert len(accounts) == len({row["mask"] for row in accounts})
