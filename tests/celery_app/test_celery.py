"""Production mode: Celery workers woken through Redis run the same jobs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings as configured
from django.db import connection

from celery_app import tasks, waker
from celery_app.app import app
from integrations.jobs import job_queue, runner
from integrations.jobs.job_kind import Queue
from integrations.jobs.kinds import KINDS
from integrations.models import Job, JobState
from nucleus.models import Tenant
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import TenantFactory
from tests.faults import services

ROOT = Path(__file__).resolve().parents[2]
needs_redis = pytest.mark.skipif(not configured.REDIS_URL, reason="needs REDIS_URL")


def test_every_kind_of_job_has_its_task():
    assert set(tasks.TASKS) == set(runner.HANDLERS)
    assert {task.name for task in tasks.TASKS.values()} == {
        f"gateway.{kind}" for kind in runner.HANDLERS
    }


@pytest.mark.django_db
def test_a_task_runs_the_next_due_job_of_its_queue(monkeypatch: pytest.MonkeyPatch):
    ran = []
    for kind in ("create_vendor_user", "link_member", "retrieve_account"):
        monkeypatch.setitem(runner.HANDLERS, kind, ran.append)
    bulk = JobFactory(kind="retrieve_account")
    jobs = [JobFactory(kind=kind) for kind in ("create_vendor_user", "link_member")]
    for _ in range(3):  # a doubled message finds nothing to do
        tasks.TASKS["create_vendor_user"](str(jobs[0].pk))
    assert {run.job.pk for run in ran} == {job.pk for job in jobs}
    tasks.TASKS["retrieve_account"](str(bulk.pk))
    assert ran[-1].job.pk == bulk.pk


@pytest.mark.django_db
def test_messages_of_a_tenant_with_many_jobs_let_others_take_turns(
    monkeypatch: pytest.MonkeyPatch, tenant: Tenant
):
    """All of its messages arrive before the one of the other tenant's job."""
    ran = []
    monkeypatch.setitem(runner.HANDLERS, "deliver_webhook", lambda run: ran.append(run.tenant))
    many = [JobFactory(kind="deliver_webhook", tenant=tenant) for _ in range(10)]
    other = JobFactory(kind="deliver_webhook").tenant
    for job in many[:2]:
        tasks.TASKS["deliver_webhook"](str(job.pk))
    assert set(ran) == {tenant, other}


def test_an_unreachable_broker_does_not_delay_requests(
    settings: Any, monkeypatch: pytest.MonkeyPatch
):
    settings.BROKER_URL = "redis://127.0.0.1:9/0"
    monkeypatch.setattr(waker.tasks.app.conf, "broker_url", settings.BROKER_URL)
    publisher = waker.Publisher()
    started = time.monotonic()
    for _ in range(1000):
        publisher.put(uuid4(), "retrieve_account")
    assert time.monotonic() - started < 10  # one publication alone would take longer
    publisher.flush(60)  # its thread must not go on during other tests


@pytest.fixture
def celery_worker(transactional_db: Any, tmp_path: Path) -> Iterator[None]:
    """A real worker process on the test database."""
    name = str(connection.settings_dict["NAME"])
    script = (
        "import sys, django; django.setup(); from django.db import connection; "
        f"connection.settings_dict['NAME'] = {name!r}; "
        "from celery_app import app; "
        "app.worker_main(['worker', '--pool=solo', '-l', 'WARNING'])"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    with (
        (tmp_path / "worker.log").open("w") as log,
        subprocess.Popen([sys.executable, "-c", script], env=environment, stderr=log) as worker,
    ):
        yield
        worker.terminate()


def test_every_kind_of_job_has_a_queue_that_workers_read():
    """The documented command names no queues, so a worker reads those of the settings."""
    read = {queue.name for queue in app.conf.task_queues}
    assert read == {queue.value for queue in Queue}
    documents = [(ROOT / name).read_text() for name in ("README.md", "docs/jobs.md")]
    lines = [line.strip().split("#")[0] for text in documents for line in text.splitlines()]
    commands = [line.split() for line in lines if line.startswith("celery -A celery_app worker")]
    assert len(commands) >= 2
    assert not [command for command in commands if {"-Q", "--queues"} & set(command)]


@pytest.mark.skipif(not services.HAS_REDIS, reason="no redis-server")
@pytest.mark.parametrize("name", KINDS)
def test_a_message_is_in_the_queue_of_its_kind_only(name: str, own_broker: services.Redis):
    with app.connection_for_write(own_broker.url) as connection:
        app.send_task(tasks.TASKS[name].name, (str(uuid4()),), connection=connection, retry=False)
    with redis.Redis.from_url(own_broker.url) as client:
        lengths = {queue.value: client.llen(queue.value) for queue in Queue}
        client.flushall()
    assert {queue for queue, length in lengths.items() if length} == {KINDS[name].queue}
    assert sum(lengths.values()) == 1


@pytest.fixture(scope="module")
def own_broker() -> Iterator[services.Redis]:
    with services.broker() as server:
        yield server


@pytest.mark.django_db
def test_a_job_that_ends_wakes_the_job_that_waited_for_it(
    monkeypatch: pytest.MonkeyPatch, tenant: Tenant
):
    """Its message had no effect, because two jobs of a connection cannot run at once."""
    monkeypatch.setitem(runner.HANDLERS, "retrieve_account", lambda run: None)
    woken: list[Any] = []
    monkeypatch.setattr(job_queue, "wake", lambda job, delay=0: woken.append((job.pk, delay)))
    group = {"tenant": tenant, "slot_group": str(tenant.pk), "lock_key": "member"}
    first, second = (JobFactory(kind="retrieve_account", **group) for _ in range(2))
    other = JobFactory(kind="retrieve_account")  # of another tenant
    for job in (first, other):  # they take turns
        tasks.TASKS["retrieve_account"](str(job.pk))
    assert woken == [(second.pk, 0)]


def finished(jobs: list[Job], within: float) -> bool:
    """Whether all are done in that time."""
    deadline = time.monotonic() + within
    rows = Job.objects.filter(pk__in=[job.pk for job in jobs])
    while time.monotonic() < deadline:
        if all(job.state == JobState.DONE for job in rows.all()):
            return True
        time.sleep(0.05)
    return False


@needs_redis
@pytest.mark.services
def test_an_enqueued_job_is_run_by_a_worker(celery_worker: None):
    tenant = TenantFactory()

    def enqueue(delay: float = 0) -> Job:
        """A job with nothing to do: there is no such client."""
        return job_queue.enqueue(
            tenant=tenant,
            kind="create_vendor_user",
            payload={"client_id": str(tenant.id)},
            delay=delay,
        )

    assert finished([enqueue()], within=30)
    started = time.monotonic()
    assert finished([enqueue(delay=0.5)], within=10)  # and nothing else but its message wakes it
    assert 0.45 <= time.monotonic() - started < 2.5
    jobs = [enqueue() for _ in range(3)]
    assert finished(jobs, within=10)
