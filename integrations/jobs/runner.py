"""Claim a due job and run its handler."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from django.db import DatabaseError

from integrations.flows.errors import ENDS_JOB
from integrations.jobs import claims, job_queue
from integrations.jobs.job_queue import JobRun, LeaseLost, Reschedule
from integrations.jobs.kinds import KINDS
from integrations.models import Job, JobState
from integrations.request_context import current_request_id

logger = logging.getLogger(__name__)

HANDLERS: dict[str, Callable[[JobRun], None]] = {name: kind.run for name, kind in KINDS.items()}


def run_next(*, kinds: Collection[str] | None = None) -> Job | None:
    """Claim and run the next due job; None if there is none to claim.

    Args:
        kinds: only jobs of these kinds, if not None.
    """
    run = claims.claim(kinds=kinds)
    if run is None:
        return None
    # Log lines and audit rows carry both ids: of the request that caused the job, and of the job.
    cause = f"{run.job.request_id[:23]}." if run.job.request_id else ""
    reset = current_request_id.set(f"{cause}job-{run.job.pk}")
    try:
        _run(run)
    finally:
        current_request_id.reset(reset)
    return run.job


def drain(limit: int = 10_000) -> int:
    """Run due jobs until none is left; returns how many ran."""
    count = 0
    while count < limit and run_next():
        count += 1
    return count


def _run(run: JobRun) -> None:
    try:
        try:
            HANDLERS[run.job.kind](run)
        except ENDS_JOB as error:
            logger.info("%s has nothing left to do: %s", run.job, error)
        if run.job.state != JobState.DONE:
            with run.completion():
                pass
    except Reschedule as request:
        job_queue.reschedule(run, request)
    except LeaseLost:
        logger.warning("lost the lease of %s; another worker has claimed it", run.job)
    except DatabaseError:
        # The failure cannot be recorded. The lease expires, and the job runs again.
        logger.exception("the database failed under %s", run.job)
        raise
    except Exception as error:  # an exception of a handler must not end the worker
        decision = job_queue.fail(run, error)
        unexpected = decision.reason.startswith("unexpected")
        logger.warning(
            "%s failed (%s); %s",
            run.job,
            decision.reason,
            "dead" if decision.delay is None else f"again in {decision.delay:.0f} s",
            exc_info=error if unexpected else None,
        )
