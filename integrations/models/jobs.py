"""The job table: the only record of what is to be done. Message brokers only wake workers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from nucleus.models.base import Record


class JobState(models.TextChoices):
    """ready → running → done | dead; merged: a job with the same pending key was waiting.

    canceled: staff ended a ready or dead job.
    """

    READY = "ready", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    DEAD = "dead", "Failed for good"
    MERGED = "merged", "Joined with another job"
    CANCELED = "canceled", "Canceled"


class Job(Record):
    """One unit of work, inserted in the transaction that makes it necessary."""

    tenant = models.ForeignKey("nucleus.Tenant", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    lock_key = models.CharField(  # at most one running job per key
        max_length=255, null=True, blank=True
    )
    pending_key = models.CharField(  # at most one ready job per key
        max_length=255, null=True, blank=True
    )
    slot_group = models.CharField(  # at most VENDOR_CONCURRENCY running jobs per group
        max_length=64, null=True, blank=True
    )
    slot = models.CharField(max_length=72, null=True, blank=True)  # while it runs
    request_id = models.CharField(max_length=64, blank=True)  # of the request that caused it
    state = models.CharField(max_length=8, choices=JobState, default=JobState.READY)
    run_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=5)
    token = models.BigIntegerField(default=0)  # the fencing token; each claim increments it
    lease_until = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    # Slug of the vendor whose credential or pause it waits for; due at once when that is over.
    postponed_by = models.CharField(max_length=32, blank=True, default="")
    progress = models.JSONField(default=dict, blank=True)  # what its runs have done so far
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lock_key"], condition=Q(state="running"), name="job_one_running_per_key"
            ),
            models.UniqueConstraint(
                fields=["slot"], condition=Q(state="running"), name="job_one_running_per_slot"
            ),
            models.UniqueConstraint(
                fields=["pending_key"], condition=Q(state="ready"), name="job_one_ready_per_key"
            ),
        ]
        indexes = [
            models.Index(fields=["run_at", "id"], condition=Q(state="ready"), name="job_due"),
            models.Index(
                fields=["slot_group", "run_at"],
                condition=Q(state="ready"),
                name="job_due_in_group",
            ),
            models.Index(
                fields=["tenant", "kind", "run_at", "id"],
                condition=Q(state="ready"),
                name="job_of_tenant",
            ),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="job_lapsed"),
            models.Index(
                fields=["slot_group"], condition=Q(state="running"), name="job_slots_in_use"
            ),
            models.Index(fields=["finished_at"], name="job_finished"),
            models.Index(
                fields=["lock_key", "state"],
                condition=Q(lock_key__isnull=False),
                name="job_by_lock_key",
            ),
            models.Index(fields=["tenant", "-create_date"]),
            models.Index(fields=["-create_date", "-id"]),  # of the admin, as is the next one
            models.Index(
                fields=["-create_date", "-id"], condition=Q(state="dead"), name="job_dead"
            ),
        ]

    def __str__(self) -> str:
        return f"job {self.pk}"
