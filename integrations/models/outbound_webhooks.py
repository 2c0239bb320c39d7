"""Webhook subscriptions of tenants, events, and their deliveries."""

from __future__ import annotations

import base64
import secrets

from django.db import models

from nucleus.encryption import EncryptedTextField
from nucleus.models.base import TenantRecord


def new_secret() -> str:
    """A signing secret in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class WebhookSubscription(TenantRecord):
    """A URL of the tenant and the events to send to it.

    Hydrogen has two webhook APIs with different event names; a subscription belongs to one of them.
    """

    class Api(models.TextChoices):
        INTEGRATION = "integration", "Integration"
        NUCLEUS = "nucleus", "Nucleus"

    api = models.CharField("API", max_length=16, choices=Api, default=Api.INTEGRATION)
    url = models.CharField("URL", max_length=2000)
    integration_service = models.JSONField(default=list)  # Hydrogen's names
    atom_service = models.JSONField(default=list)  # Hydrogen's names in the Nucleus API
    extended_events = models.JSONField(
        default=list
    )  # the gateway's own; unknown to Hydrogen's SDKs
    is_active = models.BooleanField("active", default=True)
    secret = EncryptedTextField(default=new_secret)
    # Signs deliveries as well until then, so that receivers have time to change theirs.
    previous_secret = EncryptedTextField(blank=True, default="")
    previous_secret_until = models.DateTimeField(null=True, blank=True)
    secondary_id = models.CharField(max_length=255, null=True, blank=True)

    class Meta:
        verbose_name = "webhook"
        indexes = [
            models.Index(fields=["tenant", "-update_date", "id"]),
            models.Index(fields=["tenant", "-create_date", "id"]),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def events(self) -> list[str]:
        return [*self.integration_service, *self.extended_events, *self.atom_service]


class OutboundEvent(TenantRecord):
    """Something that happened, with the body that all its deliveries send."""

    type = models.CharField(max_length=64)
    payload = models.TextField()  # the JSON text as it is sent and signed
    # Id of the client or business that it is about. Older events have none.
    owner_id = models.UUIDField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-create_date"]),
            models.Index(
                fields=["owner_id", "-create_date"],  # of the admin
                condition=models.Q(owner_id__isnull=False),
                name="event_of_owner",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class WebhookDelivery(TenantRecord):
    """One event to send to one subscription, and its attempts."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"

    event = models.ForeignKey(OutboundEvent, on_delete=models.CASCADE, related_name="deliveries")
    subscription = models.ForeignKey(
        WebhookSubscription, on_delete=models.CASCADE, related_name="deliveries"
    )
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    attempts = models.JSONField(default=list)  # when, status or error, seconds
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "subscription"], name="delivered_once_per_url")
        ]
        indexes = [
            models.Index(fields=["tenant", "-create_date"]),
            models.Index(fields=["-create_date", "-id"]),  # of the admin, as is the next one
            models.Index(
                fields=["-create_date", "-id"],
                condition=models.Q(state="failed"),
                name="delivery_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.subscription}"
