"""MX failing in every way, and telling us things late, doubled and out of order."""

from __future__ import annotations

import json
import random
import secrets
import threading
import time
from contextlib import suppress
from typing import Any

import pytest
import requests

from tests.faults.conftest import often
from tests.faults.deployment import WEBHOOK, Deployment
from tests.faults.oracle import assert_consistent
from tests.faults.traffic import Log, body, storm
from tests.parallel import at_once

FAULTS: list[dict[str, Any]] = [
    *({"kind": "status", "status": status} for status in (401, 403, 404, 409, 429, 500, 502, 503)),
    {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}},
    {"kind": "status", "status": 503, "headers": {"Retry-After": "9999999"}},
    *({"kind": kind} for kind in ("reset", "truncated", "cut_off", "garbage", "html",
                                  "unknown_enums", "unknown_fields")),
    {"kind": "latency", "latency_seconds": 1.0},
]  # fmt: skip


def heal(deployment: Deployment) -> None:
    """MX works again; what waits for its time need not wait for it here."""
    deployment.sandbox.heal()
    deployment.execute("DELETE FROM integrations_credentialhealth")
    deployment.execute(
        "UPDATE integrations_job SET run_at = CURRENT_TIMESTAMP WHERE state = 'ready'"
    )


def test_f8_mx_fails_in_every_way_while_it_is_read(on_sqlite: Deployment):
    deployment, log, chance = on_sqlite, Log(), random.Random(8)
    deployment.start_worker()
    deployment.link(2)
    assert_consistent("before", deployment, Log())
    deployment.sandbox.call("POST", "/_control/clock", json={"advance": "25h"})
    for fault in FAULTS * often(1, 5):
        deployment.sandbox.fault(path="/users/*", count=chance.randint(1, 4), **fault)
        storm(deployment, [body(member) for member in deployment.members], log)
        time.sleep(0.3)
        heal(deployment)
    figures = assert_consistent(f"F8 {len(FAULTS)} kinds of faults", deployment, log)
    # A member that MX denied (403, 404) may have left a dead job; the data is right all the same.
    assert figures.unequal == 0


def test_f9_the_answer_to_a_creation_is_lost(on_sqlite: Deployment):
    deployment = on_sqlite
    for fault in ("cut_off", "reset"):
        names = {"username": f"c-{secrets.token_hex(4)}", "client_type": "consumer"}
        client = deployment.call("POST", "/nucleus/v1/client", **names)["id"]
        own = {"nucleus_client_id": client, "product": "atom", "vendor_name": "mx"}
        deployment.sandbox.fault(method="POST", path="/users", kind=fault, count=1)
        first = deployment.api().call("POST", "/integration/v1/user", json.dumps(own).encode())
        assert first.status in (200, 503)
        deployment.call("POST", "/integration/v1/user", **own)
    assert_consistent("F9 the answer to a creation is lost", deployment, Log())


def test_f9_the_gateway_is_killed_while_mx_creates(on_sqlite: Deployment):
    deployment = on_sqlite
    names = {"username": "killed", "client_type": "consumer"}
    client = deployment.call("POST", "/nucleus/v1/client", **names)["id"]
    own = {"nucleus_client_id": client, "product": "atom", "vendor_name": "mx"}
    deployment.sandbox.fault(
        method="POST", path="/users", kind="latency", latency_seconds=1, count=1
    )
    content = json.dumps(own).encode()

    def create_user() -> None:
        with suppress(Exception):  # it is being killed
            deployment.api().call("POST", "/integration/v1/user", content)

    asking = threading.Thread(target=create_user)
    asking.start()
    time.sleep(0.6)
    deployment.kill("gateway")
    asking.join()
    time.sleep(1)
    deployment.start_gateway()
    first = deployment.call("POST", "/integration/v1/user", **own)["vendor_response"]["guid"]
    assert (
        deployment.call("POST", "/integration/v1/user", **own)["vendor_response"]["guid"] == first
    )
    assert_consistent("F9 killed while MX creates a user", deployment, Log())


def test_f10_webhooks_doubled_shuffled_and_in_parallel(deployment: Deployment):
    log, chance = Log(), random.Random(10)
    deployment.start_worker()
    deployment.start_worker("second")
    deployment.link(often(2, 10))
    assert_consistent("before", deployment, Log())
    types = ("AGGREGATION", "BALANCE", "HISTORY", "CONNECTION_STATUS", "STATEMENT", "NEW_KIND")
    contents: list[bytes] = []
    for _ in range(often(2, 10)):
        deployment.sandbox.call("POST", "/_control/clock", json={"advance": "13h"})
        for member in deployment.members:
            for kind in types:
                contents += [body(member, kind)] * chance.randint(1, 13)
        storm(deployment, contents, log, threads=50)  # the late ones of before, too
    figures = assert_consistent("F10 doubled, shuffled, 50 at once", deployment, log)
    assert figures.acknowledged == len(log.statuses)


@pytest.mark.parametrize("status", ["CHALLENGED", "LOCKED"])
def test_f10_an_equal_status_later_acts_again(on_sqlite: Deployment, status: str):
    deployment, log = on_sqlite, Log()
    deployment.start_worker()
    deployment.link(1)
    member = deployment.members[0]
    reported = body(member, "CONNECTION_STATUS")
    for expected in (status, "CONNECTED", status):
        order = {"connection_status": expected}
        deployment.sandbox.call("PUT", f"/_control/members/{member.guid}", json=order)
        storm(deployment, [reported], log)
        assert_consistent(f"F10 {expected}", deployment, log)
        result = deployment.rows("SELECT connection_status FROM integrations_member")
        assert result == [(expected,)]


def test_f12_fifty_equal_creations_at_once(deployment: Deployment):
    names = {"username": "race", "client_type": "consumer"}
    client = deployment.call("POST", "/nucleus/v1/client", **names)["id"]
    own = {"nucleus_client_id": client, "product": "atom", "vendor_name": "mx"}
    content, api = json.dumps(own).encode(), deployment.api()
    api.call("GET", "/nucleus/v1/client")  # a token for all
    responses = at_once(50, lambda: api.call("POST", "/integration/v1/user", content))
    assert {response.status for response in responses} <= {200, 409, 503}
    guids = {response.json()["vendor_response"]["guid"] for response in responses if response.ok}
    assert len(guids) == 1
    assert_consistent(
        "F12 fifty equal creations", deployment, Log(), extra=f"{len(responses)} answers, one user"
    )


def test_bad_input_is_never_our_fault(on_sqlite: Deployment):
    deployment, chance, log = on_sqlite, random.Random(5), Log()
    samples = [
        b"{", b"[]", b"null", b'{"type": 1}', b"\xff\xfe", b'{"member_guid": "\\u0000"}',
        b"[" * 10_000, b'{"a": 1e400}', b'{"a": NaN}', b'"' + b"x" * 10_000 + b'"',
    ]  # fmt: skip
    statuses = set()
    with requests.Session() as session:
        for _ in range(often(100, 2000)):
            content = bytearray(chance.choice(samples))
            content[chance.randrange(len(content))] = chance.randrange(256)
            response = session.post(
                deployment.webhook_url, data=bytes(content), auth=WEBHOOK, timeout=10
            )
            statuses.add(response.status_code)
            if response.status_code == 202:
                log.acknowledged.append(response.json()["id"])
    assert statuses <= {202, 400}
    assert_consistent("bad input", deployment, log)
