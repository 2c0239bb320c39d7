"""Redis only wakes workers: without it nothing is lost, only later."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import services
from tests.faults.conftest import needs_postgres, needs_redis, often
from tests.faults.deployment import Deployment, deployed
from tests.faults.oracle import assert_consistent
from tests.faults.traffic import Log, body, steady, storm
from tests.sandbox_process import Sandbox

pytestmark = [needs_postgres, needs_redis]
CELERY = ("-m", "celery", "--app", "celery_app", "worker", "--concurrency", "2")


@pytest.fixture
def redis() -> Iterator[services.Redis]:
    with services.broker() as server:
        yield server


@pytest.fixture
def with_celery(
    place: Path, own_sandbox: Sandbox, cluster: services.Postgres, redis: services.Redis
) -> Iterator[Deployment]:
    with deployed(place, own_sandbox, cluster.url, redis.url) as deployment:
        deployment.start("celery", *CELERY, "--loglevel", "WARNING")
        deployment.start("relay", "manage.py", "relay", "--every", "1")
        deployment.start_worker()
        deployment.link(2)
        assert_consistent("before", deployment, Log())
        yield deployment


def test_f4_redis_dies_and_comes_back_empty(with_celery: Deployment, redis: services.Redis):
    deployment, log = with_celery, Log()
    contents = [body(member) for member in deployment.members for _ in range(often(10, 100))]
    deployment.sandbox.call("POST", "/_control/clock", json={"advance": "25h"})
    redis.send(signal.SIGKILL)
    storm(deployment, contents, log)
    assert_consistent(
        "F4 Redis killed: the poller works",
        deployment,
        log,
        extra=f"p99 {log.percentile(0.99):.0f} ms",
    )
    time.sleep(often(1, 600))
    redis.start()
    deployment.sandbox.call("POST", "/_control/clock", json={"advance": "25h"})
    storm(deployment, contents, log)
    redis.flush()
    assert_consistent("F4 Redis back, then flushed", deployment, log)


def test_f5_redis_hangs_and_no_request_waits_for_it(with_celery: Deployment, redis: services.Redis):
    deployment, warm, log = with_celery, Log(), Log()
    steady(deployment, warm, rate=10, seconds=2)
    redis.send(signal.SIGSTOP)
    try:
        steady(deployment, log, rate=20, seconds=often(4, 60))
    finally:
        redis.send(signal.SIGCONT)
    assert_consistent("F5 Redis stopped", deployment, log, extra=f"median {log.percentile(0.5):.0f} ms, p99 {log.percentile(0.99):.0f} ms")  # fmt: skip  # noqa: E501
    assert set(log.statuses) == {202}
    assert max(log.times) < 5000  # who waited for the broker would wait for 45 seconds
