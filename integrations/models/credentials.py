"""A tenant's keys at a vendor."""

from __future__ import annotations

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

    def clean(self) -> None:
        """Only addresses that the environment allows; see integrations.connect."""
        if self.environment == self.Environment.CUSTOM:
            problem = addresses.refused(self.base_url)
            if problem:
                raise ValidationError({"base_url": problem})
        elif self.base_url:
            raise ValidationError({"base_url": "Leave this empty unless the base URL is custom."})
