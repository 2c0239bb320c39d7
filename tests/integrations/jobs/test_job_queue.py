"""Durable jobs: claimed once, fenced, coalesced, retried, buried with a reason."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from integrations.jobs import claims, job_queue, requeue, runner
from integrations.jobs.job_data import JobData
from integrations.jobs.job_queue import JobRun, LeaseLost, Reschedule
from integrations.models import Job, JobState
from integrations.vendors import errors
from nucleus.models import Tenant
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import TenantFactory
from tests.parallel import at_once

Handler = Callable[[JobRun], None]
pytestmark = pytest.mark.django_db


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], None]:
    """Register what jobs of kind "test" do."""
    return lambda function: monkeypatch.setitem(runner.HANDLERS, "test", function)


@dataclass(frozen=True)
class Page(JobData):
    page: int


def claimed(job: Job) -> JobRun:
    run = take(job)
    assert run is not None
    return run


def take(job: Job) -> JobRun | None:
    row = Job.objects.select_related("tenant").get(pk=job.pk)
    return claims.take(row, job_queue.database_now())


def expire_lease(job: Job) -> None:
    """As if its worker had been silent for longer than the lease."""
    past = job_queue.database_now() - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(lease_until=past)


def test_a_job_runs_once_and_is_done(handler: Callable[[Handler], None]):
    ran: list[dict[str, Any]] = []
    handler(lambda run: ran.append(run.job.payload))
    job = JobFactory(payload={"a": 1})
    assert runner.drain() == 1
    assert runner.drain() == 0
    job.refresh_from_db()
    assert (job.state, job.attempts, ran) == (JobState.DONE, 1, [{"a": 1}])


def test_a_job_exists_only_if_its_transaction_commits(tenant: Tenant):
    with transaction.atomic():
        job_queue.enqueue(tenant=tenant, kind="test", payload={})
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_a_waiting_job_with_the_same_key_is_returned(tenant: Tenant):
    first = job_queue.enqueue(tenant=tenant, kind="test", payload={}, pending_key="k")
    second = job_queue.enqueue(tenant=tenant, kind="test", payload={}, pending_key="k")
    assert first.pk == second.pk
    claimed(first)
    third = job_queue.enqueue(tenant=tenant, kind="test", payload={}, pending_key="k")
    assert third.pk != first.pk


def test_a_job_is_not_claimed_before_it_is_due():
    JobFactory(run_at=job_queue.database_now() + timedelta(hours=1))
    assert claims.claim() is None


def test_jobs_with_the_same_lock_key_run_one_at_a_time():
    first, second, other = (
        JobFactory(lock_key="m"), JobFactory(lock_key="m"), JobFactory(lock_key="n"),
    )  # fmt: skip
    run = claimed(first)
    assert take(second) is None
    assert claimed(other)
    with run.completion():
        pass
    assert claimed(second)


def test_an_expired_lease_is_claimed_again_and_the_old_worker_fenced_off():
    job = JobFactory(lock_key="m")
    stale = claimed(job)
    expire_lease(job)
    current = claimed(job)
    assert current.token == stale.token + 1
    with pytest.raises(LeaseLost):
        stale.renew()
    with pytest.raises(LeaseLost), stale.completion():
        TenantFactory(slug="written-by-a-stale-worker")
    assert not Tenant.objects.filter(slug="written-by-a-stale-worker").exists()
    with current.completion():
        TenantFactory(slug="written-by-the-new-worker")
    assert Tenant.objects.filter(slug="written-by-the-new-worker").exists()


def test_a_job_with_an_expired_lease_keeps_its_lock():
    job, other = JobFactory(lock_key="m"), JobFactory(lock_key="m")
    claimed(job)
    expire_lease(job)
    assert take(other) is None


def test_renewing_extends_the_lease_and_saves_the_progress():
    job = JobFactory()
    run = claimed(job)
    expire_lease(job)
    run.renew(Page(page=3))
    assert claims.claim() is None
    job.refresh_from_db()
    assert job.progress == {"page": 3}


def test_a_failed_job_is_retried_later(handler: Callable[[Handler], None]):
    def fail(run: JobRun) -> None:
        raise errors.VendorRateLimited(retry_after=120)

    handler(fail)
    job = JobFactory()
    runner.drain()
    job.refresh_from_db()
    wait = job.run_at - job_queue.database_now()
    assert job.state == JobState.READY
    assert timedelta(seconds=100) < wait <= timedelta(seconds=120)
    assert job.last_error.startswith("vendor_rate_limited")


def test_a_dead_job_has_its_reason(handler: Callable[[Handler], None]):
    def fail(run: JobRun) -> None:
        raise errors.VendorRefused("The data is wrong.")

    handler(fail)
    job = JobFactory()
    runner.drain()
    job.refresh_from_db()
    assert (job.state, job.last_error) == (
        JobState.DEAD,
        "vendor_refused: The data is wrong.",
    )
    handler(lambda run: None)
    assert requeue.requeue(job)
    assert runner.drain() == 1
    job.refresh_from_db()
    assert job.state == JobState.DONE


def test_a_job_that_kills_every_worker_is_marked_dead(handler: Callable[[Handler], None]):
    job = JobFactory(max_attempts=2)
    for _ in range(2):
        claimed(job)
        expire_lease(job)
    assert claims.claim() is None
    job.refresh_from_db()
    assert job.state == JobState.DEAD
    assert "died" in job.last_error


def test_jobs_whose_workers_die_twice_wait_with_backoff():
    """Or the one that kills workers would take along, five times, whoever runs beside it."""
    job = JobFactory()
    for _ in range(2):
        claimed(job)
        expire_lease(job)
    assert claims.claim() is None
    job.refresh_from_db()
    assert (job.state, job.attempts, job.last_error) == (JobState.READY, 2, "its worker died")
    assert job.lease_until is None
    Job.objects.filter(pk=job.pk).update(run_at=job_queue.database_now())
    assert claimed(job).job.attempts == 3


def test_the_reason_of_an_unexpected_error_has_no_details(handler: Callable[[Handler], None]):
    def fail(run: JobRun) -> None:
        raise ValueError("account 12345678")

    handler(fail)
    job = JobFactory(max_attempts=1)
    runner.drain()
    job.refresh_from_db()
    assert job.state == JobState.DEAD
    assert "ValueError" in job.last_error
    assert "12345678" not in job.last_error


def test_rescheduling_costs_no_attempt(handler: Callable[[Handler], None]):
    def later(run: JobRun) -> None:
        raise Reschedule(0)

    handler(later)
    job = JobFactory(max_attempts=1)
    for _ in range(5):
        assert runner.run_next()
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.READY, 0)


def test_a_retry_is_merged_with_a_waiting_job_of_its_key(handler: Callable[[Handler], None]):
    job = JobFactory(pending_key="k")
    run = claimed(job)
    waiting = JobFactory(pending_key="k")
    job_queue.fail(run, errors.VendorUnavailable())
    job.refresh_from_db()
    assert job.state == JobState.MERGED
    waiting.refresh_from_db()
    assert waiting.state == JobState.READY


@pytest.mark.django_db(transaction=True)
def test_many_workers_share_the_work(handler: Callable[[Handler], None]):
    running: set[str] = set()
    ran: list[str] = []
    overlaps: list[str] = []
    guard = threading.Lock()

    def run(job: JobRun) -> None:
        key = str(job.job.lock_key)
        with guard:
            overlaps.extend([key] if key in running else [])
            running.add(key)
        time.sleep(0.002)
        with guard:
            running.discard(key)
            ran.append(str(job.job.pk))

    handler(run)
    tenant = TenantFactory()
    for number in range(60):
        JobFactory(tenant=tenant, lock_key=f"member-{number % 7}")

    def worker() -> None:
        deadline = time.monotonic() + 30
        while Job.objects.exclude(state=JobState.DONE).exists() and time.monotonic() < deadline:
            runner.run_next()

    at_once(6, worker)
    assert sorted(ran) == sorted(str(pk) for pk in Job.objects.values_list("pk", flat=True))
    assert overlaps == []


CRASHING_WORKER = """
    import os, django
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.conf import settings
    from django.db import connection
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = {name!r}
    from integrations.jobs import runner
    def hang(run):
        print("running", flush=True)
        import time
        time.sleep(60)
    runner.HANDLERS["test"] = hang
    runner.run_next()
"""


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_loses_nothing(handler: Callable[[Handler], None]):
    job = JobFactory()
    script = textwrap.dedent(CRASHING_WORKER).format(name=str(connection.settings_dict["NAME"]))
    environment = os.environ | {"JOB_LEASE_SECONDS": "600"}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "running\n"
        worker.send_signal(signal.SIGKILL)
    handler(lambda run: None)
    assert runner.drain() == 0  # the dead worker still holds it
    Job.objects.update(lease_until=job_queue.database_now() - timedelta(seconds=1))
    assert runner.drain() == 1
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.DONE, 2)
