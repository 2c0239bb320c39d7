"""Which tenants a member of staff works for."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class StaffAccess(models.Model):
    """The tenants whose rows a user of the admin sees. A user without this row sees none.

    Superusers see all tenants, whatever this says.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="staff_access"
    )
    all_tenants = models.BooleanField(default=False)  # also those that are added later
    tenants = models.ManyToManyField("nucleus.Tenant", blank=True, related_name="+")

    class Meta:
        default_permissions = ()  # who may change the user may change this
        permissions = [
            ("reveal_numbers", "Can reveal account and routing numbers"),
            ("export_data", "Can export data as files"),
        ]

    def __str__(self) -> str:
        return "All tenants" if self.all_tenants else "Some tenants"
