"""Requeue: make jobs due now that were postponed, are waiting or dead; or cancel them."""

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

MAX_WAKE_UPS = 500  # the relay and polling workers find the other jobs


def release_postponed(*, tenant_id: UUID, vendor: str) -> int:
    """Make the jobs due that wait for the tenant's credential at `vendor`; returns how many.

    Called when the credential was changed, or when calls with it work again.
    """
    rows = Job.objects.filter(tenant=tenant_id, state=JobState.READY, postponed_by=vendor)
    jobs = list(rows.only("pk", "kind").order_by("run_at")[:MAX_WAKE_UPS])
    if not jobs:
        return 0
    count = rows.update(run_at=database_now(), postponed_by="")
    for job in jobs:
        wake(job)
    return count


class Requeued(enum.Enum):
    """What has become of a job that staff requeued."""

    RUNS = "runs"
    MERGED = "merged"  # with a waiting job of the same key, which runs now


def requeue(job: Job) -> Requeued | None:
    """Make a waiting job due now, or a dead one with all its attempts; None if it is neither."""
    if run_now(job):
        return Requeued.RUNS
    dead = Job.objects.filter(pk=job.pk, state=JobState.DEAD)
    values = {"state": JobState.READY, "run_at": database_now(), "attempts": 0, "postponed_by": ""}
    try:
        with transaction.atomic():
            updated = dead.update(finished_at=None, **values)
    except IntegrityError:
        dead.update(state=JobState.MERGED)
        _run_now(Job.objects.filter(pending_key=job.pending_key, state=JobState.READY))
        return Requeued.MERGED
    if not updated:
        return None
    wake(job)
    return Requeued.RUNS


def requeue_all(jobs: Iterable[Job]) -> str:
    """Requeue each job; returns a sentence for staff that says how many run or were merged."""
    counts = Counter(requeue(job) for job in jobs)
    summary = f"{counts[Requeued.RUNS]} jobs were requeued and run now"
    if merged := counts[Requeued.MERGED]:
        summary += f"; {merged} were merged with the same work that was waiting and runs now"
    return f"{summary}."


def cancel(job: Job) -> bool:
    """End a waiting or dead job without running it; False if it is neither.

    Its kind must be cancelable.
    """
    jobs = Job.objects.filter(pk=job.pk, state__in=(JobState.READY, JobState.DEAD))
    values = {"state": JobState.CANCELED, "finished_at": database_now(), "postponed_by": ""}
    return bool(jobs.update(**values))


def run_now(job: Job, **changes: Any) -> bool:
    """Make a waiting job due now, whatever it waits for; False if it is not waiting.

    Args:
        changes: values of other columns to set.
    """
    return _run_now(Job.objects.filter(pk=job.pk, state=JobState.READY), **changes)


def _run_now(waiting: QuerySet[Job], **changes: Any) -> bool:
    job = waiting.first()
    if job is None or not waiting.update(run_at=database_now(), postponed_by="", **changes):
        return False
    wake(job)
    return True
