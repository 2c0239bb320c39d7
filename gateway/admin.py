"""Applications of tenants, and their secrets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from oauth2_provider.models import get_grant_model, get_id_token_model, get_refresh_token_model

from gateway import provisioning, staff_admin  # noqa: F401 - registers screens
from gateway.access.models import AccessToken, Application, DeviceGrant
from gateway.access.scopes import ALL_SCOPES
from nucleus.admin.base import BaseAdmin
from nucleus.admin.confirmation import confirmed_action

MOST_ROTATED = 50  # at once; each secret has to be copied by hand
HIDDEN = (
    AccessToken, DeviceGrant, get_grant_model(), get_id_token_model(), get_refresh_token_model(),
)  # fmt: skip
for model in (*HIDDEN, Application):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


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
