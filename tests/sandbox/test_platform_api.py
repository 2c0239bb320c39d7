"""The sandbox speaks MX Platform beside Atrium, over the same world."""

from __future__ import annotations

import time

import pytest
import requests

from tests.sandbox.platform import V2011, V2025, at_rest, failed, status_of
from tests.sandbox_process import PLATFORM_KEYS, Sandbox
from tests.waiting import PATIENCE


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Accept": "application/vnd.mx.api.v1+json"}, 200),
        ({"Accept": "application/vnd.mx.api.v2beta+json"}, 200),
        ({"Accept": "application/vnd.mx.api.v1+json", "Accept-Version": V2025}, 200),
        ({"Accept": "application/json"}, 406),
        ({"Accept-Version": "v20990101"}, 406),
    ],
)
def test_headers_name_the_version(sandbox: Sandbox, headers: dict[str, str], status: int):
    url = sandbox.base_url + "/users"
    response = requests.get(url, headers=headers, auth=PLATFORM_KEYS, timeout=PATIENCE)
    assert response.status_code == status


def test_keys_of_one_api_are_not_those_of_the_other(sandbox: Sandbox):
    url, (client_id, key) = sandbox.base_url + "/users", PLATFORM_KEYS
    atrium = {"MX-Client-ID": client_id, "MX-API-Key": key}
    assert requests.get(url, headers=atrium, timeout=PATIENCE).status_code == 401
    headers = {"Accept-Version": V2025}
    keys = ("sandbox-client-id", "sandbox-api-key")
    response = requests.get(url, headers=headers, auth=keys, timeout=PATIENCE)
    assert response.status_code == 401
    assert set(response.json()["error"]) == {"message", "status", "type"}


def test_users(platform: Sandbox, version: str):
    key = f"person-{time.time_ns()}"
    body = {"user": {"id": key, "email": f"{key}@person.example", "metadata": "a"}}
    created = platform.call("POST", "/users", json=body)["user"]
    assert created == body["user"] | {"guid": created["guid"], "is_disabled": False}
    assert failed(platform, "POST", "/users", json=body) == (
        409,
        {
            "message": f"A user already exists with id: '{key}'.",
            "status": "conflict",
            "type": "conflict_error",
        },
    )
    assert platform.call("GET", f"/users?id={key}")["users"] == [created]
    assert platform.call("GET", f"/users?email={key}@person.example")["users"] == [created]
    assert platform.call("GET", f"/users?id={key}&is_disabled=true")["users"] == []
    assert status_of(platform, "GET", f"/users/{key}") == (200 if version == V2025 else 404)
    path = f"/users/{created['guid']}"
    assert status_of(platform, "PUT", path, json={"user": {}}) == 400
    assert platform.call("PUT", path, json={"user": {"is_disabled": True}})["user"]["is_disabled"]
    assert status_of(platform, "GET", f"{path}/members") == 403
    assert status_of(platform, "DELETE", path) == 204
    assert status_of(platform, "GET", path) == 404


def test_both_apis_show_the_same_user(sandbox: Sandbox, platform: Sandbox, user: str):
    atrium = sandbox.call("GET", f"/users/{user}")["user"]
    assert atrium["identifier"] == platform.call("GET", f"/users/{user}")["user"]["id"]


def test_there_is_no_registration_of_webhooks(platform: Sandbox):
    for method in ("GET", "POST"):
        status, error = failed(platform, method, "/webhooks")
        assert (status, error["message"]) == (404, "Invalid route")


def test_a_page_that_is_too_large_has_25_rows(platform: Sandbox):
    sizes = {"/users": 1000, "/institutions": 100}
    for path, largest in sizes.items():
        for requested, used in ((largest, largest), (largest + 1, 25), (5, 10)):
            answer = platform.call("GET", f"{path}?records_per_page={requested}")
            assert answer["pagination"]["per_page"] == used


def test_members_and_their_jobs(platform: Sandbox, user: str, member: str, version: str):
    path = f"/users/{user}/members/{member}"
    row = platform.call("GET", path)["member"]
    assert row["connection_status_message"] == "You are connected to MX Bank."
    assert row["needs_updated_credentials"] is False
    assert (row["most_recent_job_guid"] is None) is (version == V2011)
    statuses = {
        "aggregate": 202, "check_balance": 202, "verify": 200, "identify": 202,
        "extend_history": 202, "fetch_statements": 202,
    }  # fmt: skip
    for job, status in statuses.items():
        assert status_of(platform, "POST", f"{path}/{job}") == status
        assert at_rest(platform, user, member)["connection_status"] == "CONNECTED"
    assert status_of(platform, "POST", f"{path}/balance") == 404
    numbers = platform.listed(f"{path}/account_numbers", "account_numbers")
    assert {row["guid"][:4] for row in numbers} == {"ACN-"}
    assert {row["passed_validation"] for row in numbers} == {True}
    owners = platform.listed(f"{path}/account_owners", "account_owners")
    assert {row["first_name"] for row in owners} == {None}
    (statement, *_) = platform.listed(f"{path}/statements", "statements")
    response = platform.session.get(
        f"{platform.base_url}{path}/statements/{statement['guid']}.pdf", timeout=PATIENCE
    )
    assert response.content.startswith(b"%PDF")


def test_another_job_is_a_conflict(sandbox: Sandbox, platform: Sandbox, user: str, member: str):
    path = f"/users/{user}/members/{member}"
    with sandbox.stopped_clock():
        platform.call("POST", f"{path}/aggregate")
        assert status_of(platform, "POST", f"{path}/aggregate") == 202
        assert status_of(platform, "POST", f"{path}/verify") == 409
    at_rest(platform, user, member)


def test_challenges_are_answered_by_value_or_guid(platform: Sandbox, user: str):
    member = platform.connect(user, password="options")
    path = f"/users/{user}/members/{member}"
    assert at_rest(platform, user, member)["connection_status"] == "CHALLENGED"
    (question,) = platform.call("GET", f"{path}/challenges")["challenges"]
    assert platform.call("GET", f"{path}/status")["member"]["challenges"] == [question]
    answer = {"guid": question["guid"], "value": question["options"][0]["guid"]}
    platform.call("PUT", f"{path}/resume", json={"member": {"challenges": [answer]}})
    assert at_rest(platform, user, member)["connection_status"] == "CONNECTED"
    assert status_of(platform, "GET", f"{path}/challenges") == 204
    assert platform.call("GET", f"{path}/status")["member"]["challenges"] == []


def test_institutions(platform: Sandbox, version: str):
    row = platform.call("GET", "/institutions/test_brokerage")["institution"]
    rows = platform.call("GET", "/institutions?iso_country_code=US")["institutions"]
    assert row in rows
    assert platform.call("GET", "/institutions?iso_country_code=CA")["institutions"] == []
    if version == V2011:
        assert row["supports_account_verification"] is False
        return
    assert "account_verification" not in row["supported_products"]
    query = "supported_products=account_verification&supported_products=statements"
    names = {
        item["code"] for item in platform.call("GET", f"/institutions?{query}")["institutions"]
    }
    assert "mxbank" in names
    assert "test_brokerage" not in names
    assert "test_card_issuer" not in names


@pytest.mark.parametrize("version", [V2025], indirect=True)  # 2011 has no data_request
def test_members_that_are_only_verified_are_not_imported_by_themselves(
    platform: Sandbox, user: str
):
    fields = platform.call("GET", "/institutions/mxbank/credentials")["credentials"]
    credentials = [{"guid": field["guid"], "value": "anything"} for field in fields]
    body = {
        "member": {"institution_code": "mxbank", "credentials": credentials},
        "data_request": {"products": ["account_verification"]},
    }
    member = platform.call("POST", f"/users/{user}/members", json=body)["member"]
    assert member["background_aggregation_is_disabled"] is True
    at_rest(platform, user, member["guid"])
    path = f"/users/{user}/members/{member['guid']}"
    assert platform.listed(f"{path}/account_numbers", "account_numbers")
    assert platform.listed(f"{path}/transactions", "transactions") == []
    on = {"member": {"background_aggregation_is_disabled": False}}
    changed = platform.call("PUT", path, json=on)["member"]
    assert changed["background_aggregation_is_disabled"] is False
    assert status_of(platform, "PUT", path, json={"member": {}}) == 400


def test_oauth(platform: Sandbox, user: str):
    body = {"member": {"institution_code": "mx_bank_oauth", "is_oauth": True, "credentials": []}}
    member = platform.call("POST", f"/users/{user}/members", json=body)["member"]
    assert member["connection_status"] == "PENDING"
    assert "/oauth/authorize" in member["oauth_window_uri"]
    path = f"/users/{user}/members/{member['guid']}/oauth_window_uri?referral_source=APP"
    shown = platform.call("GET", path)["member"]
    assert set(shown) == {"guid", "oauth_window_uri"}
