"""Tenants, their applications, and what Nucleus holds."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from oauth2_provider.models import get_grant_model, get_id_token_model, get_refresh_token_model

from gateway import currency_admin, provisioning, staff_admin  # noqa: F401 - registers screens
from gateway.access.models import AccessToken, Application, DeviceGrant
from gateway.access.scopes import ALL_SCOPES
from integrations.flows import erasure
from nucleus.admin.base import BaseAdmin
from nucleus.admin.confirmation import confirmed_action
from nucleus.admin.read_only import ReadOnlyAdmin
from nucleus.models import AggregationAccount, BankLink, Business, Client, Tenant

MOST_ERASED = 100  # at once
MOST_ROTATED = 50  # at once; each secret has to be copied by hand
HIDDEN = (
    AccessToken, DeviceGrant, get_grant_model(), get_id_token_model(), get_refresh_token_model(),
)  # fmt: skip
for model in (*HIDDEN, Application):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(Tenant)
class TenantAdmin(BaseAdmin):
    """Companies using the gateway. Deactivating one stops its tokens at once."""

    list_display = ("name", "slug", "currency_code", "is_active")
    prepopulated_fields = {"slug": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its data would go with it


class ApplicationForm(forms.ModelForm):
    """Scopes must be known ones."""

    class Meta:
        model = Application
        fields = (
            "tenant", "name", "scopes", "allow_passwords", "client_token_key",
            "rate_limit_per_minute", "client_rate_limit_per_minute", "is_active",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        tenant = self.instance.tenant if self.instance.pk else cleaned.get("tenant")
        same = Application.objects.filter(tenant=tenant, name=cleaned.get("name"))
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("name", "This tenant has an application of that name.")
        return cleaned

    def clean_scopes(self) -> str:
        scopes = self.cleaned_data["scopes"].split()
        unknown = set(scopes) - set(ALL_SCOPES)
        if unknown:
            known = " ".join(ALL_SCOPES)
            raise forms.ValidationError(f"Unknown: {', '.join(sorted(unknown))}. Known: {known}.")
        return " ".join(scopes)


@admin.register(Application)
class ApplicationAdmin(BaseAdmin):
    """API applications. The secret is shown once, when the application is made."""

    form = ApplicationForm
    list_display = ("name", "tenant", "client_id", "scopes", "allow_passwords", "is_active")
    list_select_related = ("tenant",)
    readonly_fields = ("client_id",)
    fieldsets = (
        (None, {"fields": ("tenant", "name", "client_id", "is_active")}),
        (
            "What its tokens may do",
            {"fields": ("scopes", "rate_limit_per_minute", "client_rate_limit_per_minute")},
        ),
        ("Tokens of single clients", {"fields": ("allow_passwords", "client_token_key")}),
    )
    actions = ("rotate_secrets",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new application has no client id before it is saved, so none is shown."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None:
            return fieldsets
        (title, options), *others = fieldsets
        fields = [name for name in options["fields"] if name != "client_id"]
        return [(title, {**options, "fields": fields}), *others]

    def deletion_warnings(self, obj: Application) -> list[str]:
        return [f"{obj.tenant}: whoever uses {obj.client_id} is shut out at once, for good."]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        if change:
            super().save_model(request, obj, form, change)
            return
        row, secret = provisioning.application(
            owner=obj.tenant,
            name=obj.name,
            scopes=obj.scopes,
            allow_passwords=obj.allow_passwords,
            client_token_key=obj.client_token_key,
            rate_limit_per_minute=obj.rate_limit_per_minute,
            client_rate_limit_per_minute=obj.client_rate_limit_per_minute,
            is_active=obj.is_active,
        )
        obj.__dict__.update(row.__dict__)
        _show_once(request, row, secret)

    @confirmed_action(
        description="Make a new secret",
        question="Make a new client secret for each of these applications? The old secrets stop "
        "working at once. The new ones are shown on the next page, and never again.",
        button="Yes, make new secrets",
        permissions=["change"],
        most=MOST_ROTATED,
    )
    def rotate_secrets(self, request: HttpRequest, rows: list[Application]) -> HttpResponse:
        """The secrets are in this answer only: neither messages nor sessions keep them."""
        made = []
        for row in rows:
            _, secret = provisioning.application(owner=row.tenant, name=row.name, rotate=True)
            made.append((row, secret))
            self.record(request, row, "Made a new client secret.")
        context = self.admin_site.each_context(request) | {
            "title": "New client secrets",
            "opts": self.opts,
            "made": made,
        }
        return TemplateResponse(request, "admin/new_secrets.html", context)


def _show_once(request: HttpRequest, row: Application, secret: str | None) -> None:
    if secret:
        messages.warning(request, f"{row.name}: client secret {secret} - it is not shown again.")


@admin.register(Client)
class ClientAdmin(ReadOnlyAdmin):
    """People whose banks are linked."""

    list_display = ("username", "full_name", "tenant", "client_type", "is_active", "create_date")
    list_filter = ("is_active",)
    list_select_related = ("tenant",)
    search_fields = ("username", "last_name", "id")
    actions = ("erase",)

    def has_erase_permission(self, request: HttpRequest) -> bool:
        """Staff who may delete clients may erase them; there is no other way to delete one."""
        return request.user.has_perm("nucleus.delete_client")

    @confirmed_action(
        description="Erase",
        question="Erase these clients? Their users at the vendor, with all connections, and "
        "everything kept about them here will be deleted. This cannot be undone.",
        button="Yes, erase them",
        permissions=["erase"],
        most=MOST_ERASED,
    )
    def erase(self, request: HttpRequest, rows: list[Client]) -> None:
        for client in rows:
            erasure.request(client, requested_by=f"staff: {request.user.get_username()}")
            self.record(request, client, "Asked for the erasure.")
        messages.info(request, f"{len(rows)} clients will be erased; see Erasures.")


@admin.register(Business)
class BusinessAdmin(ReadOnlyAdmin):
    """Firms whose banks are linked."""

    list_display = ("legal_name", "dba_name", "tenant", "is_active", "create_date")
    list_filter = ("is_active",)
    list_select_related = ("tenant",)
    search_fields = ("legal_name", "dba_name", "id")


@admin.register(AggregationAccount)
class AggregationAccountAdmin(ReadOnlyAdmin):
    """Accounts held elsewhere."""

    list_display = (
        "account_name", "institution_name", "client", "business", "tenant", "category", "mask",
        "is_active",
    )  # fmt: skip
    list_filter = ("category", "is_active", "is_link_verified")
    list_select_related = ("client", "business", "tenant")
    search_fields = ("account_name", "client__username", "business__legal_name", "id")


@admin.register(BankLink)
class BankLinkAdmin(ReadOnlyAdmin):
    """Verified bank accounts, by their last four digits."""

    list_display = (
        "institution_name", "mask", "client", "business", "tenant", "is_link_verified", "is_active",
    )  # fmt: skip
    list_filter = ("is_link_verified", "is_active")
    list_select_related = ("client", "business", "tenant")
    search_fields = ("client__username", "business__legal_name", "id")
