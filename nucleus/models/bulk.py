"""Outcomes of bulk requests."""

from __future__ import annotations

from django.db import models

from nucleus.models.base import TenantRecord


class BulkTransaction(TenantRecord):
    """One request to /bulk and the outcome of each of its items.

    `success` has an object per item: `index` and `id`. `error` has an object per reason: `message`,
    `errors`, and the ranges of indexes of the items. The content of items is not stored.
    """

    class Status(models.TextChoices):
        COMPLETED = "COMPLETED", "All items were done"
        PARTIAL = "PARTIAL", "Some items were done"
        FAILED = "FAILED", "No item was done"

    client = models.ForeignKey(  # of the client token; null for a token of the tenant
        "nucleus.Client", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    entity_uri = models.CharField(max_length=64)
    operation = models.CharField(max_length=16)
    status = models.CharField(max_length=16, choices=Status)
    success = models.JSONField(default=list, blank=True)
    error = models.JSONField(default=list, blank=True)

    class Meta:
        indexes = [models.Index(fields=["create_date"])]

    def __str__(self) -> str:
        return f"{self.operation} {self.entity_uri}: {self.status}"
