"""The tenant's own audit log."""

from __future__ import annotations

from django.db import models

from nucleus.models.base import ApiRecord


class AuditLog(ApiRecord):
    """An entry that an application of the tenant added to its audit log; never changed.

    Fields: docs/hydrogen-contract.md#objects. The ids are not foreign keys: what they name may have
    been deleted, or may never have been stored here.
    """

    request_url = models.CharField(max_length=2000)
    request = models.TextField(null=True, blank=True)
    response = models.TextField()
    account_ids = models.JSONField(default=list, blank=True)
    aggregation_account_ids = models.JSONField(default=list, blank=True)
    allocation_ids = models.JSONField(default=list, blank=True)
    client_ids = models.JSONField(default=list, blank=True)
    goal_ids = models.JSONField(default=list, blank=True)
    model_ids = models.JSONField(default=list, blank=True)
    portfolio_ids = models.JSONField(default=list, blank=True)
    security_ids = models.JSONField(default=list, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-update_date", "id"], name="trail_of_tenant"),
            models.Index(fields=["tenant", "-create_date", "id"]),
        ]

    def __str__(self) -> str:
        return self.request_url
