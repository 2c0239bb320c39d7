"""The audit log: calls to vendors and the gateway's own events, without their contents."""

from __future__ import annotations

from django.db import models

from nucleus.models.base import Record


class AuditLog(Record):
    """One call to a vendor. It has no columns for vendor ids, bodies, headers or secrets.

    Rows without `vendor` are the gateway's own events, such as client_erased. Ids are those of
    Nucleus, and stay when their objects are deleted. Rows never change: update_date is the time
    of the call.
    """

    tenant = models.ForeignKey("nucleus.Tenant", on_delete=models.PROTECT, related_name="+")
    vendor = models.CharField(max_length=32, blank=True)
    operation = models.CharField(max_length=64)
    method = models.CharField(max_length=8)
    path_template = models.CharField("path", max_length=255)
    attempt = models.PositiveIntegerField(default=1)
    status = models.PositiveIntegerField("HTTP status", null=True, blank=True)
    duration_ms = models.PositiveIntegerField("milliseconds")
    error = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)  # of the request or job that caused it
    integration_type = models.CharField(max_length=16, blank=True)
    client_id = models.UUIDField("customer's id", null=True, blank=True)
    aggregation_account_id = models.UUIDField("account's id", null=True, blank=True)
    summary = models.JSONField(default=dict, blank=True)  # of the gateway's own events

    class Meta:
        verbose_name = "vendor call"
        indexes = [
            models.Index(fields=["tenant", "-update_date", "id"], name="audit_of_tenant"),
            models.Index(fields=["tenant", "-create_date", "id"]),
            models.Index(fields=["-create_date", "-id"]),  # of the admin, as is the next one
            models.Index(fields=["request_id"], name="audit_of_request"),
            models.Index(
                fields=["tenant", "client_id", "-update_date"],
                condition=models.Q(client_id__isnull=False),
                name="audit_of_client",
            ),
            models.Index(
                fields=["aggregation_account_id", "-update_date"],
                condition=models.Q(aggregation_account_id__isnull=False),
                name="audit_of_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path_template} {self.status or self.error}"
