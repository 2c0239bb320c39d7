"""Every kind of fault happens to the calls it was asked for, and to no other."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.sandbox_process import Sandbox
from tests.waiting import PATIENCE, until


@pytest.fixture(scope="module")
def user(sandbox_server: Sandbox) -> str:
    """A user with an imported member, whose transactions fill several pages."""
    user = sandbox_server.call("POST", "/users", json={"user": {}})["user"]["guid"]
    member = sandbox_server.connect(user)
    path = f"/users/{user}/members/{member}/status"
    until(
        lambda: sandbox_server.call("GET", path)["member"],
        lambda row: row["has_processed_transactions"],
    )
    return str(user)


@pytest.fixture(autouse=True)
def healed(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.heal()


def get(sandbox: Sandbox, path: str, **kwargs: Any) -> requests.Response:
    return sandbox.session.get(
        sandbox.base_url + path, timeout=kwargs.pop("timeout", PATIENCE), **kwargs
    )


def test_a_status_with_a_body_and_headers_of_ones_own(sandbox: Sandbox):
    sandbox.fault(
        method="get", path="/users", kind="status", status=429, count=1,
        body='{"error": {"message": "Slow down."}}', headers={"Retry-After": "7"},
    )  # fmt: skip
    response = get(sandbox, "/users")
    assert response.status_code == 429
    assert response.json() == {"error": {"message": "Slow down."}}
    assert response.headers["Retry-After"] == "7"
    assert get(sandbox, "/users").status_code == 200


def test_templates_counts_and_skips(sandbox: Sandbox, user: str):
    sandbox.fault(path="/users/{user_guid}/accounts", status=503, count=2, skip=1)
    path = f"/users/{user}/accounts"
    account = get(sandbox, path).json()["accounts"][0]["guid"]
    assert get(sandbox, f"{path}/{account}").status_code == 200  # {…} is one part of a path
    assert [get(sandbox, path).status_code for _ in range(3)] == [503, 503, 200]


def test_one_fault_can_be_taken_back(sandbox: Sandbox):
    sandbox.fault(path="/users", status=500)
    sandbox.fault(path="/institutions", status=502)
    first = sandbox.call("GET", "/_control/faults")["faults"][0]["id"]
    sandbox.call("DELETE", f"/_control/faults/{first}")
    assert get(sandbox, "/users").status_code == 200
    assert get(sandbox, "/institutions").status_code == 502


def test_late_answers(sandbox: Sandbox):
    sandbox.fault(path="/users", kind="latency", latency_seconds=0.3)
    started = time.monotonic()
    assert get(sandbox, "/users").status_code == 200
    assert time.monotonic() - started >= 0.3


def test_no_answer(sandbox: Sandbox):
    sandbox.fault(path="/users", kind="timeout")
    with pytest.raises(requests.ReadTimeout):
        get(sandbox, "/users", timeout=0.3)


@pytest.mark.parametrize("kind", ["reset", "cut_off"])
def test_broken_connections(sandbox: Sandbox, kind: str):
    sandbox.fault(path="/users", kind=kind)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        get(sandbox, "/users")


@pytest.mark.parametrize("kind", ["truncated", "garbage", "html"])
def test_bodies_that_are_not_json(sandbox: Sandbox, kind: str):
    sandbox.fault(path="/users", kind=kind)
    response = get(sandbox, "/users")
    assert response.status_code == 200
    with pytest.raises(ValueError, match=r"."):
        response.json()


def test_null_storm(sandbox: Sandbox, user: str):
    sandbox.fault(path="/users/*/accounts", kind="null_storm")
    stormy = sandbox.call("GET", f"/users/{user}/accounts")["accounts"]
    calm = sandbox.call("GET", f"/users/{user}/accounts")["accounts"]
    assert [item["guid"] for item in stormy] == [item["guid"] for item in calm]
    assert {name for name, value in stormy[0].items() if value is not None} == {
        "guid", "member_guid", "user_guid",
    }  # fmt: skip
    sandbox.fault(path="/users/*/accounts", kind="null_storm", fields=["balance"])
    item = sandbox.call("GET", f"/users/{user}/accounts")["accounts"][0]
    assert item == calm[0] | {"balance": None}


def test_unknown_values_and_fields(sandbox: Sandbox, user: str):
    calm = sandbox.call("GET", f"/users/{user}/accounts")["accounts"][0]
    sandbox.fault(path="/users/*/accounts", kind="unknown_enums")
    assert sandbox.call("GET", f"/users/{user}/accounts")["accounts"][0] == calm | {
        "type": f"UNHEARD_OF_{calm['type']}", "currency_code": "XQZ",
    }  # fmt: skip
    sandbox.fault(path="/users/*/accounts", kind="unknown_fields")
    account = sandbox.call("GET", f"/users/{user}/accounts")["accounts"][0]
    assert calm.items() <= account.items()
    assert "surprise" in account


def test_pages_that_move_while_they_are_read(sandbox: Sandbox, user: str):
    path = f"/users/{user}/transactions"
    sandbox.fault(path=path, kind="shifting_pages", shift=2, count=99)
    first, second = (
        [row["guid"] for row in get(sandbox, f"{path}?page={page}").json()["transactions"]]
        for page in (1, 2)
    )
    assert second[:2] == first[-2:]


def test_a_list_without_an_end(sandbox: Sandbox, user: str):
    path = f"/users/{user}/transactions"
    sandbox.fault(path=path, kind="endless_pages", count=99)
    response = get(sandbox, f"{path}?page=900").json()
    assert len(response["transactions"]) == 25
    assert response["pagination"]["total_pages"] == 901


@pytest.mark.parametrize(
    "fault",
    [{"kind": "x"}, {"count": "many"}, {"status": 99}, {"latency_seconds": -1}, {"colour": 1},
     {"headers": {"a": "b\r\nc"}}, {"path": 5}, []],
)  # fmt: skip
def test_a_fault_that_makes_no_sense_is_explained(sandbox: Sandbox, fault: Any):
    response = sandbox.session.post(
        f"{sandbox.base_url}/_control/faults", data=json.dumps(fault), timeout=PATIENCE
    )
    assert response.status_code == 400
    assert response.json()["error"]["message"]


def test_pages_of_other_origins_do_not_control_it(sandbox: Sandbox):
    headers = {"Origin": "https://elsewhere.example"}
    url = f"{sandbox.base_url}/_control/faults"
    assert requests.post(url, json={}, headers=headers, timeout=PATIENCE).status_code == 403
    own = {"Origin": sandbox.base_url}
    assert requests.post(url, json={"path": "/x"}, headers=own, timeout=PATIENCE).status_code == 200
