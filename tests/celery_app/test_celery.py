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
from django.conf import settings
from django.db import connection

from celery_app import tasks, waker
from integrations import job_queue, work
from integrations.models import Job, JobState
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import TenantFactory

needs_redis = pytest.mark.skipif(not settings.REDIS_URL, reason="needs REDIS_URL")


def test_every_kind_of_job_has_its_task():
    assert set(tasks.TASKS) == set(work.HANDLERS)
    assert {task.name for task in tasks.TASKS.values()} == {
        f"gateway.{kind}" for kind in work.HANDLERS
    }


@pytest.mark.django_db
def test_a_task_claims_its_job_by_id(monkeypatch: pytest.MonkeyPatch):
    ran = []
    monkeypatch.setitem(work.HANDLERS, "create_vendor_user", ran.append)
    JobFactory(kind="create_vendor_user")
    job = JobFactory(kind="create_vendor_user")
    tasks.TASKS["create_vendor_user"](str(job.pk))
    tasks.TASKS["create_vendor_user"](str(job.pk))  # a doubled message finds it done
    assert [run.job.pk for run in ran] == [job.pk]


def test_a_broker_that_is_gone_holds_nobody_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(waker.tasks.app.conf, "broker_url", "redis://127.0.0.1:9/0")
    publisher = waker.Publisher()
    started = time.monotonic()
    for _ in range(1000):
        publisher.put(uuid4(), "retrieve_account")
    assert time.monotonic() - started < 1


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


@needs_redis
@pytest.mark.services
def test_an_enqueued_job_is_run_by_a_worker(celery_worker: None):
    tenant = TenantFactory()
    job = job_queue.enqueue(
        tenant=tenant, kind="create_vendor_user", payload={"client_id": str(tenant.id)}
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not Job.objects.filter(state=JobState.DONE).exists():
        time.sleep(0.1)
    job.refresh_from_db()
    assert job.state == JobState.DONE  # there is no such client, so there is nothing to do
