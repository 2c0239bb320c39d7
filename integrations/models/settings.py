"""What staff choose per tenant."""

from __future__ import annotations

import secrets

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from nucleus.encryption import EncryptedTextField
from nucleus.models.base import TenantRecord

AUTOMATIC_RETRIEVAL = (
    "Automatically retrieve the latest balance, transactions and holdings after initial "
    "Aggregation Account creation"
)


def new_webhook_path() -> str:
    """An unguessable path segment."""
    return secrets.token_urlsafe(24)


class AggregationSettings(TenantRecord):
    """The "Aggregation" tab: vendor, webhook access, automatic work."""

    vendor = models.CharField(max_length=32, default="mx")
    create_vendor_user_automatically = models.BooleanField(
        "create a vendor user for every new client", default=False
    )
    retrieve_automatically = models.BooleanField(AUTOMATIC_RETRIEVAL, default=True)
    history_days = models.PositiveIntegerField(
        "days of transactions on first retrieval",
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="Later retrievals read the vendor's usual window: 90 days back, 5 ahead.",
    )
    webhook_path = models.CharField(
        max_length=64, unique=True, default=new_webhook_path, editable=False
    )
    webhook_user = models.CharField("Webhook User", max_length=255, blank=True)
    webhook_secret = EncryptedTextField("Webhook Secret", blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "aggregation settings"
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="aggregation_settings_per_tenant")
        ]

    def __str__(self) -> str:
        return f"Aggregation by {self.vendor}"


class VerificationSettings(TenantRecord):
    """The "Verification" tab: who verifies bank accounts."""

    vendor = models.CharField(max_length=32, default="mx")
    include_identity = models.BooleanField(
        "ask the bank for the account holder's name",
        default=False,
        help_text="Then the widget offers only institutions that also support identification.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "verification settings"
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="verification_settings_per_tenant")
        ]

    def __str__(self) -> str:
        return f"Verification by {self.vendor}"
