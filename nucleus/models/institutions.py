"""Banks and other sources of accounts."""

from __future__ import annotations

from django.db import models

from nucleus.models.base import Record


class Institution(Record):
    """A financial institution.

    Without `tenant` it comes from the vendor `source`, whose `code` it has, and is shared by all
    tenants, who cannot change it. With one, that tenant wrote it and nobody else sees it.
    """

    tenant = models.ForeignKey(
        "nucleus.Tenant", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    source = models.CharField(max_length=32, blank=True, default="", editable=False)
    name = models.CharField(max_length=255)
    code = models.CharField(max_length=255, null=True, blank=True)
    website_url = models.CharField(max_length=2000, null=True, blank=True)
    logo_url_small = models.CharField(max_length=2000, null=True, blank=True)
    logo_url_medium = models.CharField(max_length=2000, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "code"],
                condition=models.Q(tenant__isnull=True),
                name="institution_code_unique",
            ),
            models.UniqueConstraint(
                fields=["tenant", "code"], name="institution_code_unique_in_tenant"
            ),
        ]
        indexes = [
            models.Index(fields=["-update_date", "id"]),
            models.Index(fields=["-create_date", "id"]),
        ]

    def __str__(self) -> str:
        return self.name
