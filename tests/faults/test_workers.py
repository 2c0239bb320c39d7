"""Workers that die, stop, hang or are told to go, in the middle of everything."""

from __future__ import annotations

import random
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.faults.conftest import needs_postgres, often
from tests.faults.deployment import LEASE, Deployment
from tests.faults.oracle import judge
from tests.faults.traffic import Log, body, storm


def news_of_a_day(one: Deployment, members: int) -> None:
    """Linked and retrieved; then a day passes at MX."""
    one.start_worker()
    one.link(members)
    judge("before", one, Log())
    one.sandbox.call("POST", "/_control/clock", json={"advance": "25h"})


def test_f1_workers_are_killed_again_and_again(one: Deployment):
    """kill -9 at random moments, between vendor calls and commits, too."""
    news_of_a_day(one, often(3, 20))
    log, kills, chance = Log(), often(6, 50), random.Random(1)
    contents = [body(member) for member in one.members for _ in range(10)]
    sending = threading.Thread(target=storm, args=(one, contents, log))
    sending.start()
    for _ in range(kills):
        time.sleep(chance.uniform(0.2, 1.0))
        one.kill("worker")
        one.start_worker()
    sending.join()
    figures = judge(f"F1 {kills} kills of a worker", one, log, more=f"lease {LEASE} s")
    assert figures.dead == 0
    assert figures.acknowledged == len(contents)


def test_f2_a_worker_that_slept_cannot_commit(one: Deployment):
    news_of_a_day(one, often(2, 10))
    log = Log()
    storm(one, [body(member) for member in one.members], log)
    time.sleep(0.3)
    one.processes["worker"].send_signal(signal.SIGSTOP)
    one.start_worker("second")
    time.sleep(LEASE + 3)
    one.processes["worker"].send_signal(signal.SIGCONT)  # it may have held SQLite's one write lock
    storm(one, [body(member) for member in one.members], log)
    assert judge("F2 SIGSTOP past the lease", one, log).dead == 0


def test_f14_workers_are_told_to_go_under_load(on_sqlite: Deployment):
    one = on_sqlite
    news_of_a_day(one, often(2, 10))
    log, slowest = Log(), 0.0
    contents = [body(member) for member in one.members for _ in range(5)]
    sending = threading.Thread(target=storm, args=(one, contents, log))
    sending.start()
    for _ in range(often(2, 20)):
        time.sleep(0.5)
        began = time.monotonic()
        one.kill("worker", signal.SIGTERM)
        slowest = max(slowest, time.monotonic() - began)
        one.start_worker()
    sending.join()
    judge("F14 SIGTERM under load", one, log, more=f"slowest exit {slowest:.1f} s")
    assert slowest < 30


@needs_postgres
@pytest.mark.skipif(shutil.which("faketime") is None, reason="no faketime")
@pytest.mark.parametrize("shift", ["+5m", "-1d", "+1d"])
def test_f11_a_worker_with_a_wrong_clock_steals_nothing(on_postgres: Deployment, shift: str):
    one = on_postgres
    one.start_worker()
    one.link(2)
    log = Log()
    wrong = one.environment | {"FAKETIME": shift}
    one.environment = wrong | {"LD_PRELOAD": _library()}
    one.start_worker("wrong")
    for _ in range(often(3, 20)):
        storm(one, [body(member) for member in one.members], log)
        time.sleep(0.5)
    figures = judge(f"F11 a clock that is {shift} wrong", one, log)
    stolen = one.rows("SELECT count(*) FROM integrations_job WHERE attempts > 1")[0][0]
    assert (stolen, figures.dead) == (0, 0)


def _library() -> str:
    return str(next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")))
