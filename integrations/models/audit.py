"""What was said to vendors, without what was said."""

from __future__ import annotations

from django.db import models

from nucleus.models.base import Record


class AuditLog(Record):
    """One exchange with a vendor: no ids, bodies, headers or secrets, by construction."""

    tenant = models.ForeignKey("nucleus.Tenant", on_delete=models.PROTECT, related_name="+")
    vendor = models.CharField(max_length=32)
    operation = models.CharField(max_length=64)
    method = models.CharField(max_length=8)
    path_template = models.CharField(max_length=255)
    attempt = models.PositiveIntegerField(default=1)
    status = models.PositiveIntegerField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField()
    error = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)  # of the request or job behind it

    class Meta:
        verbose_name = "vendor call"
        indexes = [models.Index(fields=["tenant", "-create_date"])]

    def __str__(self) -> str:
        return f"{self.method} {self.path_template} {self.status or self.error}"
