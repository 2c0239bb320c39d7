"""OAuth2 applications and tokens that belong to a tenant; they replace the library's models."""

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
from gateway.access.staff_models import (  # noqa: F401 - models of this app
    CodeGenerator,
    RecoveryCode,
    StaffSession,
)
from nucleus.encryption import EncryptedTextField


class Application(AbstractApplication):
    """An OAuth2 client of one tenant. Its tokens have no scope that it does not have."""

    tenant = models.ForeignKey("nucleus.Tenant", on_delete=models.PROTECT, related_name="+")
    scopes = models.CharField(
        max_length=255, default=" ".join(ALL_SCOPES), help_text="Space separated."
    )
    is_active = models.BooleanField("active", default=True)
    allow_passwords = models.BooleanField(
        "Password sign-in",
        default=False,
        help_text="Customers get tokens with their user name and password (grant_type=password).",
    )
    client_token_key = models.TextField(
        "Public key for tokens of customers",
        blank=True,
        validators=[validate_public_key],
        help_text=(
            "RSA public key in PEM format, at least 2048 bits. JWTs signed (RS512) with its "
            "private key are exchanged for tokens of one customer. Empty: they are refused."
        ),
    )
    rate_limit_per_minute = models.PositiveIntegerField(
        "Requests per minute",
        null=True,
        blank=True,
        help_text="0: no limit. Empty: RATE_LIMIT_PER_MINUTE applies.",
    )
    client_rate_limit_per_minute = models.PositiveIntegerField(
        "Requests per minute of each customer",
        null=True,
        blank=True,
        help_text=(
            "Of all tokens of one customer together. 0: no limit. Empty: "
            "CLIENT_RATE_LIMIT_PER_MINUTE, but at most a tenth of the requests per minute."
        ),
    )

    class Meta(AbstractApplication.Meta):
        abstract = False
        verbose_name = "API application"

    def is_usable(self, request: object) -> bool:
        """Whether tokens may be issued to it. The OAuth library calls this."""
        return self.is_active and self.tenant.is_active


class AccessToken(AbstractAccessToken):
    """A bearer token. With `client`, it is confined to that Nucleus client."""

    client = models.ForeignKey(
        "nucleus.Client", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )

    class Meta(AbstractAccessToken.Meta):
        abstract = False


class RefreshToken(AbstractRefreshToken):
    """Unused. Replaced together with the models in use, because it cannot be replaced later."""

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


class ReadyRole(models.Model):
    """Marks a role that the gateway keeps up to date; see gateway.access.staff_roles."""

    slug = models.CharField(max_length=32, primary_key=True)
    group = models.OneToOneField("auth.Group", on_delete=models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.slug


class UsageWindow(models.Model):
    """A counter; only gateway.access.counters writes it."""

    key = models.CharField(max_length=80, primary_key=True)
    started = models.FloatField(db_index=True)  # seconds since 1970, by the database's clock
    used = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.key


class IdempotencyKey(models.Model):
    """A POST that its caller may repeat, with the stored response; see gateway.idempotency."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    # The id of the client that the token is confined to; empty for tokens of the tenant.
    caller = models.CharField(max_length=36, blank=True, default="")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # keyed hash of the request
    token = models.BigIntegerField(default=1)  # fencing token: each takeover increments it
    lease_until = models.DateTimeField(null=True)  # null once the response is stored
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = EncryptedTextField(default="")  # may contain secrets that are returned only once
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "caller", "key"], name="idempotency_key_of_caller"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.application_id}"
