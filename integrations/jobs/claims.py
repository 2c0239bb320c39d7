"""Which job is next: claiming by lease and fencing token; see job_queue."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from integrations import sql
from integrations.jobs import job_queue, retry
from integrations.jobs.job_queue import JobRun
from integrations.models import Job, JobState
from nucleus.models import Tenant

CLAIM_LOOKS = 4  # at the queue, before a claim gives up because others are always faster
AT_ONCE = 5  # jobs a look brings: the first may be somebody else's a moment later
# As text because every worker asks all the time, and compiling it takes longer than answering.
# A lapsed job keeps its slot.
CLAIMABLE = """
    SELECT job.* FROM integrations_job job
    WHERE {state}
        AND (job.lock_key IS NULL OR NOT EXISTS (
            SELECT 1 FROM integrations_job holder
            WHERE holder.state = 'running' AND holder.lock_key = job.lock_key
                AND holder.id <> job.id))
        AND (job.slot_group IS NULL OR job.state = 'running' OR %s > (
            SELECT count(*) FROM integrations_job other
            WHERE other.state = 'running' AND other.slot_group = job.slot_group))
        {only}
    ORDER BY {order}, job.id LIMIT %s
"""
LAPSED = {"state": "job.state = 'running' AND job.lease_until < %s", "order": "job.lease_until"}
DUE = {"state": "job.state = 'ready' AND job.run_at <= %s", "order": "job.run_at"}


def claim(*, job_id: UUID | None = None) -> JobRun | None:
    """Take the next due job (or that one), or None.

    Lapsed leases come first. One whose worker has died twice waits like any that failed.
    """
    for _ in range(CLAIM_LOOKS):
        now = job_queue.database_now()
        only = {} if job_id is None else {"id": job_id}
        jobs = _due(now, AT_ONCE, **only)
        if not jobs:
            return None
        for job in jobs:
            if job.attempts >= job.max_attempts:
                job_queue.bury(job, "its worker died on every attempt")
            elif job.state == JobState.RUNNING and job.attempts > 1:
                # Either it kills workers or it runs beside one that does: apart, the others live.
                lapsed = JobRun(job=job, token=job.token)
                delay = retry.backoff(job.attempts)
                job_queue.make_ready(lapsed, delay, "its worker died", give_back=False)
            elif (run := _take(job, now)) is not None:
                return run
    return None


def due(limit: int, slot_group: str | None = None) -> list[Job]:
    """Jobs (of that group) that a worker could claim now, locking nothing."""
    only = {} if slot_group is None else {"slot_group": slot_group}
    return _due(job_queue.database_now(), limit, **only)


def _due(now: datetime, limit: int, **only: Any) -> list[Job]:
    """Jobs that can be claimed at `now`, lapsed leases first.

    Args:
        only: columns and the values that they must have.
    """
    narrowed = " ".join(f"AND job.{column} = %s" for column in only)
    wanted = [sql.parameter(Job, column, value) for column, value in only.items()]
    jobs: list[Job] = []
    for kind, since in ((LAPSED, "lease_until"), (DUE, "run_at")):
        values = [sql.parameter(Job, since, now), settings.VENDOR_CONCURRENCY, *wanted]
        statement = CLAIMABLE.format(**kind, only=narrowed)
        jobs += Job.objects.raw(statement, [*values, limit - len(jobs)])
    for job in jobs:
        job.tenant = Tenant.of_id(job.tenant_id)
    return jobs


def _take(job: Job, now: datetime) -> JobRun | None:
    """Compare-and-swap to running; None when somebody else was faster or holds the lock key."""
    mine = Job.objects.filter(pk=job.pk, token=job.token, state=job.state)
    try:
        with transaction.atomic():
            taken = mine.update(
                state=JobState.RUNNING,
                token=F("token") + 1,
                attempts=F("attempts") + 1,
                lease_until=now + job_queue.lease(),
                slot=job.slot if job.state == JobState.RUNNING else _free_slot(job),
            )
    except IntegrityError:
        return None
    if not taken:
        return None
    job.state, job.attempts, job.token = JobState.RUNNING, job.attempts + 1, job.token + 1
    return JobRun(job=job, token=job.token)


def _free_slot(job: Job) -> str | None:
    """A place among the running jobs of its group; a unique index refuses one that is taken."""
    if job.slot_group is None:
        return None
    running = Job.objects.filter(state=JobState.RUNNING, slot_group=job.slot_group)
    taken = set(running.values_list("slot", flat=True))
    names = (f"{job.slot_group}:{number}" for number in range(settings.VENDOR_CONCURRENCY))
    return next((name for name in names if name not in taken), f"{job.slot_group}:0")
