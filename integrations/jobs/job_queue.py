"""Durable jobs in a table: enqueue, renew, finish, fail; `claims` claims them.

The row is the truth. It is inserted in the transaction that makes the work necessary; a worker
claims it for the length of a lease and takes the next fencing token, and everything it stores is
conditional on still holding that token. Two partial unique indexes do all locking: one running job
per `lock_key`, one ready job per `pending_key`. Brokers, where there are any, only wake workers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string

from integrations.jobs import queries, retry
from integrations.jobs.job_data import JobData
from integrations.models import CredentialHealth, Job, JobState, VendorCredential
from integrations.request_context import current_request_id
from integrations.vendors.errors import VendorNotConfigured
from nucleus.models import Tenant

MAX_WAKE_DELAY_SECONDS = 60.0  # as long as a broker holds messages; the relay sends later ones
CREDENTIAL_GRACE_SECONDS = 60.0  # a credential may be saved while a job that lacked it is running
CLOCK_TOLERANCE_SECONDS = 1.0  # by which a message may be early, because machines' clocks differ
MAX_ENQUEUE_TRIES = 10  # others may enqueue and claim the same work at the same time

Progress = TypeVar("Progress", bound=JobData)


class LeaseLost(Exception):
    """Another worker has claimed this job; nothing more may be committed for it."""


class Reschedule(Exception):
    """Raised by a handler: the job is to be continued after `delay` seconds. Costs no attempt.

    Args:
        reason: the job's last error, for staff; None leaves the previous one.
    """

    def __init__(self, delay: float, reason: str | None = None) -> None:
        super().__init__(f"again in {delay} s")
        self.delay = delay
        self.reason = reason


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of a claimed job; everything it writes depends on its fencing token."""

    job: Job
    token: int
    started_at: float = field(default_factory=time.monotonic)

    @property
    def tenant(self) -> Tenant:
        return self.job.tenant

    def progress(self, progress_type: type[Progress]) -> Progress:
        """What earlier runs of the job, and this one, have recorded."""
        return progress_type.from_json(self.job.progress)

    def renew(self, progress: JobData | None = None) -> None:
        """Extend the lease; in a transaction, whatever else it writes depends on the lease.

        Args:
            progress: recorded with it; fields that are None keep their values.

        Raises LeaseLost.
        """
        values: dict[str, Any] = {"lease_until": database_now() + lease()}
        if progress is not None:
            values["progress"] = self.job.progress | progress.to_json()
        self._update(**values)
        self.job.progress = values.get("progress", self.job.progress)

    def yield_turn(self) -> None:
        """Raise Reschedule if the run has taken JOB_TURN_SECONDS, so that other jobs get a turn.

        For handlers of long jobs, between two steps of which the first is in the progress. It also
        keeps them within the time limits of workers.
        """
        if time.monotonic() - self.started_at >= settings.JOB_TURN_SECONDS:
            raise Reschedule(0)

    @contextmanager
    def completion(self) -> Iterator[None]:
        """The job's last transaction: what is written in it commits together with `done`.

        Raises LeaseLost; then nothing is written.
        """
        with transaction.atomic():
            self._update(state=JobState.DONE, finished_at=database_now(), lease_until=None)
            self.job.state = JobState.DONE
            yield

    def _update(self, **values: Any) -> None:
        claimed = Job.objects.filter(pk=self.job.pk, token=self.token, state=JobState.RUNNING)
        if not claimed.update(**values):
            raise LeaseLost(str(self.job))


def database_now() -> datetime:
    """The database's time: workers' clocks differ, and a fast one must not take others' leases."""
    if connection.vendor != "postgresql":
        return timezone.now()  # SQLite has this machine's clock
    return queries.database_clock()


def enqueue(
    *,
    tenant: Tenant,
    kind: str,
    payload: dict[str, Any],
    lock_key: str | None = None,
    pending_key: str | None = None,
    delay: float = 0,
    max_attempts: int = 5,
    calls_vendor: bool = True,
) -> Job:
    """Insert a job in the caller's transaction; workers are woken after it commits.

    Args:
        lock_key: jobs with the same key never run at the same time.
        pending_key: while a job with this key is waiting, that job is returned instead.
        delay: seconds before it is due.
        calls_vendor: at most settings.VENDOR_CONCURRENCY of a tenant's do so at the same time.
    """
    if pending_key is not None and (waiting := queries.waiting(pending_key)):
        return waiting
    now = database_now()
    job = Job(
        tenant=tenant,
        kind=kind,
        payload=payload,
        lock_key=lock_key,
        pending_key=pending_key,
        run_at=now + timedelta(seconds=delay),
        max_attempts=max_attempts,
        slot_group=str(tenant.pk) if calls_vendor else None,
        request_id=current_request_id.get()[:64],
    )
    for _ in range(MAX_ENQUEUE_TRIES):
        Job.objects.bulk_create([job], ignore_conflicts=True)
        if pending_key is None or Job.objects.filter(pk=job.pk).exists():
            break
        if waiting := queries.waiting(pending_key):
            return waiting  # otherwise it has just been claimed
    else:
        raise OperationalError(f"{kind} could not be queued")
    wake(job, delay)
    return job


def wake(job: Job, delay: float = 0.0) -> None:
    """Notify workers of a job when the transaction has committed; never blocks.

    Args:
        delay: seconds until it is due. Beyond MAX_WAKE_DELAY_SECONDS nothing is sent: the relay and
            polling workers find the job in the table when it is due.
    """
    if settings.JOB_WAKER and delay <= MAX_WAKE_DELAY_SECONDS:
        waker = import_string(settings.JOB_WAKER)
        message = {"job_id": job.pk, "kind": job.kind, "delay": max(delay, 0.0)}
        transaction.on_commit(lambda: waker(**message), robust=True)


def wake_if_early(job_id: UUID) -> None:
    """Send the job's message again if it arrived slightly before the job is due."""
    job = Job.objects.filter(pk=job_id, state=JobState.READY).first()
    if job is not None:
        remaining = (job.run_at - database_now()).total_seconds()
        if 0 < remaining <= CLOCK_TOLERANCE_SECONDS:
            wake(job, remaining)


def reschedule(run: JobRun, request: Reschedule) -> None:
    """Return the job to the queue with the delay that its handler asked for."""
    reason = run.job.last_error if request.reason is None else request.reason
    return_to_queue(run, request.delay, reason, refund_attempt=True)


def fail(run: JobRun, error: BaseException) -> retry.Decision:
    """Retry the job later or mark it dead, as integrations.jobs.retry decides."""
    decision = retry.decide(
        error,
        attempts=run.job.attempts,
        max_attempts=run.job.max_attempts,
        age=database_now() - run.job.create_date,
    )
    if decision.delay is None:
        mark_dead(run.job, decision.reason)
        return decision
    if decision.postponed_by and not _is_still_blocked(run.job, decision.postponed_by, error):
        # The credential was changed, or the pause ended, while the job was running.
        decision = replace(decision, delay=retry.backoff(1))
    return_to_queue(
        run,
        decision.delay or 0,
        decision.reason,
        refund_attempt=not decision.spend_attempt,
        postponed_by=decision.postponed_by,
    )
    return decision


def _is_still_blocked(job: Job, vendor: str, error: BaseException) -> bool:
    """Whether the cause that postpones the job still exists."""
    if not isinstance(error, VendorNotConfigured):
        return _is_paused(job, vendor)
    # An active credential that cannot be used must not be tried every few seconds for days.
    since = timezone.now() - timedelta(seconds=CREDENTIAL_GRACE_SECONDS)
    saved = VendorCredential.unscoped.filter(
        tenant=job.tenant_id, vendor=vendor, is_active=True, update_date__gt=since
    )
    return not saved.exists()


def _is_paused(job: Job, vendor: str) -> bool:
    health = CredentialHealth.objects.filter(retry_at__gt=timezone.now())
    return health.filter(
        credential__tenant=job.tenant_id, credential__vendor=vendor, credential__is_active=True
    ).exists()


def return_to_queue(
    run: JobRun, delay: float, reason: str, *, refund_attempt: bool, postponed_by: str = ""
) -> None:
    """Make the job ready again, or merge it with a job of the same key that is waiting already.

    Does nothing if another worker has claimed the job.

    Args:
        delay: seconds until it is due.
        reason: its last error, for staff.
        refund_attempt: this run does not count as an attempt.
        postponed_by: see retry.Decision.
    """
    claimed = Job.objects.filter(pk=run.job.pk, token=run.token, state=JobState.RUNNING)
    values: dict[str, Any] = {
        "lease_until": None, "last_error": reason, "postponed_by": postponed_by
    }  # fmt: skip
    if refund_attempt:
        values["attempts"] = F("attempts") - 1
    try:
        with transaction.atomic():
            run_at = database_now() + timedelta(seconds=delay)
            if claimed.update(state=JobState.READY, run_at=run_at, **values):
                wake(run.job, delay)
    except IntegrityError:  # a job with the same pending key is waiting
        claimed.update(state=JobState.MERGED, finished_at=database_now(), **values)


def mark_dead(job: Job, reason: str) -> None:
    """Set the job's state to dead, unless another worker has claimed it."""
    Job.objects.filter(pk=job.pk, token=job.token, state=job.state).update(
        state=JobState.DEAD, finished_at=database_now(), lease_until=None, last_error=reason
    )


def lease() -> timedelta:
    """How long a claim or a renewal lasts."""
    return timedelta(seconds=settings.JOB_LEASE_SECONDS)
