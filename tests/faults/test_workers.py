"""Workers that die, stop, hang or are told to go, in the middle of everything."""

from __future__ import annotations

import random
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.conftest import needs_postgres, often
from tests.faults.deployment import LEASE, Deployment
from tests.faults.oracle import OPEN, assert_consistent
from tests.faults.traffic import Log, body, storm


def news_of_a_day(deployment: Deployment, members: int) -> None:
    """Linked and retrieved; then a day passes at MX."""
    deployment.start_worker()
    deployment.link(members)
    assert_consistent("before", deployment, Log())
    deployment.sandbox.call("POST", "/_control/clock", json={"advance": "25h"})


def test_f1_workers_are_killed_again_and_again(deployment: Deployment):
    """Kill -9 at random moments, between vendor calls and commits, too."""
    news_of_a_day(deployment, often(3, 20))
    log, kills, chance = Log(), often(6, 50), random.Random(1)
    contents = [body(member) for member in deployment.members for _ in range(10)]
    sending = threading.Thread(target=storm, args=(deployment, contents, log))
    sending.start()
    for _ in range(kills):
        time.sleep(chance.uniform(0.2, 1.0))
        deployment.kill("worker")
        deployment.start_worker()
    sending.join()
    figures = assert_consistent(
        f"F1 {kills} kills of a worker", deployment, log, extra=f"lease {LEASE} s"
    )
    assert figures.dead == 0
    assert figures.acknowledged == len(contents)


def test_f2_a_worker_that_slept_cannot_commit(deployment: Deployment):
    news_of_a_day(deployment, often(2, 10))
    log = Log()
    storm(deployment, [body(member) for member in deployment.members], log)
    time.sleep(0.3)
    deployment.processes["worker"].send_signal(signal.SIGSTOP)
    deployment.start_worker("second")
    time.sleep(LEASE + 3)
    deployment.processes["worker"].send_signal(
        signal.SIGCONT
    )  # it may have held SQLite's one write lock
    storm(deployment, [body(member) for member in deployment.members], log)
    assert assert_consistent("F2 SIGSTOP past the lease", deployment, log).dead == 0


SLOW = {"path": "/users/*/accounts/*/transactions", "kind": "latency", "latency_seconds": 2.0,
        "count": 30}  # fmt: skip
ENQUEUE_POISON = """
from integrations.jobs import job_queue
from nucleus.models import Tenant
job_queue.enqueue(tenant=Tenant.objects.get(), kind="poison", payload={}, calls_vendor=False)
"""


@contextmanager
def supervised(deployment: Deployment, names: list[str]) -> Iterator[list[float]]:
    """Workers that are started again whenever they die; when they did."""
    stopping, deaths = threading.Event(), []

    def start(name: str) -> None:
        command = ("-m", "tests.faults.poison_worker", "--threads", "2", "--idle", "0.1")
        deployment.start(name, *command)

    def supervise() -> None:
        while not stopping.wait(0.1):
            for name in names:
                if deployment.processes[name].poll() is not None:
                    deaths.append(time.monotonic())
                    start(name)

    for name in names:
        start(name)
    supervisor = threading.Thread(target=supervise)
    supervisor.start()
    try:
        yield deaths
    finally:
        stopping.set()
        supervisor.join()


def test_f3_a_job_that_kills_its_worker_ends_dead_and_delays_no_other(deployment: Deployment):
    """Those who ran in the same processes die with it, and have to come through all the same."""
    news_of_a_day(deployment, often(4, 20))
    deployment.kill("worker", signal.SIGTERM)
    contents = [body(member) for member in deployment.members for _ in range(5)]
    with supervised(deployment, ["only"]) as deaths:
        seconds = {}
        for name in ("alone", "beside poison"):
            deployment.sandbox.call("POST", "/_control/clock", json={"advance": "25h"})
            if name == "beside poison":
                deployment.manage("shell", "-c", ENQUEUE_POISON)
            deployment.sandbox.fault(**SLOW)
            log, began = Log(), time.monotonic()
            storm(deployment, contents, log)
            while deployment.rows(f"{OPEN} AND kind <> 'poison'")[0][0]:
                time.sleep(0.05)
            seconds[name] = time.monotonic() - began
        attempts = deployment.rows(
            "SELECT max(attempts) FROM integrations_job WHERE kind <> 'poison'"
        )
        took = ", ".join(f"{name} {spent:.1f} s" for name, spent in seconds.items())
        extra = f"others: {took}, at most {attempts[0][0]} attempts"
        figures = assert_consistent(
            "F3 a job that kills its worker", deployment, log, timeout=180, extra=extra
        )
    ended = deployment.rows(
        "SELECT kind, attempts, last_error FROM integrations_job WHERE state = 'dead'"
    )
    assert ended == [("poison", 5, "its worker died on every attempt")], figures
    assert len(deaths) == 5


def test_f14_workers_are_stopped_under_load(on_sqlite: Deployment):
    deployment = on_sqlite
    news_of_a_day(deployment, often(2, 10))
    log, slowest = Log(), 0.0
    contents = [body(member) for member in deployment.members for _ in range(5)]
    sending = threading.Thread(target=storm, args=(deployment, contents, log))
    sending.start()
    for _ in range(often(2, 20)):
        time.sleep(0.5)
        began = time.monotonic()
        deployment.kill("worker", signal.SIGTERM)
        slowest = max(slowest, time.monotonic() - began)
        deployment.start_worker()
    sending.join()
    assert_consistent(
        "F14 SIGTERM under load", deployment, log, extra=f"slowest exit {slowest:.1f} s"
    )
    assert slowest < 30


@needs_postgres
@pytest.mark.skipif(shutil.which("faketime") is None, reason="no faketime")
@pytest.mark.parametrize("shift", ["+5m", "-1d", "+1d"])
def test_f11_a_worker_with_a_wrong_clock_steals_nothing(on_postgres: Deployment, shift: str):
    deployment = on_postgres
    deployment.start_worker()
    deployment.link(2)
    log = Log()
    wrong = deployment.environment | {"FAKETIME": shift}
    deployment.environment = wrong | {"LD_PRELOAD": _library()}
    deployment.start_worker("wrong")
    for _ in range(often(3, 20)):
        storm(deployment, [body(member) for member in deployment.members], log)
        time.sleep(0.5)
    figures = assert_consistent(f"F11 a clock that is {shift} wrong", deployment, log)
    stolen = deployment.rows("SELECT count(*) FROM integrations_job WHERE attempts > 1")[0][0]
    assert (stolen, figures.dead) == (0, 0)


def _library() -> str:
    return str(next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")))
