"""The Credentials screen, with "Test connection"."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action

from integrations.admin.forms import SecretField, WriteOnlySecrets, api_field, vendor_field
from integrations.flows import credentials
from integrations.models import VendorCredential

ENVIRONMENTS = [
    ("production", "MX production"),
    ("development", "MX development"),
    ("custom", "Custom base URL"),
]


class CredentialForm(WriteOnlySecrets):
    """Labels are those of the vendor's set-up guide."""

    secrets = required_when_new = ("secret",)
    secret = SecretField(label="Password/Client Secret", help_text="MX: the MX-API-Key.")
    vendor = vendor_field()
    api = api_field()

    class Meta:
        model = VendorCredential
        fields = (
            "tenant", "vendor", "api", "environment", "base_url", "client_id", "secret",
            "is_active",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["environment"].choices = ENVIRONMENTS  # type: ignore[attr-defined]


@admin.register(VendorCredential)
class CredentialAdmin(ModelAdmin):
    """Keys at a vendor, one active set per tenant and vendor."""

    form = CredentialForm
    list_display = ("tenant", "vendor", "api", "environment", "client_id", "is_active", "works")
    list_filter = ("vendor", "environment", "is_active")
    list_select_related = ("tenant",)
    readonly_fields = ("vendor_config_id",)
    actions = ("test_connections",)
    actions_detail = ("test_connection",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[VendorCredential]:
        return VendorCredential.unscoped.select_related("tenant", "health")

    @admin.display(description="vendor_config_id")
    def vendor_config_id(self, row: VendorCredential) -> str:
        """What API callers may name these keys by."""
        return "Shown once the keys are saved." if row._state.adding else str(row.pk)

    @admin.display(description="health")
    def works(self, row: VendorCredential) -> str:
        """Whether calls are paused, and why."""
        health = getattr(row, "health", None)
        return "Works" if health is None else str(health)

    @action(description="Test connection", permissions=["view"], url_path="test")
    def test_connection(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Call the vendor with these keys and say what it answered."""
        row = get_object_or_404(VendorCredential.unscoped, pk=object_id)
        _report(request, row)
        return HttpResponseRedirect(
            reverse("admin:integrations_vendorcredential_change", args=[row.pk])
        )

    @admin.action(description="Test connection", permissions=["view"])
    def test_connections(self, request: HttpRequest, rows: QuerySet[VendorCredential]) -> None:
        for row in rows[:10]:
            _report(request, row)


def _report(request: HttpRequest, row: VendorCredential) -> None:
    result = credentials.test(credential=row)
    level = messages.SUCCESS if result.ok else messages.ERROR
    messages.add_message(request, level, f"{row.tenant}: {result.message}")
