"""Idempotency-Key over real processes: answers that were lost, requests that still run."""

from __future__ import annotations

import threading
import time
from typing import Any

import requests

from tests.faults.conftest import often
from tests.faults.deployment import Deployment
from tests.faults.oracle import assert_consistent
from tests.faults.traffic import Log
from tests.parallel import at_once

CLIENTS, USERS = "/nucleus/v1/client", "/integration/v1/user"
REPLAYED = "Idempotent-Replayed"


class Caller:
    """An application that sends keys."""

    def __init__(self, deployment: Deployment) -> None:
        self.url = deployment.url
        path = "/authorization/v1/oauth/token?grant_type=client_credentials"
        token = requests.post(self.url + path, auth=deployment.keys, timeout=20).json()[
            "access_token"
        ]
        self.headers = {"Authorization": f"Bearer {token}"}

    def post(self, path: str, key: str, body: dict[str, Any]) -> requests.Response | None:
        """None where nobody answered."""
        headers = self.headers | {"Idempotency-Key": key}
        try:
            return requests.post(self.url + path, json=body, headers=headers, timeout=40)
        except requests.RequestException:
            return None

    def insist(self, path: str, key: str, body: dict[str, Any]) -> requests.Response:
        """Again with the same key until it is done."""
        for _ in range(200):
            response = self.post(path, key, body)
            if response is not None and response.status_code < 300:
                return response
            assert response is None or response.status_code in (409, 503), response.text
            time.sleep(0.1)
        raise AssertionError("never done")


def person(number: int) -> dict[str, Any]:
    return {"username": f"c-{number}", "client_type": "consumer"}


def test_f13_answers_are_lost_and_asked_for_again(deployment: Deployment):
    """Kill -9 of the gateway under keyed creations; every caller repeats until it hears."""
    caller, count, chunks = Caller(deployment), often(60, 600), 6
    responses: dict[int, bytes] = {}

    def create(numbers: range) -> None:
        for number in numbers:
            responses[number] = caller.insist(CLIENTS, f"key-{number}", person(number)).content

    threads = [
        threading.Thread(target=create, args=(range(first, count, chunks),))
        for first in range(chunks)
    ]
    for thread in threads:
        thread.start()
    for _ in range(often(1, 5)):
        time.sleep(0.4)
        deployment.kill("gateway")
        deployment.start_gateway()
    for thread in threads:
        thread.join()
    repeated = [caller.post(CLIENTS, f"key-{number}", person(number)) for number in range(count)]
    assert [response.content for response in repeated if response] == [
        responses[n] for n in range(count)
    ]
    assert all(response is not None and REPLAYED in response.headers for response in repeated)
    other = caller.post(CLIENTS, "key-1", person(2))
    assert other is not None
    assert other.status_code == 422
    assert deployment.rows("SELECT count(*) FROM nucleus_client")[0][0] == count
    assert_consistent("F13 lost answers", deployment, Log(), extra=f"{count} keys")


def test_f13_the_gateway_is_killed_while_the_request_runs(deployment: Deployment):
    caller = Caller(deployment)
    client = caller.insist(CLIENTS, "client", person(1)).json()["id"]
    own = {"nucleus_client_id": client, "product": "atom", "vendor_name": "mx"}
    deployment.sandbox.fault(
        method="POST", path="/users", kind="latency", latency_seconds=2, count=1
    )
    asking = threading.Thread(target=caller.post, args=(USERS, "user", own))
    asking.start()
    time.sleep(1)
    running = caller.post(USERS, "user", own)
    deployment.kill("gateway")
    asking.join()
    deployment.start_gateway()
    after = caller.post(USERS, "user", own)
    assert running is not None
    assert after is not None
    assert (running.status_code, after.status_code) == (409, 409)
    deployment.execute("UPDATE access_idempotencykey SET lease_until = CURRENT_TIMESTAMP "
                "WHERE lease_until IS NOT NULL")  # fmt: skip
    time.sleep(1.1)  # SQLite's CURRENT_TIMESTAMP is in seconds
    responses = at_once(10, lambda: caller.insist(USERS, "user", own))
    assert len({response.content for response in responses}) == 1
    assert sum(REPLAYED not in response.headers for response in responses) == 1
    assert_consistent(
        "F13 killed while it runs", deployment, Log(), extra="10 at once took over, 1 ran"
    )
