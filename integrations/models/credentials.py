"""A tenant's keys at a vendor."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from integrations import addresses
from nucleus.encryption import EncryptedTextField
from nucleus.models.base import TenantRecord


class VendorCredential(TenantRecord):
    """Keys for one vendor API in one environment; at most one per vendor is active."""

    class Environment(models.TextChoices):
        PRODUCTION = "production", "Production"
        DEVELOPMENT = "development", "Development"
        CUSTOM = "custom", "Custom base URL"

    vendor = models.CharField(max_length=32, default="mx")
    api = models.CharField("API", max_length=32, default="atrium")
    environment = models.CharField(
        max_length=16, choices=Environment, default=Environment.DEVELOPMENT
    )
    base_url = models.CharField(
        "base URL",
        blank=True,
        max_length=255,
        help_text="Only for a custom base URL; its host must be in VENDOR_ALLOWED_HOSTS.",
    )
    client_id = models.CharField(
        "Username/Client Id", max_length=255, help_text="MX: the MX-Client-ID."
    )
    secret = EncryptedTextField("Password/Client Secret", help_text="MX: the MX-API-Key.")
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name = "credential"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "vendor"],
                condition=models.Q(is_active=True),
                name="credential_one_active",
                violation_error_message="This tenant already has active keys for this vendor.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vendor} {self.api} ({self.environment})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Whatever was learnt about the keys may be wrong after a change."""
        super().save(*args, **kwargs)
        CredentialHealth.objects.filter(credential=self).delete()

    def clean(self) -> None:
        """Only addresses that the environment allows; see integrations.connect."""
        if self.environment == self.Environment.CUSTOM:
            problem = addresses.refused(self.base_url)
            if problem:
                raise ValidationError({"base_url": problem})
        elif self.base_url:
            raise ValidationError({"base_url": "Leave this empty unless the base URL is custom."})


class CredentialHealth(models.Model):
    """What the last calls with one credential said about calling again, for all processes.

    No row means that nothing went wrong lately.
    """

    credential = models.OneToOneField(
        VendorCredential, on_delete=models.CASCADE, related_name="health", primary_key=True
    )
    failures = models.PositiveIntegerField(default=0)  # in a row
    retry_at = models.DateTimeField(null=True, blank=True)  # no job calls before
    # Nobody at all calls before: people who wait are let through sooner, if only to find out.
    anyone_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=255, blank=True)
    is_refused = models.BooleanField("keys refused", default=False)
    refused_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "credential health"

    def __str__(self) -> str:
        return self.reason or f"{self.failures} failures in a row"
