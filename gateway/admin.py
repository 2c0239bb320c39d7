"""Tenants, their applications, and what Nucleus holds."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from oauth2_provider.models import get_grant_model, get_id_token_model, get_refresh_token_model
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from gateway import currency_admin, provisioning  # noqa: F401 - registers a screen
from gateway.access.models import AccessToken, Application, DeviceGrant
from gateway.access.scopes import ALL_SCOPES
from integrations.admin.read_only import ReadOnlyAdmin
from integrations.flows import erasure
from nucleus.models import AggregationAccount, BankLink, Business, Client, Tenant

MOST_ERASED = 100  # at once
HIDDEN = (
    AccessToken, DeviceGrant, get_grant_model(), get_id_token_model(), get_refresh_token_model(),
)  # fmt: skip
for model in (*HIDDEN, Application, User, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    """Staff."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Roles of staff."""


@admin.register(Tenant)
class TenantAdmin(ModelAdmin):
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
        same = Application.objects.filter(tenant=cleaned.get("tenant"), name=cleaned.get("name"))
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
class ApplicationAdmin(ModelAdmin):
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

    @admin.action(description="Make a new secret", permissions=["change"])
    def rotate_secrets(self, request: HttpRequest, rows: Any) -> None:
        for row in rows[:10]:
            _, secret = provisioning.application(owner=row.tenant, name=row.name, rotate=True)
            _show_once(request, row, secret)


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
    exclude = ("password", "identification_number")
    actions = ("erase",)

    def has_erase_permission(self, request: HttpRequest) -> bool:
        """Staff who may delete clients may erase them; there is no other way to delete one."""
        return request.user.has_perm("nucleus.delete_client")

    @admin.action(description="Erase…", permissions=["erase"])
    def erase(self, request: HttpRequest, rows: QuerySet[Client]) -> HttpResponse | None:
        """Asks first, then erases here and at the vendor."""
        chosen = rows[:MOST_ERASED]
        if "confirmed" not in request.POST:
            context = self.admin_site.each_context(request) | {
                "title": "Erase clients",
                "clients": chosen,
                "opts": self.opts,
            }
            return TemplateResponse(request, "admin/erase_clients.html", context)
        for client in chosen:
            erasure.request(client, requested_by=f"staff: {request.user.get_username()}")
        messages.info(request, f"{len(chosen)} clients will be erased; see Erasures.")
        return None


@admin.register(Business)
class BusinessAdmin(ReadOnlyAdmin):
    """Firms whose banks are linked."""

    list_display = ("legal_name", "dba_name", "tenant", "is_active", "create_date")
    list_filter = ("is_active",)
    list_select_related = ("tenant",)
    search_fields = ("legal_name", "dba_name", "id")
    exclude = ("identification_number",)


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
    exclude = ("account_number",)


@admin.register(BankLink)
class BankLinkAdmin(ReadOnlyAdmin):
    """Verified bank accounts, by their last four digits."""

    list_display = (
        "institution_name", "mask", "client", "business", "tenant", "is_link_verified", "is_active",
    )  # fmt: skip
    list_filter = ("is_link_verified", "is_active")
    list_select_related = ("client", "business", "tenant")
    search_fields = ("client__username", "business__legal_name", "id")
    exclude = ("bank_account_number", "routing", "routing_wire")
