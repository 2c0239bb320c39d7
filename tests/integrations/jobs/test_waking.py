"""When workers are woken: after the commit, for the time at which the job is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from integrations.jobs import job_queue, requeue, runner
from integrations.jobs.job_queue import JobRun, Reschedule
from integrations.vendors import errors
from nucleus.models import Tenant
from tests.factories.integrations import JobFactory

Handler = Callable[[JobRun], None]
pytestmark = pytest.mark.django_db


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], None]:
    """Register what jobs of kind "test" do."""
    return lambda function: monkeypatch.setitem(runner.HANDLERS, "test", function)


@pytest.fixture
def woken(settings: Any) -> list[Any]:
    settings.JOB_WAKER = f"{__name__}.record_wake"
    WOKEN.clear()
    return WOKEN


WOKEN: list[Any] = []


def record_wake(**about: Any) -> None:
    WOKEN.append(about)


def test_workers_are_woken_after_the_commit_only(
    woken: list[Any], tenant: Tenant, django_capture_on_commit_callbacks: Any
):
    with django_capture_on_commit_callbacks(execute=True):
        job = job_queue.enqueue(tenant=tenant, kind="test", payload={})
        assert woken == []
    assert woken == [{"job_id": job.pk, "kind": "test", "delay": 0}]


def test_messages_have_the_delay_of_the_job(
    woken: list[Any], tenant: Tenant, handler: Any, django_capture_on_commit_callbacks: Any
):
    """Later than MAX_WAKE_DELAY_SECONDS is left to the relay."""

    def later(run: JobRun) -> None:
        raise Reschedule(3)

    handler(later)
    with django_capture_on_commit_callbacks(execute=True):
        job = job_queue.enqueue(tenant=tenant, kind="test", payload={}, delay=0.5)
        job_queue.enqueue(tenant=tenant, kind="test", payload={}, delay=3600)
    assert [message["delay"] for message in woken] == [0.5]
    assert requeue.run_now(job)
    with django_capture_on_commit_callbacks(execute=True):
        runner.run_next()
    assert [message["delay"] for message in woken[1:]] == [3]


def test_a_failed_job_wakes_workers_when_it_is_due(
    woken: list[Any], handler: Any, django_capture_on_commit_callbacks: Any
):
    def fail(run: JobRun) -> None:
        raise errors.VendorBusy

    handler(fail)
    JobFactory()
    with django_capture_on_commit_callbacks(execute=True):
        runner.drain()
    assert [message["delay"] for message in woken] == [5]


def test_a_message_that_is_slightly_early_is_sent_again(
    woken: list[Any], django_capture_on_commit_callbacks: Any
):
    now = job_queue.database_now()
    soon, later = (JobFactory(run_at=now + timedelta(seconds=seconds)) for seconds in (0.8, 9))
    with django_capture_on_commit_callbacks(execute=True):
        for job in (soon, later):
            job_queue.wake_if_early(job.pk)
    assert [message["job_id"] for message in woken] == [soon.pk]
    assert 0 < woken[0]["delay"] <= 0.8
