"""One named task per kind of job. A task runs the next due job of its kind's queue.

That is not always the job that the message was sent for: messages of one tenant's thousand jobs
arrive before those of others, but tenants take turns (integrations.jobs.claims).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import Task

from celery_app.app import app
from integrations.jobs import claims, job_queue, runner
from integrations.jobs.job_kind import JobKind, Queue
from integrations.jobs.kinds import KINDS
from integrations.models import Job

KINDS_OF_QUEUE = {
    queue: frozenset(name for name, kind in KINDS.items() if kind.queue == queue) for queue in Queue
}


def _task(kind: JobKind[Any]) -> Task[Any, Any]:
    def run(job_id: str) -> None:
        job = runner.run_next(kinds=KINDS_OF_QUEUE[kind.queue])
        if job is None:
            job_queue.wake_if_early(UUID(job_id))
        else:
            _wake_next(job)

    return app.task(name=f"gateway.{kind.name}")(run)


def _wake_next(job: Job) -> None:
    """Wake a job that could not be claimed while this one ran.

    Jobs of the same connection, and those beyond a tenant's VENDOR_CONCURRENCY, were not claimed
    when their messages arrived. The relay would only find them seconds later.
    """
    if job.slot_group is not None:
        for waiting in claims.due(1, slot_group=job.slot_group):
            job_queue.wake(waiting)


TASKS = {name: _task(kind) for name, kind in KINDS.items()}
