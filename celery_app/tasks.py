"""One named task per kind of job; it claims the job with its id and runs it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import Task

from celery_app.app import app
from integrations.jobs import claims, job_queue, runner
from integrations.jobs.kinds import KINDS
from integrations.models import Job


def _task(kind: str) -> Task[Any, Any]:
    def run(job_id: str) -> None:
        job = runner.run_next(job_id=UUID(job_id))
        if job is None:
            job_queue.wake_if_early(UUID(job_id))
        else:
            _wake_next(job)

    return app.task(name=f"gateway.{kind}")(run)


def _wake_next(job: Job) -> None:
    """Wake a job that could not be claimed while this one ran.

    Jobs of the same connection, and those beyond a tenant's VENDOR_CONCURRENCY, were not claimed
    when their messages arrived. The relay would only find them seconds later.
    """
    if job.slot_group is not None:
        for waiting in claims.due(1, slot_group=job.slot_group):
            job_queue.wake(waiting)


TASKS = {name: _task(name) for name in KINDS}
