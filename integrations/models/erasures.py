"""That clients were erased, kept after everything else about them is gone."""

from __future__ import annotations

from django.db import models

from nucleus.models.base import TenantRecord


class Erasure(TenantRecord):
    """One client's erasure. Requested at create_date; no personal data, only our id of the client.

    `vendor_users` holds the vendor's ids of users that are still to be deleted there, so that a
    vendor that cannot be reached delays only its own part; each entry goes once that is done.
    """

    class Outcome(models.TextChoices):
        PENDING = "pending", "Under way"
        ERASED = "erased", "Erased here and at the vendor"
        LEFT_AT_VENDOR = "left_at_vendor", "Erased here; the vendor's user has to be deleted there"

    client_id = models.UUIDField()
    requested_by = models.CharField(max_length=255)  # an application, or who of staff
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.PENDING)
    problem = models.CharField(max_length=255, blank=True)  # why the vendor's part is not done
    erased_at = models.DateTimeField(null=True, blank=True)  # nothing is left here
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True)  # deleted rows by model
    vendor_users = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "client_id"], name="erasure_once_per_client")
        ]
        indexes = [models.Index(fields=["tenant", "-create_date"])]

    def __str__(self) -> str:
        return f"Erasure of {self.client_id}"
