"""One named task per kind of job; each claims its job by id and runs it, or finds it taken."""

from __future__ import annotations

from uuid import UUID

from celery import Task

from celery_app.app import app
from integrations import work


def _task(kind: str) -> Task:
    def run(job_id: str) -> None:
        work.run_next(job_id=UUID(job_id))

    return app.task(name=f"gateway.{kind}")(run)


TASKS = {kind: _task(kind) for kind in work.HANDLERS}
