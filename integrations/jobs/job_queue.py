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

from integrations.jobs import retry
from integrations.jobs.job_data import JobData
from integrations.models import CredentialHealth, Job, JobState, VendorCredential
from integrations.request_context import current_request_id
from integrations.vendors.errors import VendorNotConfigured
from nucleus.models import Tenant

WAKE_AHEAD_SECONDS = (
    60.0  # a broker holds messages for jobs due so soon; later ones are the relay's
)
JUST_SAVED_SECONDS = 60.0  # keys may have been entered while the job that lacked them was running
EARLY_SECONDS = 1.0  # by which a message may come too soon, because machines' clocks differ
ENQUEUE_TRIES = 10  # others may enqueue and claim the same work at the same time
# Asked for every webhook; Django would take longer to compile it than the database to answer it.
WAITING = """
    SELECT id, kind, state, progress, token FROM integrations_job
    WHERE pending_key = %s AND state = 'ready'
"""


Progress = TypeVar("Progress", bound=JobData)


class LeaseLost(Exception):
    """Another worker has this job now; whatever was not committed must not be."""


class Reschedule(Exception):
    """Raised by a handler: not done yet, look again after `delay` seconds. Costs no attempt.

    Args:
        reason: what staff should read as the job's last error, if something went wrong.
    """

    def __init__(self, delay: float, reason: str | None = None) -> None:
        super().__init__(f"again in {delay} s")
        self.delay = delay
        self.reason = reason


@dataclass(frozen=True, slots=True)
class JobRun:
    """A claimed job, as its handler sees it."""

    job: Job
    token: int
    began: float = field(default_factory=time.monotonic)

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

    def rest(self) -> None:
        """Let others have their turn after a while; the rest of the work follows in another run.

        For handlers of long jobs, between two steps of which the first is in `progress`. It also
        keeps them well within the time limits of workers. Raises Reschedule.
        """
        if time.monotonic() - self.began >= settings.JOB_TURN_SECONDS:
            raise Reschedule(0)

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """The last transaction of the job: what is written in it and `done` stand or fall together.

        Raises LeaseLost, and then nothing is written.
        """
        with transaction.atomic():
            self._update(state=JobState.DONE, finished_at=database_now(), lease_until=None)
            self.job.state = JobState.DONE
            yield

    def _update(self, **values: Any) -> None:
        mine = Job.objects.filter(pk=self.job.pk, token=self.token, state=JobState.RUNNING)
        if not mine.update(**values):
            raise LeaseLost(str(self.job))


def database_now() -> datetime:
    """The database's clock: workers' clocks differ, and leases must not be stolen for it."""
    if connection.vendor != "postgresql":
        return timezone.now()  # SQLite has no clock but this machine's
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now


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
        pending_key: while a job with this key is waiting, that one is answered instead.
        delay: seconds before it is due.
        calls_vendor: at most settings.VENDOR_CONCURRENCY of a tenant's do so at the same time.
    """
    if waiting := _waiting(pending_key):
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
    for _ in range(ENQUEUE_TRIES):
        Job.objects.bulk_create([job], ignore_conflicts=True)
        if pending_key is None or Job.objects.filter(pk=job.pk).exists():
            break
        if waiting := _waiting(pending_key):
            return waiting  # else it was claimed in this very moment
    else:
        raise OperationalError(f"{kind} could not be queued")
    wake(job, delay)
    return job


def _waiting(pending_key: str | None) -> Job | None:
    """The job that makes another needless: whoever claims it will read later than now."""
    if pending_key is None:
        return None
    return next(iter(Job.objects.raw(WAITING, [pending_key])), None)


def wake(job: Job, delay: float = 0.0) -> None:
    """Tell workers about a job once the transaction has committed; never blocks.

    Args:
        delay: seconds until it is due. Beyond WAKE_AHEAD_SECONDS nothing is sent: the relay and
            polling workers find the job in the table when its time comes.
    """
    if settings.JOB_WAKER and delay <= WAKE_AHEAD_SECONDS:
        waker = import_string(settings.JOB_WAKER)
        message = {"job_id": job.pk, "kind": job.kind, "delay": max(delay, 0.0)}
        transaction.on_commit(lambda: waker(**message), robust=True)


def wake_if_early(job_id: UUID) -> None:
    """Publish the job again when its message arrived slightly before it is due."""
    job = Job.objects.filter(pk=job_id, state=JobState.READY).first()
    if job is not None:
        left = (job.run_at - database_now()).total_seconds()
        if 0 < left <= EARLY_SECONDS:
            wake(job, left)


def reschedule(run: JobRun, later: Reschedule) -> None:
    """Back to ready, due after its delay, the attempt given back."""
    reason = run.job.last_error if later.reason is None else later.reason
    make_ready(run, later.delay, reason=reason, give_back=True)


def fail(run: JobRun, error: BaseException) -> retry.Decision:
    """Back to ready, or dead with its reason; see integrations.jobs.retry."""
    decision = retry.decide(
        error,
        attempts=run.job.attempts,
        max_attempts=run.job.max_attempts,
        age=database_now() - run.job.create_date,
    )
    if decision.delay is None:
        bury(run.job, decision.reason)
        return decision
    if decision.postponed_by and not _must_wait(run.job, decision.postponed_by, error):
        # The keys were changed, or the pause ended, while the job was running.
        decision = replace(decision, delay=retry.backoff(1))
    make_ready(
        run,
        decision.delay or 0,
        decision.reason,
        give_back=not decision.spend_attempt,
        postponed_by=decision.postponed_by,
    )
    return decision


def _must_wait(job: Job, vendor: str, error: BaseException) -> bool:
    if not isinstance(error, VendorNotConfigured):
        return _is_paused(job, vendor)
    # Keys that are active and yet unusable must not be tried every few seconds for days.
    just_now = timezone.now() - timedelta(seconds=JUST_SAVED_SECONDS)
    saved = VendorCredential.unscoped.filter(
        tenant=job.tenant_id, vendor=vendor, is_active=True, update_date__gt=just_now
    )
    return not saved.exists()


def _is_paused(job: Job, vendor: str) -> bool:
    health = CredentialHealth.objects.filter(retry_at__gt=timezone.now())
    return health.filter(
        credential__tenant=job.tenant_id, credential__vendor=vendor, credential__is_active=True
    ).exists()


def make_ready(
    run: JobRun, delay: float, reason: str, *, give_back: bool, postponed_by: str = ""
) -> None:
    """Back to ready, or merged with the same work that is waiting already."""
    mine = Job.objects.filter(pk=run.job.pk, token=run.token, state=JobState.RUNNING)
    values: dict[str, Any] = {
        "lease_until": None, "last_error": reason, "postponed_by": postponed_by
    }  # fmt: skip
    if give_back:
        values["attempts"] = F("attempts") - 1
    try:
        with transaction.atomic():
            run_at = database_now() + timedelta(seconds=delay)
            if mine.update(state=JobState.READY, run_at=run_at, **values):
                wake(run.job, delay)
    except IntegrityError:  # the same work is waiting already
        mine.update(state=JobState.MERGED, finished_at=database_now(), **values)


def bury(job: Job, reason: str) -> None:
    """Dead, unless somebody has taken it since."""
    Job.objects.filter(pk=job.pk, token=job.token, state=job.state).update(
        state=JobState.DEAD, finished_at=database_now(), lease_until=None, last_error=reason
    )


def lease() -> timedelta:
    """How long a claim or a renewal is good for."""
    return timedelta(seconds=settings.JOB_LEASE_SECONDS)
