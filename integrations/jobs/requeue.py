"""Running jobs sooner: those put off because of a vendor's keys, and those that staff run again."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from integrations.jobs.job_queue import database_now, wake
from integrations.models import Job, JobState

MAX_WOKEN = 500  # at once; the relay and polling workers find the others


def release(*, tenant_id: UUID, vendor: str) -> int:
    """Make due now what was put off because of the tenant's keys at `vendor`; how many.

    For when the keys work again or were changed.
    """
    rows = Job.objects.filter(tenant=tenant_id, state=JobState.READY, postponed_by=vendor)
    jobs = list(rows.only("pk", "kind").order_by("run_at")[:MAX_WOKEN])
    if not jobs:
        return 0
    count = rows.update(run_at=database_now(), postponed_by="")
    for job in jobs:
        wake(job)
    return count


class Requeued(enum.Enum):
    """What became of a job that staff wants to run now."""

    RUNS = "runs"
    MERGED = "merged"  # the same work was waiting already, and runs now


def requeue(job: Job) -> Requeued | None:
    """Make a dead job (with all its attempts) or a waiting one due now; None: it is neither."""
    if run_now(job):
        return Requeued.RUNS
    dead = Job.objects.filter(pk=job.pk, state=JobState.DEAD)
    values = {"state": JobState.READY, "run_at": database_now(), "attempts": 0, "postponed_by": ""}
    try:
        with transaction.atomic():
            revived = dead.update(finished_at=None, **values)
    except IntegrityError:
        dead.update(state=JobState.MERGED)
        _run_now(Job.objects.filter(pending_key=job.pending_key, state=JobState.READY))
        return Requeued.MERGED
    if not revived:
        return None
    wake(job)
    return Requeued.RUNS


def requeue_all(jobs: Iterable[Job]) -> str:
    """Requeue each; what came of it, in a sentence for staff."""
    counts = Counter(requeue(job) for job in jobs)
    words = f"{counts[Requeued.RUNS]} jobs will run again now"
    if merged := counts[Requeued.MERGED]:
        words += f"; {merged} were merged with the same work that was waiting and runs now"
    return f"{words}."


def run_now(job: Job, **changes: Any) -> bool:
    """Make a waiting job due at once, whatever it waits for; false when it does not wait.

    Args:
        changes: other columns to set.
    """
    return _run_now(Job.objects.filter(pk=job.pk, state=JobState.READY), **changes)


def _run_now(waiting: QuerySet[Job], **changes: Any) -> bool:
    job = waiting.first()
    if job is None or not waiting.update(run_at=database_now(), postponed_by="", **changes):
        return False
    wake(job)
    return True
