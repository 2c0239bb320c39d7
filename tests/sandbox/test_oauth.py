"""Members that log in on the bank's own page."""

from __future__ import annotations

import re
import time
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.waiting import PATIENCE
from tests.world import Row, World

BANK = "mx_bank_oauth"


def create(world: World, **beside: Any) -> Row:
    member = {"institution_code": BANK, "is_oauth": True, **beside.pop("member", {})}
    path = f"/users/{world.user}/members"
    row: Row = world.sandbox.call("POST", path, json={"member": member, **beside})["member"]
    return row


def links(uri: str) -> dict[str, str]:
    """What the bank's page offers: id → address."""
    page = requests.get(uri, timeout=PATIENCE)
    assert page.status_code == 200
    assert "Sandbox" in page.text
    matches = re.findall(r'id="(\w+)" href="([^"]+)"', page.text)
    base = "{0.scheme}://{0.netloc}".format(urlsplit(uri))
    return {name: base + unescape(address) for name, address in matches}


def test_allowing_connects_and_imports(world: World):
    row = create(world)
    assert (row["connection_status"], row["status"]) == ("PENDING", None)
    assert row["is_oauth"]
    query = parse_qs(urlsplit(row["oauth_window_uri"]).query)
    assert {"client_id", "redirect_uri", "response_type", "scope", "state"} == set(query)
    assert world.rows("/accounts", "accounts") == []
    back = requests.get(links(row["oauth_window_uri"])["allow"], timeout=PATIENCE)
    assert "You can close this window" in back.text
    assert world.settle(row["guid"])["connection_status"] == "CONNECTED"
    assert world.rows("/transactions", "transactions")


def test_windows_open_once_and_end_once(world: World):
    row = create(world)
    result = links(row["oauth_window_uri"])
    assert requests.get(row["oauth_window_uri"], timeout=PATIENCE).status_code == 410
    assert requests.get(result["refuse"], timeout=PATIENCE).status_code == 200
    assert requests.get(result["allow"], timeout=PATIENCE).status_code == 410
    assert world.status(row["guid"])["connection_status"] == "PENDING"


@pytest.mark.parametrize("code", ["", "guess"])
def test_a_guessed_code_lets_nobody_in(world: World, code: str):
    row = create(world)
    address = links(row["oauth_window_uri"])["allow"]
    requests.get(re.sub("code=[^&]+", f"code={code}", address), timeout=PATIENCE)
    assert world.status(row["guid"])["connection_status"] == "PENDING"


def test_another_window_can_be_asked_for(world: World):
    row = create(world)
    path = world.path(row["guid"], "/oauth_window_uri")
    again = world.sandbox.call("GET", path)["member"]
    assert again["oauth_window_uri"] != row["oauth_window_uri"]
    requests.get(links(again["oauth_window_uri"])["allow"], timeout=PATIENCE)
    done = world.settle(row["guid"])
    assert done["connection_status"] == "CONNECTED"
    once_more = world.sandbox.call("GET", path)["member"]  # e.g. after a revoked consent
    time.sleep(1)
    requests.get(links(once_more["oauth_window_uri"])["allow"], timeout=PATIENCE)
    assert world.settle(row["guid"])["aggregated_at"] > done["aggregated_at"]


@pytest.mark.parametrize(("choice", "status"), [("allow", "success"), ("refuse", "error")])
@pytest.mark.parametrize(
    ("options", "start"),
    [
        ({"client_redirect_url": "https://app.example/back?a=1"}, "https://app.example/back?a=1&"),
        ({"ui_message_webview_url_scheme": "myapp"}, "myapp://oauth_complete?"),
        ({}, "atrium://oauth_complete?"),
    ],
)
def test_apps_get_their_user_back(
    world: World, options: dict[str, str], start: str, choice: str, status: str
):
    row = create(world, referral_source="APP", **options)
    address = links(row["oauth_window_uri"])[choice]
    back = requests.get(address, allow_redirects=False, timeout=PATIENCE)
    assert back.status_code == 302
    assert back.headers["Location"] == f"{start}status={status}&member_guid={row['guid']}"


def test_skipping_the_import(world: World):
    row = create(world, member={"skip_aggregation": True})
    requests.get(links(row["oauth_window_uri"])["allow"], timeout=PATIENCE)
    time.sleep(0.4)
    assert world.status(row["guid"])["connection_status"] == "CREATED"
    assert world.rows("/accounts", "accounts") == []


def test_members_that_stay_pending_are_deleted_after_an_hour(world: World):
    row = create(world)
    world.advance("59m")
    assert world.status(row["guid"])["connection_status"] == "PENDING"
    world.advance("2m")
    url = world.sandbox.base_url + world.path(row["guid"])
    assert world.sandbox.session.get(url, timeout=PATIENCE).status_code == 404


def refused(world: World, method: str, path: str, **content: Any) -> tuple[int, str]:
    url = world.sandbox.base_url + path
    response = world.sandbox.session.request(method, url, timeout=PATIENCE, **content)
    return response.status_code, response.json()["error"]["message"]


def test_where_oauth_is_not_possible(world: World):
    member = world.connect()
    path = world.path(member, "/oauth_window_uri")
    assert refused(world, "GET", path) == (400, "Member cannot use OAuth.")
    body = {"member": {"institution_code": "mxbank", "is_oauth": True}}
    members = f"/users/{world.user}/members"
    assert refused(world, "POST", members, json=body) == (400, "Member cannot use OAuth.")


@pytest.mark.parametrize(
    "wrong",
    [
        {"referral_source": "MAIL"},
        {"referral_source": "APP", "client_redirect_url": "javascript:alert(1)"},
        {"referral_source": "APP", "client_redirect_url": "no url"},
        {"referral_source": "APP", "ui_message_webview_url_scheme": "javascript"},
        {"referral_source": "APP", "ui_message_webview_url_scheme": "a b"},
        {"skip_aggregation": "perhaps"},
    ],
)
def test_wrong_options_are_explained(world: World, wrong: dict[str, str]):
    body = {"member": {"institution_code": BANK, "is_oauth": True}, **wrong}
    status, message = refused(world, "POST", f"/users/{world.user}/members", json=body)
    assert status in (400, 422)
    assert message
