"""The sandbox answers as MX's reference says, over real HTTP."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.parallel import at_once
from tests.sandbox_process import Sandbox
from tests.waiting import PATIENCE, until


@pytest.fixture
def user(sandbox: Sandbox) -> str:
    return str(sandbox.call("POST", "/users", json={"user": {}})["user"]["guid"])


def settled(sandbox: Sandbox, user: str, member: str) -> dict[str, Any]:
    """The member once no job runs on it, or it waits for an answer."""
    return until(
        lambda: dict(sandbox.call("GET", f"/users/{user}/members/{member}")["member"]),
        lambda row: not row["is_being_aggregated"] or row["connection_status"] == "CHALLENGED",
    )


def status_of(sandbox: Sandbox, method: str, path: str, **kwargs: Any) -> tuple[int, str]:
    response = sandbox.session.request(method, sandbox.base_url + path, timeout=PATIENCE, **kwargs)
    return response.status_code, response.json().get("error", {}).get("message", "")


def answer_question(sandbox: Sandbox, user: str, member: str, value: str) -> dict[str, Any]:
    path = f"/users/{user}/members/{member}"
    (question,) = sandbox.call("GET", f"{path}/challenges")["challenges"]
    body = {"member": {"challenges": [{"guid": question["guid"], "value": value}]}}
    sandbox.call("PUT", f"{path}/resume", json=body)
    return settled(sandbox, user, member)


def test_it_says_that_it_is_a_sandbox(sandbox: Sandbox):
    assert requests.get(sandbox.base_url, timeout=PATIENCE).text.count("sandbox") > 1
    response = sandbox.session.get(sandbox.base_url + "/users", timeout=PATIENCE)
    assert response.headers["X-Sandbox"] == "mx"


@pytest.mark.parametrize(
    "headers", [{}, {"MX-API-Key": "wrong"}, {"MX-Client-ID": "wrong"}], ids=["none", "key", "id"]
)
def test_keys_are_needed(sandbox: Sandbox, headers: dict[str, str]):
    value = {} if not headers else {**sandbox.session.headers, **headers}
    response = requests.get(sandbox.base_url + "/users", headers=value, timeout=PATIENCE)
    assert response.status_code == 401
    assert response.json()["error"]["message"]


def test_versions_are_checked(sandbox: Sandbox):
    headers = {**sandbox.session.headers, "Accept": "application/vnd.mx.atrium.v9+json"}
    assert (
        requests.get(sandbox.base_url + "/users", headers=headers, timeout=PATIENCE).status_code
        == 406
    )


def test_users(sandbox: Sandbox):
    body = {"user": {"identifier": f"id-{time.time_ns()}", "metadata": '{"a": 1}'}}
    created = sandbox.call("POST", "/users", json=body)["user"]
    assert created["guid"].startswith("USR-")
    assert set(created) == {"guid", "identifier", "is_disabled", "metadata"}
    assert status_of(sandbox, "POST", "/users", json=body) == (
        409,
        f"A user already exists with identifier: '{body['user']['identifier']}'.",
    )
    path = f"/users/{created['guid']}"
    changed = sandbox.call("PUT", path, json={"user": {"metadata": "new"}})["user"]
    assert changed == {**created, "metadata": "new"}
    assert sandbox.session.delete(sandbox.base_url + path, timeout=PATIENCE).status_code == 204
    assert status_of(sandbox, "GET", path)[0] == 404


def test_twenty_equal_users_at_once_are_one(sandbox: Sandbox):
    body = {"user": {"identifier": f"race-{time.time_ns()}"}}
    url, headers = sandbox.base_url + "/users", dict(sandbox.session.headers)
    statuses = at_once(
        20, lambda: requests.post(url, json=body, headers=headers, timeout=PATIENCE).status_code
    )
    assert sorted(statuses) == [200] + [409] * 19


def test_institutions(sandbox: Sandbox):
    bank, with_oauth = sandbox.listed("/institutions?name=mx bank", "institutions")
    assert (bank["code"], with_oauth["code"]) == ("mxbank", "mx_bank_oauth")
    assert sandbox.call("GET", "/institutions/mxbank")["institution"] == bank
    logo = requests.get(bank["small_logo_url"], timeout=PATIENCE)
    assert logo.headers["Content-Type"] == "image/svg+xml"
    verifying = sandbox.listed("/institutions?supports_account_verification=true", "institutions")
    assert all(item["supports_account_verification"] for item in verifying)
    assert status_of(sandbox, "GET", "/institutions/none")[0] == 404


def test_a_member_is_imported_in_the_background(sandbox: Sandbox, user: str):
    with sandbox.stopped_clock():
        member = sandbox.connect(user)
        first = sandbox.call("GET", f"/users/{user}/members/{member}")["member"]
        assert (first["is_being_aggregated"], first["status"]) == (True, "INITIATED")
    done = settled(sandbox, user, member)
    assert (done["connection_status"], done["status"]) == ("CONNECTED", "COMPLETED")
    accounts = sandbox.listed(f"/users/{user}/members/{member}/accounts", "accounts")
    assert {account["type"] for account in accounts} == {
        "CHECKING", "SAVINGS", "CREDIT_CARD", "LOAN", "INVESTMENT",
    }  # fmt: skip
    assert any(account["balance"] < 0 for account in accounts)
    path = f"/users/{user}/accounts/{accounts[0]['guid']}"
    rows = sandbox.listed(f"{path}/transactions", "transactions")
    assert len(rows) > 200
    assert len({row["guid"] for row in rows}) == len(rows)
    assert {"PENDING", "POSTED"} == {row["status"] for row in rows}
    assert min(row["date"] for row in rows) >= (date.today() - timedelta(days=91)).isoformat()
    assert all(isinstance(row["amount"], Decimal) and row["amount"] > 0 for row in rows)
    assert sandbox.call("GET", f"/users/{user}/transactions/{rows[0]['guid']}")["transaction"]
    longer = sandbox.listed(f"{path}/transactions?from_date=2000-01-01", "transactions")
    assert len(longer) > len(rows)
    assert sandbox.listed(f"/users/{user}/holdings", "holdings")


@pytest.mark.parametrize(
    ("query", "size"), [("", 25), ("&records_per_page=1", 10), ("&records_per_page=999", 100)]
)
def test_pages(sandbox: Sandbox, user: str, query: str, size: int):
    member = sandbox.connect(user)
    settled(sandbox, user, member)
    response = sandbox.call("GET", f"/users/{user}/transactions?page=2{query}")
    assert len(response["transactions"]) == size
    assert response["pagination"]["per_page"] == size
    assert response["pagination"]["current_page"] == 2


def test_a_question_answered_rightly(sandbox: Sandbox, user: str):
    member = sandbox.connect(user, password="challenge")
    assert settled(sandbox, user, member)["connection_status"] == "CHALLENGED"
    assert answer_question(sandbox, user, member, "challenge")["connection_status"] == "CHALLENGED"
    assert answer_question(sandbox, user, member, "correct")["connection_status"] == "CONNECTED"
    response = sandbox.session.get(
        f"{sandbox.base_url}/users/{user}/members/{member}/challenges", timeout=PATIENCE
    )
    assert response.status_code == 204


@pytest.mark.parametrize(
    ("password", "value", "status"),
    [
        ("challenge", "nonsense", "REJECTED"),
        ("challenge", "LOCKED", "LOCKED"),
        ("options", "correct", "CONNECTED"),
        ("options", "wrong", "REJECTED"),
    ],
)
def test_answers(sandbox: Sandbox, user: str, password: str, value: str, status: str):
    member = sandbox.connect(user, password=password)
    settled(sandbox, user, member)
    assert answer_question(sandbox, user, member, value)["connection_status"] == status


@pytest.mark.parametrize(
    ("password", "status"),
    [
        ("UNAUTHORIZED", "DENIED"), ("BAD_REQUEST", "FAILED"), ("INVALID", "DENIED"),
        ("LOCKED", "LOCKED"), ("DISABLED", "DISABLED"), ("SERVER_ERROR", "FAILED"),
        ("UNAVAILABLE", "FAILED"), ("IMPEDED", "IMPEDED"), ("unauthorized", "CONNECTED"),
    ],
)  # fmt: skip
def test_passwords(sandbox: Sandbox, user: str, password: str, status: str):
    member = sandbox.connect(user, password=password)
    assert settled(sandbox, user, member)["connection_status"] == status
    if status != "CONNECTED":
        assert sandbox.listed(f"/users/{user}/accounts", "accounts") == []


def test_new_credentials_are_tried_at_once(sandbox: Sandbox, user: str):
    member = sandbox.connect(user, password="UNAUTHORIZED")
    settled(sandbox, user, member)
    fields = sandbox.call("GET", f"/users/{user}/members/{member}/credentials")["credentials"]
    body = {"member": {"credentials": [{"guid": field["guid"], "value": "x"} for field in fields]}}
    sandbox.call("PUT", f"/users/{user}/members/{member}", json=body)
    assert settled(sandbox, user, member)["connection_status"] == "CONNECTED"


def test_a_second_member_with_the_same_login_is_refused(sandbox: Sandbox, user: str):
    member = sandbox.connect(user)
    with pytest.raises(requests.HTTPError) as refused:
        sandbox.connect(user)
    assert refused.value.response.status_code == 409
    assert member in refused.value.response.text


def test_jobs(sandbox: Sandbox, user: str):
    member = sandbox.connect(user)
    path = f"/users/{user}/members/{member}"
    assert status_of(sandbox, "POST", f"{path}/verify")[0] == 409  # the first import runs
    settled(sandbox, user, member)
    assert sandbox.listed(f"{path}/account_numbers", "account_numbers") == []
    assert status_of(sandbox, "POST", f"{path}/verify")[0] == 202
    assert status_of(sandbox, "POST", f"{path}/verify")[0] == 202  # it runs already
    settled(sandbox, user, member)
    numbers = sandbox.listed(f"{path}/account_numbers", "account_numbers")
    assert len(numbers) == 3
    assert all(number["account_number"] and number["routing_number"] for number in numbers)
    sandbox.call("POST", f"{path}/identify")
    settled(sandbox, user, member)
    assert sandbox.listed(f"{path}/account_owners", "account_owners")
    for job in ("aggregate", "balance", "extend_history"):
        assert status_of(sandbox, "POST", f"{path}/{job}")[0] == 202
        settled(sandbox, user, member)


def test_an_institution_that_does_not_verify(sandbox: Sandbox, user: str):
    member = sandbox.connect(user, institution="test_brokerage")
    settled(sandbox, user, member)
    assert status_of(sandbox, "POST", f"/users/{user}/members/{member}/verify")[0] == 400


def test_widget_links_work_once(sandbox: Sandbox, user: str):
    path = f"/users/{user}/connect_widget_url"
    url = sandbox.call("POST", path, json={"mode": "verification"})["user"]["connect_widget_url"]
    page = requests.get(url, timeout=PATIENCE)
    assert page.status_code == 200
    assert "Sandbox" in page.text
    assert requests.get(url, timeout=PATIENCE).status_code == 410
    key = re.search(r"&quot;key&quot;: &quot;([\w-]+)", page.text)
    assert key
    calls = f"{sandbox.base_url}/md/connect/session/members"
    assert requests.get(calls, headers={"X-Session": key[1]}, timeout=PATIENCE).json() == {
        "members": []
    }
    assert requests.get(calls, headers={"X-Session": "guess"}, timeout=PATIENCE).status_code == 401
    assert status_of(sandbox, "POST", path, json={"mode": "other"})[0] == 400


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/users", b"{"),
        ("/users", b"[]"),
        ("/users", b'{"user": {"identifier": "a b"}}'),
        ("/users", b'{"user": {"identifier": 5}}'),
        ("/users", b'{"user": "x"}'),
    ],
)
def test_bad_bodies_are_no_500(sandbox: Sandbox, path: str, body: bytes):
    assert status_of(sandbox, "POST", path, data=body)[0] in (400, 422)


def test_faults_can_be_asked_for(sandbox: Sandbox):
    sandbox.fault(method="GET", path="/users", kind="status", status=503, count=1)
    assert status_of(sandbox, "GET", "/users")[0] == 503
    assert status_of(sandbox, "GET", "/users")[0] == 200
    response = sandbox.session.post(
        sandbox.base_url + "/_control/faults", json={"kind": "x"}, timeout=PATIENCE
    )
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("environment", "arguments"), [({"DEBUG": ""}, []), ({"DEBUG": "1"}, ["--host", "192.0.2.1"])]
)
def test_it_refuses_to_run_where_it_should_not(environment: dict[str, str], arguments: list[str]):
    result = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", "0", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 2
    assert "sandbox" in result.stderr
