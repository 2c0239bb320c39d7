"""Databases that stop, die or are held by somebody else."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time

import urllib3

from tests.faults.conftest import needs_postgres, often
from tests.faults.deployment import Deployment
from tests.faults.oracle import assert_consistent
from tests.faults.services import Postgres
from tests.faults.traffic import Log, body, send, storm


@needs_postgres
def test_f6_postgresql_stops_at_once_and_comes_back(on_postgres: Deployment, cluster: Postgres):
    deployment, log = on_postgres, Log()
    deployment.start_worker()
    deployment.link(often(2, 10))
    assert_consistent("before", deployment, Log())
    deployment.sandbox.call("POST", "/_control/clock", json={"advance": "25h"})
    contents = [body(member) for member in deployment.members for _ in range(often(30, 200))]
    sending = threading.Thread(target=storm, args=(deployment, contents, log))
    sending.start()
    refused: list[float] = []
    for _ in range(often(2, 10)):
        time.sleep(0.7)
        cluster.stop()
        with urllib3.PoolManager() as pool:
            began = time.monotonic()
            status = send(pool, deployment, contents[0], Log())
            refused.append(time.monotonic() - began)
            assert status == 503
        time.sleep(1)
        cluster.start()
    sending.join()
    figures = assert_consistent(
        "F6 PostgreSQL killed under load", deployment, log, extra=f"503 after {max(refused):.2f} s"
    )
    assert max(refused) < 2
    assert figures.acknowledged == len(contents)


def test_f7_the_sqlite_server_is_killed(on_sqlite: Deployment):
    deployment, log = on_sqlite, Log()
    deployment.start_worker()
    deployment.link(2)
    contents = [body(member) for member in deployment.members for _ in range(often(40, 2000))]
    sending = threading.Thread(target=storm, args=(deployment, contents, log))
    sending.start()
    kills = often(3, 20)
    for _ in range(kills):
        time.sleep(0.5)
        deployment.kill("gateway")
        deployment.kill("worker")
        deployment.start_worker()
        deployment.start_gateway()
    sending.join()
    figures = assert_consistent(f"F7 {kills} kills of everything", deployment, log)
    assert figures.acknowledged == len(contents)
    assert deployment.rows("PRAGMA integrity_check") == [("ok",)]


def test_f7_somebody_else_holds_sqlites_write_lock(on_sqlite: Deployment):
    deployment, log = on_sqlite, Log()
    deployment.start_worker()
    deployment.link(1)
    assert_consistent("before", deployment, Log())
    path = deployment.database_url.removeprefix("sqlite:///")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with urllib3.PoolManager() as pool:
        began = time.monotonic()
        assert send(pool, deployment, body(deployment.members[0]), log) == 503
        waited = time.monotonic() - began
    time.sleep(often(3, 25))
    holder.execute("ROLLBACK")
    holder.close()
    storm(deployment, [body(deployment.members[0])], log)
    assert_consistent("F7 a foreign write lock", deployment, log, extra=f"503 after {waited:.1f} s")
    assert waited < 7


def test_everything_is_killed_in_the_middle_of_the_main_flow(deployment: Deployment):
    """Not the demo's own stack, but the same steps: link, kill all, start again, finished."""
    deployment.start_worker()
    deployment.link(2)
    time.sleep(0.4)  # retrievals run
    deployment.kill("worker", signal.SIGKILL)
    deployment.kill("gateway", signal.SIGKILL)
    deployment.start_gateway()
    deployment.start_worker()
    figures = assert_consistent("all killed while retrieving", deployment, Log())
    assert figures.dead == 0
    count = deployment.rows("SELECT count(*) FROM nucleus_aggregationaccounttransaction")[0][0]
    assert count > 500
