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
from tests.faults.oracle import judge
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


def heal(one: Deployment) -> None:
    """MX works again; what waits for its time need not wait for it here."""
    one.sandbox.heal()
    one.execute("DELETE FROM integrations_credentialhealth")
    one.execute("UPDATE integrations_job SET run_at = CURRENT_TIMESTAMP WHERE state = 'ready'")


def test_f8_mx_fails_in_every_way_while_it_is_read(on_sqlite: Deployment):
    one, log, chance = on_sqlite, Log(), random.Random(8)
    one.start_worker()
    one.link(2)
    judge("before", one, Log())
    one.sandbox.call("POST", "/_control/clock", json={"advance": "25h"})
    for fault in FAULTS * often(1, 5):
        one.sandbox.fault(path="/users/*", count=chance.randint(1, 4), **fault)
        storm(one, [body(member) for member in one.members], log)
        time.sleep(0.3)
        heal(one)
    figures = judge(f"F8 {len(FAULTS)} kinds of faults", one, log)
    # A member that MX denied (403, 404) may have left a dead job; the data is right all the same.
    assert figures.unequal == 0


def test_f9_the_answer_to_a_creation_is_lost(on_sqlite: Deployment):
    one = on_sqlite
    for fault in ("cut_off", "reset"):
        names = {"username": f"c-{secrets.token_hex(4)}", "client_type": "consumer"}
        client = one.call("POST", "/nucleus/v1/client", **names)["id"]
        own = {"nucleus_client_id": client, "product": "atom", "vendor_name": "mx"}
        one.sandbox.fault(method="POST", path="/users", kind=fault, count=1)
        first = one.api().call("POST", "/integration/v1/user", json.dumps(own).encode())
        assert first.status in (200, 503)
        one.call("POST", "/integration/v1/user", **own)
    judge("F9 the answer to a creation is lost", one, Log())


def test_f9_the_gateway_is_killed_while_mx_creates(on_sqlite: Deployment):
    one = on_sqlite
    names = {"username": "killed", "client_type": "consumer"}
    client = one.call("POST", "/nucleus/v1/client", **names)["id"]
    own = {"nucleus_client_id": client, "product": "atom", "vendor_name": "mx"}
    one.sandbox.fault(method="POST", path="/users", kind="latency", latency_seconds=1, count=1)
    content = json.dumps(own).encode()

    def ask() -> None:
        with suppress(Exception):  # it is being killed
            one.api().call("POST", "/integration/v1/user", content)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.6)
    one.kill("gateway")
    asking.join()
    time.sleep(1)
    one.start_gateway()
    first = one.call("POST", "/integration/v1/user", **own)["vendor_response"]["guid"]
    assert one.call("POST", "/integration/v1/user", **own)["vendor_response"]["guid"] == first
    judge("F9 killed while MX creates a user", one, Log())


def test_f10_webhooks_doubled_shuffled_and_in_parallel(one: Deployment):
    log, chance = Log(), random.Random(10)
    one.start_worker()
    one.start_worker("second")
    one.link(often(2, 10))
    judge("before", one, Log())
    kinds = ("AGGREGATION", "BALANCE", "HISTORY", "CONNECTION_STATUS", "STATEMENT", "NEW_KIND")
    contents: list[bytes] = []
    for _ in range(often(2, 10)):
        one.sandbox.call("POST", "/_control/clock", json={"advance": "13h"})
        for member in one.members:
            for kind in kinds:
                contents += [body(member, kind)] * chance.randint(1, 13)
        storm(one, contents, log, threads=50)  # the late ones of before, too
    figures = judge("F10 doubled, shuffled, 50 at once", one, log)
    assert figures.acknowledged == len(log.statuses)


@pytest.mark.parametrize("status", ["CHALLENGED", "LOCKED"])
def test_f10_an_equal_status_later_acts_again(on_sqlite: Deployment, status: str):
    one, log = on_sqlite, Log()
    one.start_worker()
    one.link(1)
    member = one.members[0]
    told = body(member, "CONNECTION_STATUS")
    for expected in (status, "CONNECTED", status):
        order = {"connection_status": expected}
        one.sandbox.call("PUT", f"/_control/members/{member.guid}", json=order)
        storm(one, [told], log)
        judge(f"F10 {expected}", one, log)
        found = one.rows("SELECT connection_status FROM integrations_member")
        assert found == [(expected,)]


def test_f12_fifty_equal_creations_at_once(one: Deployment):
    names = {"username": "race", "client_type": "consumer"}
    client = one.call("POST", "/nucleus/v1/client", **names)["id"]
    own = {"nucleus_client_id": client, "product": "atom", "vendor_name": "mx"}
    content, api = json.dumps(own).encode(), one.api()
    api.call("GET", "/nucleus/v1/client")  # a token for all
    answers = at_once(50, lambda: api.call("POST", "/integration/v1/user", content))
    assert {answer.status for answer in answers} <= {200, 409, 503}
    guids = {answer.json()["vendor_response"]["guid"] for answer in answers if answer.ok}
    assert len(guids) == 1
    judge("F12 fifty equal creations", one, Log(), more=f"{len(answers)} answers, one user")


def test_bad_input_is_never_our_fault(on_sqlite: Deployment):
    one, chance, log = on_sqlite, random.Random(5), Log()
    samples = [
        b"{", b"[]", b"null", b'{"type": 1}', b"\xff\xfe", b'{"member_guid": "\\u0000"}',
        b"[" * 10_000, b'{"a": 1e400}', b'{"a": NaN}', b'"' + b"x" * 10_000 + b'"',
    ]  # fmt: skip
    statuses = set()
    with requests.Session() as session:
        for _ in range(often(100, 2000)):
            content = bytearray(chance.choice(samples))
            content[chance.randrange(len(content))] = chance.randrange(256)
            answer = session.post(one.webhook_url, data=bytes(content), auth=WEBHOOK, timeout=10)
            statuses.add(answer.status_code)
            if answer.status_code == 202:
                log.acknowledged.append(answer.json()["id"])
    assert statuses <= {202, 400}
    judge("bad input", one, log)
