"""Async transactions: what POST and GET …/async return to poll."""

from __future__ import annotations

from django.db import models

from nucleus.models.base import TenantRecord


class AsyncTransaction(TenantRecord):
    """One call of /async and its outcome. Columns are named as Hydrogen names its fields."""

    class Status(models.TextChoices):
        PENDING = "PENDING", "Pending"
        COMPLETED = "COMPLETED", "Completed"
        FAILED = "FAILED", "Failed"

    integration_type = models.CharField(max_length=32)
    service = models.CharField(max_length=32)
    is_refresh = models.BooleanField(default=False)  # the vendor imports from the banks first
    client = models.ForeignKey(  # set if the caller is confined to one client
        "nucleus.Client", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    job_ids = models.JSONField(default=list)
    response = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "-create_date"])]

    def __str__(self) -> str:
        return f"{self.service} {self.id}"
