"""The Settings screens: "Aggregation" and "Verification"."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.utils.html import format_html

from integrations.admin.forms import SecretField, WriteOnlySecrets, vendor_field
from integrations.flows import inbound_webhooks
from integrations.models import AggregationSettings, VerificationSettings
from integrations.pasted_text import printable_ascii
from nucleus.admin.base import BaseAdmin
from nucleus.admin.setup_link import SetupStep


class AggregationForm(WriteOnlySecrets):
    """The labels are those of the vendor's set-up guide."""

    secrets = ("webhook_secret",)
    webhook_secret = SecretField(label="Webhook Secret")
    vendor = vendor_field()

    class Meta:
        model = AggregationSettings
        fields = (
            "tenant", "vendor", "retrieve_automatically", "create_vendor_user_automatically",
            "history_days", "add_new_accounts", "adopt_connections", "deep_read_days",
            "retrieve_holdings", "webhook_user", "webhook_secret",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """MX's webhooks need both user and secret; one alone would be refused silently."""
        cleaned = super().clean()
        user, secret = cleaned.get("webhook_user"), cleaned.get("webhook_secret")
        if user and not secret and "webhook_secret" not in self.errors:
            self.add_error("webhook_secret", "Enter the secret that belongs to the user.")
        if secret and not user and "webhook_user" not in self.errors:
            self.add_error("webhook_user", "Enter the user that belongs to the secret.")
        return cleaned

    def clean_webhook_user(self) -> str:
        """Basic authentication separates user name and password by a colon."""
        name: str = self.cleaned_data["webhook_user"]
        printable_ascii(name)
        if ":" in name:
            raise forms.ValidationError("The user name must not contain a colon.")
        return name


@admin.register(AggregationSettings)
class AggregationSettingsAdmin(SetupStep):
    """The vendor for aggregation, what is automatic, and the access of its webhooks."""

    form = AggregationForm
    list_display = (
        "tenant", "vendor", "retrieves_automatically", "creates_users_automatically",
        "history_days",
    )  # fmt: skip
    list_select_related = ("tenant",)
    readonly_fields = ("webhook_url",)
    fieldsets = (
        ("Aggregation", {"fields": (
            "tenant", "vendor", "retrieve_automatically", "create_vendor_user_automatically",
            "history_days", "add_new_accounts", "adopt_connections", "deep_read_days",
            "retrieve_holdings",
        )}),
        ("Webhooks", {"fields": (
            "webhook_url", "webhook_user", "webhook_secret",
        )}),
    )  # fmt: skip

    def deletion_warnings(self, obj: AggregationSettings) -> list[str]:
        url = f"{settings.PUBLIC_URL}/webhooks/{obj.vendor}/{obj.webhook_path}"
        lost_url = (
            f"{obj.tenant}: the webhook URL {url} stops working permanently, with its user and "
            "secret. New settings get another URL, which has to be registered at the vendor."
        )
        return [
            lost_url,
            f"{obj.tenant}: until settings are added again, the defaults apply.",
        ]

    @admin.display(boolean=True, description="retrieves automatically")
    def retrieves_automatically(self, row: AggregationSettings) -> bool:
        return row.retrieve_automatically

    @admin.display(boolean=True, description="creates vendor users automatically")
    def creates_users_automatically(self, row: AggregationSettings) -> bool:
        return row.create_vendor_user_automatically

    @admin.display(description="webhook URL")
    def webhook_url(self, row: AggregationSettings) -> str:
        """The URL to paste into the vendor's dashboard, with instructions."""
        if row._state.adding:
            return "Shown once the settings are saved."
        warning = inbound_webhooks.missing_webhooks_warning(row.tenant)
        return format_html(
            "<code>{}/webhooks/{}/{}</code><br>MX has no API to register it: paste this URL, with "
            "the user and secret below, into MX's client dashboard for aggregation, balance, "
            "history, statement and connection status; on MX Platform also for initial data ready, "
            "“members” and “users”. After a change of user or secret the old pair is accepted for "
            "a day.{}",
            settings.PUBLIC_URL,
            row.vendor,
            row.webhook_path,
            format_html("<br><strong>{}</strong>", warning) if warning else "",
        )


class VerificationForm(WriteOnlySecrets):
    vendor = vendor_field()

    class Meta:
        model = VerificationSettings
        fields = ("tenant", "vendor", "include_identity")


@admin.register(VerificationSettings)
class VerificationSettingsAdmin(BaseAdmin):
    """The vendor for verification."""

    form = VerificationForm
    list_display = ("tenant", "vendor", "include_identity")
    list_select_related = ("tenant",)

    def deletion_warnings(self, obj: VerificationSettings) -> list[str]:
        return [f"{obj.tenant}: until settings are added again, the defaults apply."]
