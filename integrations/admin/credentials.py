"""The Credentials screen, with "Test connection"."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse

from integrations.admin.api_moves import MovePage
from integrations.admin.credential_tests import TestButton
from integrations.admin.forms import (
    SecretField,
    WriteOnlySecrets,
    api_choice,
    api_field,
)
from integrations.flows import credentials
from integrations.models import VendorCredential
from integrations.models.credentials import API_KEY_HELP, NEVER_TRIED
from integrations.pasted_text import check_key
from integrations.vendors import registry
from nucleus.admin import confirmation
from nucleus.admin.setup_link import SetupStep

MAX_TESTED = 10  # per action; each may take VENDOR_DEADLINE_SECONDS
QUESTION = "Call the vendor with the stored credential? Unsaved changes are not tested."
ENVIRONMENTS = [
    ("production", "MX production"),
    ("development", "MX development"),
    ("custom", "Custom base URL"),
]


class CredentialForm(WriteOnlySecrets):
    """The labels are those of the vendor's set-up guide.

    Vendor, API and version are one choice, so that only existing combinations can be chosen.
    """

    secrets = required_when_new = ("secret",)
    secret = SecretField(
        label="Password/Client Secret", help_text=API_KEY_HELP, check_text=check_key
    )
    versioned_api = api_field()

    class Meta:
        model = VendorCredential
        fields = ("tenant", "environment", "base_url", "client_id", "secret", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.instance
        self.initial["versioned_api"] = api_choice(row.vendor, row.api, row.api_version)
        self.fields["environment"].choices = ENVIRONMENTS  # type: ignore[attr-defined]
        self.fields["environment"].help_text = _addresses()
        self.fields["client_id"].validators.append(check_key)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if choice := cleaned.get("versioned_api"):
            row = self.instance
            row.vendor, row.api, row.api_version = choice.split("/")
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """Constraints that involve the vendor hold although it has no field of its own."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"vendor"}


def _addresses() -> str:
    """Where each API is, by environment."""
    return " ".join(
        f"{spec.name} {api.name}: "
        + ", ".join(f"{name} {url}" for name, url in api.environments.items())
        + "."
        for spec in registry.specs().values()
        for api in spec.apis.values()
    )


@admin.register(VendorCredential)
class CredentialAdmin(TestButton, MovePage, SetupStep):
    """Keys for a vendor's API; one credential per tenant and vendor is active."""

    form = CredentialForm
    fields = (
        "tenant", "versioned_api", "environment", "base_url", "client_id", "secret", "is_active",
        "vendor_config_id",
    )  # fmt: skip
    list_display = (
        "tenant", "keys_of", "client_id", "is_active", "last_test", "health_status",
    )  # fmt: skip
    list_filter = ("vendor", "api", "environment", "is_active")
    list_select_related = ("tenant", "health")
    readonly_fields = ("vendor_config_id",)
    actions = ("test_connections",)
    change_form_outer_before_template = "admin/credential_move_link.html"

    def get_urls(self) -> list[URLPattern]:
        test = path(
            "<uuid:object_id>/test/",
            self.admin_site.admin_view(self.test_connection),
            name="integrations_vendorcredential_test_connection",
        )
        move = path(
            "<uuid:object_id>/move/",
            self.admin_site.admin_view(self.move_api),
            name="integrations_vendorcredential_move_api",
        )
        return [test, move, *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: VendorCredential | None = None) -> Any:
        """Staff who only view a credential see its columns instead of the form's choice."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fields
        columns = {"versioned_api": ("vendor", "api", "api_version")}
        return tuple(name for entry in self.fields for name in columns.get(entry, (entry,)))

    def deletion_warnings(self, obj: VendorCredential) -> list[str]:
        consequence = (
            f"{obj.tenant}: without an active credential nothing can be linked, refreshed or "
            f"verified at {obj.vendor}. Connections and their data are kept, but not updated."
        )
        return [consequence]

    @admin.display(description="configuration's id in the API")
    def vendor_config_id(self, row: VendorCredential) -> str:
        """The id by which API callers may name this credential."""
        return "Shown once the credential is saved." if row._state.adding else str(row.pk)

    @admin.display(description="API")
    def keys_of(self, row: VendorCredential) -> str:
        return str(row)

    @admin.display(description="last test")
    def last_test(self, row: VendorCredential) -> str:
        """When it was tested, by whom, with which result."""
        return row.describe_test()

    @admin.display(description="calls")
    def health_status(self, row: VendorCredential) -> str:
        """The result of the latest calls with this credential."""
        health = getattr(row, "health", None)
        return NEVER_TRIED if health is None else health.describe()

    def test_connection(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """Call the vendor with the stored credential and show the result; a GET asks to confirm."""
        row = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        if request.method != "POST":
            return confirmation.page(
                self,
                request,
                [row],
                title="Test connection",
                question=QUESTION,
                button="Test connection",
            )
        self._test(request, row)
        return HttpResponseRedirect(
            reverse("admin:integrations_vendorcredential_change", args=[row.pk])
        )

    @confirmation.confirmed_action(
        description="Test connection",
        question=QUESTION,
        button="Test connection",
        permissions=["change"],
        max_rows=MAX_TESTED,
    )
    def test_connections(self, request: HttpRequest, rows: list[VendorCredential]) -> None:
        for row in rows:
            self._test(request, row)

    def _test(self, request: HttpRequest, row: VendorCredential) -> None:
        result = credentials.test(credential=row, tested_by=request.user.get_username())
        self.record(request, row, f"Tested the connection: {result.message}")
        level = messages.SUCCESS if result.ok else messages.ERROR
        messages.add_message(request, level, f"{row.tenant}: {result.message}")
