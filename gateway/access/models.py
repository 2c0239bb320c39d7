"""OAuth2 applications and tokens, swapped in so that each belongs to a tenant."""

from __future__ import annotations

import uuid

from django.db import models
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractApplication,
    AbstractDeviceGrant,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
)

from gateway.access.keys import validate_public_key
from gateway.access.scopes import ALL_SCOPES
from nucleus.encryption import EncryptedTextField


class Application(AbstractApplication):
    """An app of one tenant. Its scopes are the most that its tokens can carry."""

    tenant = models.ForeignKey("nucleus.Tenant", on_delete=models.PROTECT, related_name="+")
    scopes = models.CharField(
        max_length=255, default=" ".join(ALL_SCOPES), help_text="Space separated."
    )
    is_active = models.BooleanField(default=True)
    allow_passwords = models.BooleanField(
        "Password sign-in",
        default=False,
        help_text="Clients get tokens with their user name and password (grant_type=password).",
    )
    client_token_key = models.TextField(
        "Client token key",
        blank=True,
        validators=[validate_public_key],
        help_text=(
            "RSA public key in PEM, 2048 bits or more. With it, JWTs signed by its private half "
            "(RS512) are exchanged for tokens of one client. Empty: none are."
        ),
    )
    rate_limit_per_minute = models.PositiveIntegerField(
        "Requests per minute",
        null=True,
        blank=True,
        help_text="0 is no limit. Empty: RATE_LIMIT_PER_MINUTE applies.",
    )
    client_rate_limit_per_minute = models.PositiveIntegerField(
        "Requests per minute of each client",
        null=True,
        blank=True,
        help_text=(
            "Of all tokens of one client together. 0 is no limit. Empty: "
            "CLIENT_RATE_LIMIT_PER_MINUTE applies, but no more than a tenth of the requests per "
            "minute."
        ),
    )

    class Meta(AbstractApplication.Meta):
        abstract = False

    def is_usable(self, request: object) -> bool:
        """Whether tokens may be issued to it (called by the OAuth library)."""
        return self.is_active and self.tenant.is_active


class AccessToken(AbstractAccessToken):
    """A bearer token; with `client` set it reaches that Nucleus client only."""

    client = models.ForeignKey(
        "nucleus.Client", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )

    class Meta(AbstractAccessToken.Meta):
        abstract = False


class RefreshToken(AbstractRefreshToken):
    """Unused by Hydrogen's calls; swapped with the rest because it cannot be later."""

    class Meta(AbstractRefreshToken.Meta):
        abstract = False


class Grant(AbstractGrant):
    """See RefreshToken."""

    class Meta(AbstractGrant.Meta):
        abstract = False


class IDToken(AbstractIDToken):
    """See RefreshToken."""

    class Meta(AbstractIDToken.Meta):
        abstract = False


class DeviceGrant(AbstractDeviceGrant):
    """See RefreshToken."""

    class Meta(AbstractDeviceGrant.Meta):
        abstract = False


class UsageWindow(models.Model):
    """How often something happened since `started`; see counters.py, which alone writes it."""

    key = models.CharField(max_length=80, primary_key=True)
    started = models.FloatField(db_index=True)  # seconds since 1970 by the database's clock
    used = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.key


class IdempotencyKey(models.Model):
    """A POST that a caller may repeat, and what it was answered; see gateway.idempotency."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    caller = models.CharField(max_length=36, blank=True, default="")  # a client's id; or the tenant
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # keyed hash of the request
    token = models.BigIntegerField(default=1)  # fencing: each takeover takes the next one
    lease_until = models.DateTimeField(null=True)  # while it runs; null once it is answered
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = EncryptedTextField(default="")  # may hold secrets that are shown only once
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "caller", "key"], name="idempotency_key_of_caller"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.application_id}"
