"""What the doctor found last."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models


class Diagnosis(models.Model):
    """The findings of the last check of a tenant, or of what all tenants share.

    It is deleted when a tenant's keys change, because it no longer holds then.
    """

    INSTALLATION: Final = "installation"

    scope = models.CharField(primary_key=True, max_length=36)  # id of the tenant, or INSTALLATION
    tenant = models.OneToOneField(
        "nucleus.Tenant", null=True, on_delete=models.CASCADE, related_name="diagnosis"
    )
    findings = models.JSONField(default=list)  # see gateway.diagnostics.findings.Finding
    to_fix = models.PositiveIntegerField(default=0)  # how many of them must be fixed
    checked_at = models.DateTimeField()
    checked_by = models.CharField(max_length=150, blank=True, default="")

    objects: ClassVar[models.Manager[Diagnosis]] = models.Manager()

    class Meta:
        verbose_name_plural = "diagnoses"

    def __str__(self) -> str:
        return f"Diagnosis of {self.scope}"
