"""The screen of jobs."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from integrations.admin.job_error_pages import JobErrorPages
from integrations.admin.job_filters import DueFilter, ErrorFilter, KindFilter, kind_label
from integrations.flows import job_search, job_subjects
from integrations.flows.job_subjects import JobSubject
from integrations.jobs import requeue
from integrations.jobs.job_queue import database_now
from integrations.jobs.kinds import KINDS
from integrations.models import Job, JobState
from nucleus.admin.confirmation import confirmed_action
from nucleus.admin.json_text import json_block
from nucleus.admin.links import joined, row_link
from nucleus.admin.row_buttons import RowButton
from nucleus.admin.tenant_access import visible_tenants
from nucleus.instants import instant_text

RUNNABLE = (JobState.READY, JobState.DEAD)
REQUEUE_QUESTION = "Run these jobs again, now? Jobs that are neither dead nor waiting are skipped."
CANCEL_QUESTION = (
    "Cancel these jobs? They are not run any more, and what they would have done is not done. "
    "Running and finished jobs are skipped, and so are those whose end others wait for."
)


def is_cancelable(job: Job) -> bool:
    """Whether staff may cancel the job now."""
    kind = KINDS.get(job.kind)
    return job.state in RUNNABLE and (kind is None or kind.is_cancelable)


def state_text(job: Job, now: datetime) -> str:
    """The job's state in words, with the time that it waits for."""
    if job.state != JobState.READY:
        return str(JobState(job.state).label)
    if job.run_at <= now:
        return "Due now"
    reason = " for the vendor's keys, or the end of a pause" if job.postponed_by else ""
    return f"Waiting until {instant_text(job.run_at)}{reason}"


@admin.register(Job)
class JobAdmin(JobErrorPages):
    """Jobs: what they do, about whom, their state in words, and their errors."""

    list_display = (
        "task", "about", "tenant", "state_in_words", "failures", "last_error", "created",
    )  # fmt: skip
    list_filter = ("state", KindFilter, DueFilter, ErrorFilter)
    list_select_related = ("tenant",)
    list_before_template = "admin/job_list_links.html"
    search_fields = ("id", "request_id", "last_error")
    search_help_text = (
        "A customer's name or id, a connection's id, a request id, or a part of an error"
    )
    ordering = ("-create_date",)
    actions = ("requeue_jobs", "cancel_jobs")
    buttons = (
        RowButton(
            "requeue_jobs", "Run now", "Run this job now, whatever it waits for?",
            is_offered=lambda job: job.state == JobState.READY,
        ),
        RowButton(
            "requeue_jobs", "Retry", "Run this job again, now, with all its attempts?",
            is_offered=lambda job: job.state == JobState.DEAD,
        ),
        RowButton("cancel_jobs", "Cancel this job", CANCEL_QUESTION, is_offered=is_cancelable),
    )  # fmt: skip
    fieldsets = (
        ("What and about whom", {"fields": ("task", "about", "tenant", "id", "request_id")}),
        (
            "State, attempts and errors",
            {"fields": ("state_in_words", "failures", "last_error", "created", "ended")},
        ),
        ("Payload and progress", {"fields": ("payload_text", "progress_text")}),
        (
            "Advanced",
            {
                "classes": ("collapse",),
                "fields": (
                    "state", "run_at", "lock_key", "pending_key", "slot_group", "slot",
                    "token", "lease_until", "postponed_by",
                ),
            },
        ),
    )  # fmt: skip
    readonly_fields = (
        "task", "about", "id", "state_in_words", "failures", "created", "ended", "payload_text",
        "progress_text",
    )  # fmt: skip

    def prepare_rows(self, rows: list[Any]) -> None:
        subjects, now = job_subjects.subjects(rows), database_now()
        for job in rows:
            job.subject, job.read_at = subjects[job.pk], now
            owner = job.subject.owner
            job.staff_label = kind_label(job.kind) + (f" for {owner}" if owner else "")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        tenants = visible_tenants(request.user)
        return queryset.filter(pk__in=job_search.search(queryset, search_term, tenants)), False

    # Columns

    @admin.display(description="what")
    def task(self, job: Job) -> str:
        return kind_label(job.kind)

    @admin.display(description="about")
    def about(self, job: Job) -> SafeString:
        subject: JobSubject = getattr(job, "subject", None) or JobSubject()
        return joined(
            row_link(subject.owner), row_link(subject.connection), row_link(subject.account),
            row_link(subject.delivery),
        )  # fmt: skip

    @admin.display(description="state")
    def state_in_words(self, job: Job) -> str:
        return state_text(job, getattr(job, "read_at", None) or database_now())

    @admin.display(description="attempts")
    def failures(self, job: Job) -> str:
        """Deliveries and erasures count theirs themselves, under `tried`."""
        if tried := job.progress.get("tried"):
            return str(tried)
        return f"{job.attempts} of {job.max_attempts}"

    @admin.display(description="created")
    def created(self, job: Job) -> str:
        return instant_text(job.create_date)

    @admin.display(description="ended")
    def ended(self, job: Job) -> str:
        return instant_text(job.finished_at, none="not yet")

    @admin.display(description="payload")
    def payload_text(self, job: Job) -> SafeString:
        return json_block(job.payload)

    @admin.display(description="progress")
    def progress_text(self, job: Job) -> SafeString:
        return json_block(job.progress)

    # Actions

    @confirmed_action(
        description="Requeue dead and waiting jobs",
        question=REQUEUE_QUESTION,
        button="Yes, requeue them",
        permissions=["repeat"],
    )
    def requeue_jobs(self, request: HttpRequest, rows: list[Job]) -> None:
        runnable = [job for job in rows if job.state in RUNNABLE]
        for job in runnable:
            self.record(request, job, "Requeued.")
        messages.info(request, requeue.requeue_all(runnable))
        if skipped := len(rows) - len(runnable):
            messages.warning(request, f"{skipped} skipped: neither dead nor waiting.")

    @confirmed_action(
        description="Cancel dead and waiting jobs",
        question=CANCEL_QUESTION,
        button="Yes, cancel them",
        permissions=["repeat"],
    )
    def cancel_jobs(self, request: HttpRequest, rows: list[Job]) -> None:
        counts: Counter[str] = Counter()
        for job in rows:
            if job.state in RUNNABLE and not is_cancelable(job):
                counts[f"{kind_label(job.kind)}: others wait for its end"] += 1
            elif requeue.cancel(job):
                self.record(request, job, "Canceled.")
                counts[""] += 1
            else:
                counts["neither dead nor waiting"] += 1
        messages.info(request, f"{counts.pop('', 0)} jobs were canceled.")
        for reason, count in counts.items():
            messages.warning(request, f"{count} skipped: {reason}.")
