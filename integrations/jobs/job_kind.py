"""Job kinds: what a job does, its queue, the type of its payload and what makes two jobs one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from integrations.jobs import job_queue
from integrations.jobs.job_data import JobData
from integrations.jobs.job_queue import JobRun
from integrations.models import Job
from nucleus.models import Tenant

Payload = TypeVar("Payload", bound=JobData)


class Queue(StrEnum):
    """How urgent a kind of job is; Celery has one queue for each."""

    INTERACTIVE = "interactive"  # a person waits for it
    WEBHOOK = "webhook"  # new data from a vendor, deliveries to tenants
    BULK = "bulk"  # retrievals, reconciliation, erasures


@dataclass(frozen=True, slots=True)
class JobKind(Generic[Payload]):
    """A kind of job; declared beside its handler and listed in integrations.jobs.kinds.

    Args:
        name: stored in the job table, so it cannot change.
        label: what the job does, for staff: a verb and its object.
        handler: does the work. Raises Reschedule to continue later; any other exception is a
            failure, see integrations.jobs.retry.
        key: names the work within tenant and kind. While a job with the same key is waiting, it is
            not enqueued again. None: every job is work of its own.
        calls_vendor: at most settings.VENDOR_CONCURRENCY such jobs of a tenant run at a time.
        max_attempts: the counted runs after which the job is dead.
        is_cancelable: staff may cancel it. False where something would wait for its end for ever.
    """

    name: str
    label: str
    queue: Queue
    payload_type: type[Payload]
    handler: Callable[[JobRun, Payload], None]
    key: Callable[[Payload], str] | None = None
    calls_vendor: bool = True
    max_attempts: int = 5
    is_cancelable: bool = True

    def enqueue(
        self, *, tenant: Tenant, payload: Payload, lock_key: str | None = None, delay: float = 0
    ) -> Job:
        """Insert a job in the caller's transaction, or return the one that is waiting already.

        Args:
            lock_key: jobs with the same key never run at the same time, whatever their kind.
            delay: seconds until the job is due.
        """
        return job_queue.enqueue(
            tenant=tenant,
            kind=self.name,
            payload=payload.to_json(),
            lock_key=lock_key,
            pending_key=self.pending_key(tenant.pk, payload),
            delay=delay,
            max_attempts=self.max_attempts,
            calls_vendor=self.calls_vendor,
        )

    def pending_key(self, tenant_id: UUID, payload: Payload) -> str | None:
        """The value of Job.pending_key for this work."""
        return self.key and f"{tenant_id}:{self.name}:{self.key(payload)}"

    def run(self, run: JobRun) -> None:
        """Call the handler with the job's payload."""
        self.handler(run, self.payload_type.from_json(run.job.payload))
