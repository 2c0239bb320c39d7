"""The records of erasures, which are kept when everything else about the client is deleted."""

from __future__ import annotations

from django.db import models

from nucleus.models.base import TenantRecord


class Erasure(TenantRecord):
    """The erasure of one client, requested at create_date. Of the client it keeps only the id.

    `vendor_users` has the vendor's users that are still to be deleted, so that an unreachable
    vendor delays only its own part; an entry is removed when its user is deleted.
    """

    class Outcome(models.TextChoices):
        PENDING = "pending", "Under way"
        ERASED = "erased", "Erased here and at the vendor"
        LEFT_AT_VENDOR = "left_at_vendor", "Erased here; the vendor's user has to be deleted there"

    client_id = models.UUIDField("customer's id")
    requested_by = models.CharField(
        max_length=255
    )  # the name of an application or of a member of staff
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.PENDING)
    problem = models.CharField(
        max_length=255, blank=True
    )  # why the vendor's user is not deleted yet
    erased_at = models.DateTimeField(null=True, blank=True)  # when everything here was deleted
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField("deleted rows", default=dict, blank=True)  # deleted rows by model
    vendor_users = models.JSONField(
        "users still to be deleted at the vendor", default=list, blank=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "client_id"], name="erasure_once_per_client")
        ]
        indexes = [
            models.Index(fields=["tenant", "-create_date"]),
            models.Index(fields=["-create_date", "-id"]),  # of the admin
        ]

    def __str__(self) -> str:
        return f"Erasure of {self.client_id}"
