"""What each kind of job does, and running one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

from django.db import DatabaseError

from integrations import job_claims, job_queue
from integrations.flows import (
    accounts,
    async_runs,
    erasure,
    outbox,
    retrieval,
    sync,
    users,
    verification,
)
from integrations.job_queue import JobRun, LeaseLost, Reschedule
from integrations.models import JobState
from integrations.request_context import current_request_id

logger = logging.getLogger(__name__)

HANDLERS: dict[str, Callable[[JobRun], None]] = {
    users.CREATE_JOB: users.run_job,
    accounts.LINK_JOB: accounts.run_job,
    accounts.RETRIEVE_JOB: retrieval.run_job,
    verification.VERIFY_JOB: verification.run_job,
    outbox.DELIVER_JOB: outbox.run_job,
    async_runs.WATCH_JOB: async_runs.run_job,
    sync.SYNC_JOB: sync.run_job,
    sync.REFRESH_JOB: sync.run_refresh_job,
    erasure.ERASE_JOB: erasure.run_job,
}


def run_next(*, job_id: UUID | None = None) -> bool:
    """Claim and run the next due job (or that one); false when there is none."""
    run = job_claims.claim(job_id=job_id)
    if run is None:
        return False
    # Logs and audit rows carry both: what caused the job, and which job it was.
    cause = f"{run.job.request_id[:23]}." if run.job.request_id else ""
    reset = current_request_id.set(f"{cause}job-{run.job.pk}")
    try:
        _run(run)
    finally:
        current_request_id.reset(reset)
    return True


def drain(limit: int = 10_000) -> int:
    """Run due jobs until none is left; answers how many ran."""
    ran = 0
    while ran < limit and run_next():
        ran += 1
    return ran


def _run(run: JobRun) -> None:
    try:
        HANDLERS[run.job.kind](run)
        if run.job.state != JobState.DONE:
            with run.finishing():
                pass
    except Reschedule as later:
        job_queue.reschedule(run, later.delay)
    except LeaseLost:
        logger.warning("lost the lease of %s; another worker has it", run.job)
    except DatabaseError:
        # Nothing can be recorded now; the lease lapses and the job runs again.
        logger.exception("the database failed under %s", run.job)
        raise
    except Exception as error:  # whatever a handler raises must not take the worker down
        decision = job_queue.fail(run, error)
        unexpected = decision.reason.startswith("unexpected")
        logger.warning(
            "%s failed (%s); %s",
            run.job,
            decision.reason,
            "dead" if decision.delay is None else f"again in {decision.delay:.0f} s",
            exc_info=error if unexpected else None,
        )
