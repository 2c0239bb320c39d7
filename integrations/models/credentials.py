"""Credentials of tenants for vendors' APIs, and their health."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from integrations import address_policy
from integrations.pasted_text import check_key
from integrations.vendors import registry
from integrations.vendors.spec import UnknownApi
from nucleus.encryption import EncryptedTextField
from nucleus.models.base import TenantRecord

COLON = "The Username/Client Id must not contain a colon. Were both keys pasted into this field?"
API_KEY_HELP = "MX Platform: the API key. MX Atrium: the MX-API-Key."


class VendorCredential(TenantRecord):
    """Keys for a vendor API in one environment; a tenant has at most one active per vendor."""

    class Environment(models.TextChoices):
        PRODUCTION = "production", "Production"
        DEVELOPMENT = "development", "Development"
        CUSTOM = "custom", "Custom base URL"

    tenant = models.ForeignKey(
        "nucleus.Tenant", on_delete=models.PROTECT, related_name="vendor_credentials"
    )
    vendor = models.CharField(max_length=32, default="mx")
    api = models.CharField("API", max_length=32, default="platform")
    api_version = models.CharField(
        "API version",
        max_length=16,
        blank=True,
        default="",
        help_text="Leave empty for the newest version that the gateway speaks.",
    )
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
        "Username/Client Id",
        max_length=255,
        help_text="MX Platform: the Client ID. MX Atrium: the MX-Client-ID.",
    )
    secret = EncryptedTextField("Password/Client Secret", help_text=API_KEY_HELP)
    is_active = models.BooleanField("active", default=True)
    # The last test of the credential as it is now; empty once it was changed.
    tested_at = models.DateTimeField(null=True, blank=True, editable=False)
    tested_by = models.CharField(max_length=150, blank=True, default="", editable=False)
    test_passed = models.BooleanField(null=True, editable=False)
    test_message = models.TextField(blank=True, default="", editable=False)

    class Meta:
        verbose_name = "credential"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "vendor"],
                condition=models.Q(is_active=True),
                name="credential_one_active",
                violation_error_message=(
                    "This tenant already has an active credential for this vendor."
                ),
            ),
        ]

    def __str__(self) -> str:
        try:
            spec = registry.get(self.vendor)
            api = spec.api(self.api, self.api_version)
        except (registry.UnknownVendor, UnknownApi):
            return f"{self.vendor} {self.api} {self.api_version} ({self.environment})"
        version = self.api_version or api.versions[-1]
        return f"{spec.name} {api.name} {version} ({self.environment})"

    def describe_test(self) -> str:
        """When it was last tested, by whom and with which result, in words for staff."""
        if self.tested_at is None:
            return NOT_TESTED
        result = "Works" if self.test_passed else "Failed"
        by = f" by {self.tested_by}" if self.tested_by else ""
        return f"{result}, tested {self.tested_at:%Y-%m-%d %H:%M:%S} UTC{by}. {self.test_message}"

    def clean(self) -> None:
        """Refuse keys, APIs, versions, environments and base URLs that cannot be right."""
        _check_keys(self)
        try:
            spec = registry.get(self.vendor)
        except registry.UnknownVendor as error:
            raise ValidationError({"vendor": str(error)}) from None
        try:
            api = spec.api(self.api)
        except UnknownApi as error:
            raise ValidationError({"api": str(error)}) from None
        try:
            spec.api(self.api, self.api_version)
        except UnknownApi as error:
            raise ValidationError({"api_version": str(error)}) from None
        if self.environment == self.Environment.CUSTOM:
            problem = address_policy.base_url_error(self.base_url)
            if problem:
                raise ValidationError({"base_url": problem})
            return
        if self.environment not in api.environments:
            names = ", ".join(api.environments)
            raise ValidationError(
                {"environment": f"{spec.name} {api.name} has these environments: {names}."}
            )
        if self.base_url:
            raise ValidationError({"base_url": "Leave this empty unless the base URL is custom."})


def _check_keys(row: VendorCredential) -> None:
    for name in ("client_id", "secret"):
        try:
            check_key(getattr(row, name))
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from None
    if ":" in row.client_id:  # by which HTTP's Basic authentication separates the two
        raise ValidationError({"client_id": COLON})


class CredentialHealth(models.Model):
    """What the last calls with one credential said about calling again, for all processes.

    One cause at a time: each change replaces the whole state, so that nothing of one lingers in
    another. No row means that this credential was never tried.
    """

    class State(models.TextChoices):
        WORKING = "working", "Working"
        FAILING = "failing", "Failing"
        LIMITED = "limited", "Limited"
        REFUSED = "refused", "Credential refused"

    credential = models.OneToOneField(
        VendorCredential, on_delete=models.CASCADE, related_name="health", primary_key=True
    )
    state = models.CharField(max_length=16, choices=State)
    since = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)  # in a row
    retry_at = models.DateTimeField(null=True, blank=True)  # jobs make no calls until then
    # API requests are refused until then; they resume before jobs so that one of them probes the
    # vendor.
    anyone_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)  # to the minute

    class Meta:
        verbose_name = verbose_name_plural = "credential health"
        constraints = [
            models.CheckConstraint(
                name="health_one_cause",
                condition=models.Q(state="working", failures=0, retry_at=None, anyone_at=None)
                | models.Q(state="failing", failures__gt=0)
                | models.Q(state="limited", failures=0, retry_at__isnull=False)
                | models.Q(state="refused", failures=0, retry_at__isnull=False, anyone_at=None),
            )
        ]

    def __str__(self) -> str:
        return str(self.get_state_display())

    @property
    def reason(self) -> str:
        """Why calls are paused; empty while they are not."""
        return "" if self.retry_at is None else REASONS[self.State(self.state)]

    def describe(self) -> str:
        """The state in a sentence for staff."""
        last = self.last_success_at
        success = f"last success {last:%Y-%m-%d %H:%M} UTC" if last else "no call worked yet"
        details = self.reason or (f"{self.failures} calls in a row." if self.failures else "")
        return f"{self} ({success}). {details}".strip()


REASONS = {
    CredentialHealth.State.REFUSED: (
        "The vendor refuses this credential, so calls are paused. Correct it under Credentials, or "
        "press Test connection there once the vendor accepts it."
    ),
    CredentialHealth.State.FAILING: (
        "The vendor failed several times in a row; calls are paused for a moment."
    ),
    CredentialHealth.State.LIMITED: (
        "The vendor asked to be called less often; calls are paused until then."
    ),
}
NOT_TESTED = "Not tested since it was entered or changed."
NEVER_TRIED = "Not tested: no call was made with this credential yet."
