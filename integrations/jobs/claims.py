"""Claims: which job a worker runs next, taken with a lease and a fencing token; see job_queue."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from integrations.jobs import job_queue, queries, retry
from integrations.jobs.job_queue import JobRun
from integrations.models import Job, JobState
from nucleus.models import Tenant

MAX_ROUNDS = 6  # then the claim gives up, because other workers are always faster
MAX_STATEMENTS = 200  # of one search: 10,000 pairs of tenant and kind
CANDIDATES_PER_ROUND = 10  # other workers may claim the first ones in the meantime
FIRST = (UUID(int=0), "")

# Where this process's next search begins: after the tenant whose job it claimed last. Processes
# begin at different places.
_after: tuple[UUID, str] = (uuid4(), "")


def claim(*, kinds: Collection[str] | None = None) -> JobRun | None:
    """Claim the next due job; None if there is none to claim.

    Jobs whose lease has expired come first. If their worker has died twice, they wait with backoff
    like jobs that failed. Then tenants take turns, so one with a long queue does not make others
    wait; a tenant's own jobs are claimed in the order in which they are due.

    Args:
        kinds: only jobs of these kinds, if not None.
    """
    for number in range(MAX_ROUNDS):
        now = job_queue.database_now()
        expired = queries.expired(now, CANDIDATES_PER_ROUND, kinds)
        candidates = expired or _next_of_tenants(now, kinds, contended=number > 0)
        if not candidates:
            return None
        for job in _with_tenants(candidates):
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
            elif (run := take(job, now)) is not None:
                _continue_after(job)
                return run
    return None


def due(limit: int, slot_group: str | None = None) -> list[Job]:
    """The jobs that a worker could claim now, of one group if not None. Locks nothing."""
    columns = {} if slot_group is None else {"slot_group": slot_group}
    return _with_tenants(queries.due(job_queue.database_now(), limit, **columns))


def _next_of_tenants(now: datetime, kinds: Collection[str] | None, *, contended: bool) -> list[Job]:
    """The first due job of each of the next tenants and kinds; a tenant's longest due job first.

    Args:
        contended: other workers have taken these; choose among the first ones of the next tenant.
    """
    for start in (_after, FIRST):
        after = start
        for _ in range(MAX_STATEMENTS):
            tenant_queues = queries.tenant_queues(now, after, kinds)
            jobs = [queue.job for queue in tenant_queues if queue.job is not None]
            if jobs:
                tenant_id = jobs[0].tenant_id
                jobs.sort(key=lambda job: (job.tenant_id != tenant_id, job.run_at, job.pk))
                if contended:
                    first = queries.due(
                        now, CANDIDATES_PER_ROUND, tenant_id=tenant_id, kind=jobs[0].kind
                    )
                    random.shuffle(first)
                    return first + jobs
                return jobs[:CANDIDATES_PER_ROUND]
            if len(tenant_queues) < queries.QUEUES_PER_STATEMENT:
                break
            after = (tenant_queues[-1].tenant_id, tenant_queues[-1].kind)
    return []


def _continue_after(job: Job) -> None:
    global _after  # noqa: PLW0603 - threads may overwrite each other's place; any place is good
    _after = (UUID(int=(job.tenant_id.int + 1) % 2**128), "")


def _with_tenants(jobs: list[Job]) -> list[Job]:
    for job in jobs:
        job.tenant = Tenant.of_id(job.tenant_id)
    return jobs


def take(job: Job, now: datetime) -> JobRun | None:
    """Claim this job, which is due; None if another worker was faster or holds the lock key."""
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
