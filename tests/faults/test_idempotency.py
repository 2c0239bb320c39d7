"""Idempotency-Key over real processes: answers that were lost, requests that still run."""

from __future__ import annotations

import threading
import time
from typing import Any

import requests

from tests.faults.conftest import often
from tests.faults.deployment import Deployment
from tests.faults.oracle import judge
from tests.faults.traffic import Log
from tests.parallel import at_once

CLIENTS, USERS = "/nucleus/v1/client", "/integration/v1/user"
REPLAYED = "Idempotent-Replayed"


class Caller:
    """An application that sends keys."""

    def __init__(self, one: Deployment) -> None:
        self.url = one.url
        path = "/authorization/v1/oauth/token?grant_type=client_credentials"
        token = requests.post(self.url + path, auth=one.keys, timeout=20).json()["access_token"]
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
            answer = self.post(path, key, body)
            if answer is not None and answer.status_code < 300:
                return answer
            assert answer is None or answer.status_code in (409, 503), answer.text
            time.sleep(0.1)
        raise AssertionError("never done")


def person(number: int) -> dict[str, Any]:
    return {"username": f"c-{number}", "client_type": "consumer"}


def test_f13_answers_are_lost_and_asked_for_again(one: Deployment):
    """kill -9 of the gateway under keyed creations; every caller repeats until it hears."""
    caller, count, chunks = Caller(one), often(60, 600), 6
    answers: dict[int, bytes] = {}

    def create(numbers: range) -> None:
        for number in numbers:
            answers[number] = caller.insist(CLIENTS, f"key-{number}", person(number)).content

    threads = [
        threading.Thread(target=create, args=(range(first, count, chunks),))
        for first in range(chunks)
    ]
    for thread in threads:
        thread.start()
    for _ in range(often(1, 5)):
        time.sleep(0.4)
        one.kill("gateway")
        one.start_gateway()
    for thread in threads:
        thread.join()
    again = [caller.post(CLIENTS, f"key-{number}", person(number)) for number in range(count)]
    assert [answer.content for answer in again if answer] == [answers[n] for n in range(count)]
    assert all(answer is not None and REPLAYED in answer.headers for answer in again)
    other = caller.post(CLIENTS, "key-1", person(2))
    assert other is not None
    assert other.status_code == 422
    assert one.rows("SELECT count(*) FROM nucleus_client")[0][0] == count
    judge("F13 lost answers", one, Log(), more=f"{count} keys")


def test_f13_the_gateway_is_killed_while_the_request_runs(one: Deployment):
    caller = Caller(one)
    client = caller.insist(CLIENTS, "client", person(1)).json()["id"]
    own = {"nucleus_client_id": client, "product": "atom", "vendor_name": "mx"}
    one.sandbox.fault(method="POST", path="/users", kind="latency", latency_seconds=2, count=1)
    asking = threading.Thread(target=caller.post, args=(USERS, "user", own))
    asking.start()
    time.sleep(1)
    running = caller.post(USERS, "user", own)
    one.kill("gateway")
    asking.join()
    one.start_gateway()
    after = caller.post(USERS, "user", own)
    assert running is not None
    assert after is not None
    assert (running.status_code, after.status_code) == (409, 409)
    one.execute("UPDATE access_idempotencykey SET lease_until = CURRENT_TIMESTAMP "
                "WHERE lease_until IS NOT NULL")  # fmt: skip
    time.sleep(1.1)  # SQLite's CURRENT_TIMESTAMP is in seconds
    answers = at_once(10, lambda: caller.insist(USERS, "user", own))
    assert len({answer.content for answer in answers}) == 1
    assert sum(REPLAYED not in answer.headers for answer in answers) == 1
    judge("F13 killed while it runs", one, Log(), more="10 at once took over, 1 ran")
