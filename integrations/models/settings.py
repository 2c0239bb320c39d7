"""The settings of a tenant for aggregation and verification."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from nucleus.encryption import DecryptionFailed, EncryptedTextField
from nucleus.models.base import TenantRecord

AUTOMATIC_RETRIEVAL = (
    "Automatically retrieve the latest balance, transactions and holdings after initial "
    "Aggregation Account creation"
)

WEBHOOK_ACCESS_OVERLAP = timedelta(days=1)
PREVIOUS_ACCESS_FIELDS = (
    "previous_webhook_user", "previous_webhook_secret", "previous_webhook_until",
)  # fmt: skip


def _is_replaced(old: AggregationSettings, new: AggregationSettings) -> bool:
    """Whether there was another access, which can still be read."""
    try:
        access = (old.webhook_user, old.webhook_secret)
    except DecryptionFailed:
        return False
    return bool(old.webhook_secret) and access != (new.webhook_user, new.webhook_secret)


def new_webhook_path() -> str:
    """An unguessable path segment."""
    return secrets.token_urlsafe(24)


class AggregationSettings(TenantRecord):
    """The settings for aggregation: vendor, webhook access, what is automatic."""

    tenant = models.ForeignKey(
        "nucleus.Tenant", on_delete=models.PROTECT, related_name="aggregation_settings"
    )
    vendor = models.CharField(max_length=32, default="mx")
    create_vendor_user_automatically = models.BooleanField(
        "create a vendor user for every new customer", default=False
    )
    retrieve_automatically = models.BooleanField(AUTOMATIC_RETRIEVAL, default=True)
    history_days = models.PositiveIntegerField(
        "days of transactions on first retrieval",
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="Later retrievals go back to the last complete one, 90 days at least.",
    )
    add_new_accounts = models.BooleanField(
        "connect new accounts of a connection automatically",
        default=True,
        help_text="Accounts that the tenant has disconnected are not connected again.",
    )
    adopt_connections = models.BooleanField(
        "connect what a person linked and the app did not report",
        default=True,
        help_text="For example because the page was closed before the widget's success callback.",
    )
    deep_read_days = models.PositiveIntegerField(
        "days between reads of all transactions",
        default=30,
        validators=[MaxValueValidator(3650)],
        help_text="Finds corrections that are older than the usual window. 0: never.",
    )
    retrieve_holdings = models.BooleanField(
        default=True,
        help_text=(
            "MX Platform bills each user whose holdings are read. Off: the gateway ends that "
            "billing at MX, nothing more is read, and stored holdings stay as they are."
        ),
    )
    webhook_path = models.CharField(
        max_length=64, unique=True, default=new_webhook_path, editable=False
    )
    webhook_user = models.CharField("Webhook User", max_length=255, blank=True)
    webhook_secret = EncryptedTextField("Webhook Secret", blank=True, default="")
    # Accepted as well until then, so that staff have time to change the vendor's dashboard.
    previous_webhook_user = models.CharField(max_length=255, blank=True, editable=False)
    previous_webhook_secret = EncryptedTextField(blank=True, default="", editable=False)
    previous_webhook_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "aggregation settings"
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="aggregation_settings_per_tenant")
        ]

    def __str__(self) -> str:
        return f"Aggregation by {self.vendor}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the replaced webhook access valid for WEBHOOK_ACCESS_OVERLAP."""
        stored = None if self._state.adding else type(self).unscoped.filter(pk=self.pk).first()
        if stored is not None and _is_replaced(stored, self):
            self.previous_webhook_user = stored.webhook_user
            self.previous_webhook_secret = stored.webhook_secret
            self.previous_webhook_until = timezone.now() + WEBHOOK_ACCESS_OVERLAP
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], *PREVIOUS_ACCESS_FIELDS}
        super().save(*args, **kwargs)


class VerificationSettings(TenantRecord):
    """The settings for verification: its vendor and options."""

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
