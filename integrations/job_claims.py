"""Which job is next: claiming by lease and fencing token; see job_queue.py."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from integrations import job_queue, retry
from integrations.job_queue import JobRun
from integrations.models import Job, JobState

CLAIM_TRIES = 20  # candidates looked at before a claim gives up


def claim(*, job_id: UUID | None = None) -> JobRun | None:
    """Take the next due job (or that one), or None.

    Lapsed leases come first. One whose worker has died twice waits like any that failed.
    """
    passed_over: set[UUID] = set()
    if not due(1, job_id):  # an idle worker must not take SQLite's one write lock to learn that
        return None
    for _ in range(CLAIM_TRIES):
        with transaction.atomic():
            now = job_queue.database_now()
            job = (
                _lapsed(now, job_id, passed_over).first() or _due(now, job_id, passed_over).first()
            )
            if job is None:
                return None
            passed_over.add(job.pk)
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


def due(limit: int, job_id: UUID | None = None) -> list[Job]:
    """Jobs that a worker could claim now (or that one, if it could)."""
    now = job_queue.database_now()
    rows = [*_lapsed(now, job_id, set())[:limit], *_due(now, job_id, set())[:limit]]
    return rows[:limit]


def _due(now: datetime, job_id: UUID | None, passed_over: set[UUID]) -> QuerySet[Job]:
    ready = Job.objects.filter(state=JobState.READY, run_at__lte=now)
    return _claimable(ready, job_id, passed_over).order_by("run_at", "id")


def _lapsed(now: datetime, job_id: UUID | None, passed_over: set[UUID]) -> QuerySet[Job]:
    running = Job.objects.filter(state=JobState.RUNNING, lease_until__lt=now)
    return _claimable(running, job_id, passed_over).order_by("lease_until", "id")


def _claimable(rows: QuerySet[Job], job_id: UUID | None, passed_over: set[UUID]) -> QuerySet[Job]:
    holder = Job.objects.filter(state=JobState.RUNNING, lock_key=OuterRef("lock_key"))
    rows = rows.exclude(pk__in=passed_over).select_related("tenant")
    rows = rows.filter(Q(lock_key=None) | ~Exists(holder.exclude(pk=OuterRef("pk"))))
    in_use = (
        Job.objects.filter(state=JobState.RUNNING, slot_group=OuterRef("slot_group"))
        .order_by()
        .values("slot_group")
        .annotate(count=Count("*"))
        .values("count")
    )
    is_free = Q(slot_group=None) | Q(state=JobState.RUNNING)  # a lapsed one keeps its slot
    rows = rows.annotate(in_use=Coalesce(Subquery(in_use), 0))
    rows = rows.filter(is_free | Q(in_use__lt=settings.VENDOR_CONCURRENCY))
    if job_id is not None:
        rows = rows.filter(pk=job_id)
    if connection.in_atomic_block:
        rows = rows.select_for_update(skip_locked=connection.vendor == "postgresql", of=("self",))
    return rows


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
