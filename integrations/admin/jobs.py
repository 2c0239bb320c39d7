"""The screen of jobs."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest

from integrations.jobs import requeue
from integrations.models import Job, JobState
from nucleus.admin.confirmation import confirmed_action
from nucleus.admin.read_only import ReadOnlyAdmin


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs: waiting, running, done, or dead with the reason."""

    list_display = ("kind", "tenant", "state", "attempts", "run_at", "last_error", "finished_at")
    list_filter = ("state", "kind")
    list_select_related = ("tenant",)
    ordering = ("-create_date",)
    actions = ("requeue_jobs",)

    @confirmed_action(
        description="Requeue dead and waiting jobs",
        question="Requeue these jobs? Jobs that are neither dead nor waiting are skipped.",
        button="Yes, requeue them",
        permissions=["repeat"],
    )
    def requeue_jobs(self, request: HttpRequest, rows: list[Job]) -> None:
        runnable = [job for job in rows if job.state in (JobState.DEAD, JobState.READY)]
        for job in runnable:
            self.record(request, job, "Requeued.")
        messages.info(request, requeue.requeue_all(runnable))
        if skipped := len(rows) - len(runnable):
            messages.warning(request, f"{skipped} skipped: neither dead nor waiting.")
