"""The records of moves of a tenant from one of a vendor's APIs to another."""

from __future__ import annotations

from django.db import models

from integrations.models.credentials import VendorCredential
from nucleus.models.base import TenantRecord


class ApiMove(TenantRecord):
    """One credential became inactive and another active, at create_date."""

    from_credential = models.ForeignKey(
        VendorCredential, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    to_credential = models.ForeignKey(
        VendorCredential, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    vendor = models.CharField(max_length=32)
    # What they were then: credentials can be edited and deleted.
    from_name = models.CharField("from", max_length=255)
    to_name = models.CharField("to", max_length=255)
    # The vendor's users and connections did not carry over; people link their banks again.
    is_new_client = models.BooleanField("new client of MX", default=False)
    requested_by = models.CharField(max_length=255)  # the name of a member of staff or a command
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API move"
        indexes = [models.Index(fields=["tenant", "vendor", "-create_date"])]

    def __str__(self) -> str:
        return f"{self.from_name} → {self.to_name}"
