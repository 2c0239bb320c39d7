"""What MX Platform says of members beyond Atrium: errors, the lag after a creation, callbacks."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.platform import V2025, account_of, at_rest, failed, status_of
from tests.sandbox_process import Sandbox
from tests.waiting import PATIENCE

ERROR = {
    "error_code": 2002, "error_message": "MFA answer was wrong.", "error_type": "MEMBER",
    "locale": "en", "user_message": "That answer was not right.",
}  # fmt: skip


@pytest.fixture(autouse=True)
def healed(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.heal()


def change(sandbox: Sandbox, member: str, fields: dict[str, Any] | None) -> None:
    event = {"kind": "change_member", "member": member, "fields": fields}
    sandbox.call("POST", "/_control/bank/events", json=event)


def test_a_connected_member_may_have_an_error(
    sandbox: Sandbox, platform: Sandbox, user: str, member: str
):
    path = f"/users/{user}/members/{member}"
    assert "error" not in platform.call("GET", path)["member"]
    for error in (ERROR, '{"error_code": 3000}'):  # MX has sent it as text, too
        change(sandbox, member, {"error": error})
        assert platform.call("GET", path)["member"]["error"] == error
        assert platform.call("GET", f"{path}/status")["member"]["error"] == error
        assert "error" not in sandbox.call("GET", path)["member"]


def test_a_status_may_be_null(sandbox: Sandbox, platform: Sandbox, user: str, member: str):
    change(sandbox, member, {"connection_status": None})
    row = platform.call("GET", f"/users/{user}/members/{member}")["member"]
    assert (row["connection_status"], row["connection_status_message"]) == (None, None)


@pytest.mark.parametrize(
    ("password", "status", "needs_credentials"),
    [
        ("anything", "CONNECTED", False), ("BAD_REQUEST", "FAILED", False),
        ("SERVER_ERROR", "FAILED", False), ("UNAVAILABLE", "FAILED", False),
        ("UNAUTHORIZED", "DENIED", True), ("INVALID", "DENIED", True), ("LOCKED", "LOCKED", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", [V2025], indirect=True)
def test_test_passwords(
    platform: Sandbox, user: str, password: str, status: str, *, needs_credentials: bool
):
    row = at_rest(platform, user, platform.connect(user, password=password))
    assert row["connection_status"] == status
    assert row["needs_updated_credentials"] is needs_credentials


def test_new_objects_may_lag(sandbox: Sandbox, platform: Sandbox):
    sandbox.fault(method="POST", path="/users", kind="lag", latency_seconds=0.3)
    body = {"user": {"id": f"person-{time.time_ns()}"}}
    path = f"/users/{platform.call('POST', '/users', json=body)['user']['guid']}"
    assert [status_of(platform, "GET", path), status_of(platform, "GET", f"{path}/members")] == [
        404, 404,
    ]  # fmt: skip
    time.sleep(0.35)
    assert status_of(platform, "GET", path) == 200


def test_errors_of_institutions(sandbox: Sandbox, platform: Sandbox, user: str):
    kind, text = "institution_maintenance_error", "MX Bank is being maintained."
    sandbox.fault(method="POST", path="*/members", status=400, type=kind, message=text)
    assert failed(platform, "POST", f"/users/{user}/members", json={}) == (
        400,
        {"message": text, "status": "bad_request", "type": kind},
    )


def test_reads_of_holdings_are_billed(sandbox: Sandbox, platform: Sandbox, user: str, member: str):
    def billed() -> tuple[bool, int] | None:
        rows = sandbox.call("GET", "/_control/billing")["holdings"]
        states = {row["guid"]: (row["is_enrolled"], row["reads"]) for row in rows}
        return states.get(user)

    account = account_of(platform, user, member, "INVESTMENT")
    sandbox.call("GET", f"/users/{user}/accounts/{account}/holdings")
    assert billed() is None  # Atrium's are free
    path = f"/users/{user}/accounts/{account}/investment_holdings"
    platform.call("GET", path)
    assert billed() == (True, 1)
    platform.call("GET", f"/users/{user}/investment_holdings_deactivate")
    assert billed() == (False, 1)
    platform.call("GET", path)
    assert billed() == (True, 2)


def test_callbacks_are_base64(platform: Sandbox, user: str, member: str):
    path = f"/users/{user}/members/{member}/aggregate"
    for value, status in (("?", 400), (base64.b64encode(b"a" * 900).decode(), 400), ("YQ==", 202)):
        headers = {"X-CALLBACK-PAYLOAD": value}
        assert status_of(platform, "POST", path, headers=headers) == status
    at_rest(platform, user, member)


def test_own_ids_in_paths(platform: Sandbox, user: str, member: str, version: str):
    key = f"member-{time.time_ns()}"
    path = f"/users/{user}/members/{member}"
    assert platform.call("PUT", path, json={"member": {"id": key}})["member"]["id"] == key
    person = platform.call("GET", f"/users/{user}")["user"]["id"]
    status = 200 if version == V2025 else 404
    assert status_of(platform, "GET", f"/users/{person}/members/{key}/status") == status
    assert status_of(platform, "GET", f"/users/{person}/members/{key}/statements") == 404
    assert status_of(platform, "GET", f"/users/{person}/members/{key}/account_numbers") == 404


def test_content_of_put_and_post_is_needed(platform: Sandbox, user: str):
    for method, path in (("POST", "/users"), ("PUT", f"/users/{user}")):
        response = platform.session.request(method, platform.base_url + path, timeout=PATIENCE)
        assert response.status_code == 400
