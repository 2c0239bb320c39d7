"""Claims: which job a worker runs next, taken with a lease and a fencing token; see job_queue."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from integrations.jobs import job_queue, queries, retry
from integrations.jobs.job_queue import JobRun
from integrations.models import Job, JobState
from nucleus.models import Tenant

MAX_ROUNDS = 4  # then the claim gives up, because other workers are always faster
CANDIDATES_PER_ROUND = 5  # other workers may claim the first ones in the meantime


def claim(*, job_id: UUID | None = None) -> JobRun | None:
    """Claim the next due job, or the job with that id; None if there is none to claim.

    Jobs whose lease has expired come first. If their worker has died twice, they wait with backoff
    like jobs that failed.
    """
    for _ in range(MAX_ROUNDS):
        now = job_queue.database_now()
        candidates = _with_tenants(queries.claimable(now, CANDIDATES_PER_ROUND, job_id=job_id))
        if not candidates:
            return None
        for job in candidates:
            if job.attempts >= job.max_attempts:
                job_queue.mark_dead(job, "its worker died on every attempt")
            elif job.state == JobState.RUNNING and job.attempts > 1:
                # This job, or one beside it, kills workers. Backoff keeps it from killing other
                # jobs' workers.
                expired_run = JobRun(job=job, token=job.token)
                delay = retry.backoff(job.attempts)
                job_queue.return_to_queue(
                    expired_run, delay, "its worker died", refund_attempt=False
                )
            elif (run := _try_claim(job, now)) is not None:
                return run
    return None


def due(limit: int, slot_group: str | None = None) -> list[Job]:
    """The jobs that a worker could claim now, of one group if not None. Locks nothing."""
    return _with_tenants(queries.claimable(job_queue.database_now(), limit, slot_group=slot_group))


def _with_tenants(jobs: list[Job]) -> list[Job]:
    for job in jobs:
        job.tenant = Tenant.of_id(job.tenant_id)
    return jobs


def _try_claim(job: Job, now: datetime) -> JobRun | None:
    """Compare and swap to running; None if another worker was faster or holds the lock key."""
    unchanged = Job.objects.filter(pk=job.pk, token=job.token, state=job.state)
    try:
        with transaction.atomic():
            updated = unchanged.update(
                state=JobState.RUNNING,
                token=F("token") + 1,
                attempts=F("attempts") + 1,
                lease_until=now + job_queue.lease(),
                slot=job.slot if job.state == JobState.RUNNING else _free_slot(job),
            )
    except IntegrityError:
        return None
    if not updated:
        return None
    job.state, job.attempts, job.token = JobState.RUNNING, job.attempts + 1, job.token + 1
    return JobRun(job=job, token=job.token)


def _free_slot(job: Job) -> str | None:
    """A free slot of the job's group. If another job takes it first, a unique index refuses it."""
    if job.slot_group is None:
        return None
    running = Job.objects.filter(state=JobState.RUNNING, slot_group=job.slot_group)
    taken = set(running.values_list("slot", flat=True))
    names = (f"{job.slot_group}:{number}" for number in range(settings.VENDOR_CONCURRENCY))
    return next((name for name in names if name not in taken), f"{job.slot_group}:0")
