"""MX's webhooks as a stream: many at once, doubled, shuffled, late; every answer is noted."""

from __future__ import annotations

import json
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import urllib3

from tests.faults.deployment import WEBHOOK, Deployment, Member

# Light, for the sender has only what it leaves of two cores.
HEADERS = {"Content-Type": "application/json"} | urllib3.make_headers(basic_auth=":".join(WEBHOOK))


@dataclass
class Log:
    """What came back: ids that were acknowledged, statuses, milliseconds."""

    acknowledged: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def body(member: Member, kind: str = "AGGREGATION") -> bytes:
    content = {"type": kind, "action": "member_data_updated", "member_guid": member.guid,
               "user_guid": member.user}  # fmt: skip
    return json.dumps(content).encode()


def send(pool: urllib3.PoolManager, to: Deployment, content: bytes, log: Log) -> int | None:
    """One webhook; None where nobody answered."""
    began = time.perf_counter()
    try:
        response = pool.request(
            "POST", to.webhook_url, body=content, headers=HEADERS, timeout=20, retries=False
        )
    except urllib3.exceptions.HTTPError:
        return None
    took = (time.perf_counter() - began) * 1000
    with log.lock:
        log.statuses.append(response.status)
        log.times.append(took)
        if response.status == 202:
            log.acknowledged.append(response.json()["id"])
    return response.status


def deliver(pool: urllib3.PoolManager, to: Deployment, content: bytes, log: Log) -> None:
    """As MX does: again until it is taken."""
    for _ in range(60):
        if send(pool, to, content, log) == 202:
            return
        time.sleep(0.25)
    raise AssertionError("a webhook was never taken")


def storm(to: Deployment, contents: list[bytes], log: Log, *, threads: int = 8) -> None:
    """All of them, shuffled, from several senders, each until it is taken."""
    contents = list(contents)
    random.Random(7).shuffle(contents)

    def sender(bodies: list[bytes]) -> None:
        with urllib3.PoolManager() as pool:
            for content in bodies:
                deliver(pool, to, content, log)

    _at_once(sender, [contents[number::threads] for number in range(threads)])


def steady(
    to: Deployment,
    log: Log,
    *,
    rate: float,
    seconds: float,
    threads: int = 16,
    kind: str = "AGGREGATION",
) -> None:
    """So many a second, whatever the answers."""
    members = to.members
    began, total = time.monotonic(), int(rate * seconds)

    def sender(numbers: list[int]) -> None:
        with urllib3.PoolManager() as pool:
            for number in numbers:
                time.sleep(max(began + number / rate - time.monotonic(), 0))
                send(pool, to, body(members[number % len(members)], kind), log)

    _at_once(sender, [list(range(total))[number::threads] for number in range(threads)])


def _at_once(work: Any, shares: list[Any]) -> None:
    failures: list[BaseException] = []

    def guarded(share: Any) -> None:
        try:
            work(share)
        except BaseException as error:
            failures.append(error)

    running = [threading.Thread(target=guarded, args=(share,)) for share in shares if share]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if failures:
        raise failures[0]
