"""Screens of API applications and their secrets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from oauth2_provider.models import get_grant_model, get_id_token_model, get_refresh_token_model

from gateway import provisioning
from gateway.access.models import AccessToken, Application, DeviceGrant
from gateway.access.scopes import ALL_SCOPES
from nucleus.admin.base import BaseAdmin
from nucleus.admin.confirmation import confirmed_action

MAX_ROTATED = 50  # at once; each secret has to be copied by hand
HIDDEN = (
    AccessToken, DeviceGrant, get_grant_model(), get_id_token_model(), get_refresh_token_model(),
)  # fmt: skip
for model in (*HIDDEN, Application):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class ApplicationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Validates scopes, and that the name is unique within the tenant."""

    class Meta:
        model = Application
        fields = (
            "tenant", "name", "scopes", "allow_passwords", "client_token_key",
            "rate_limit_per_minute", "client_rate_limit_per_minute", "is_active",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        tenant = self.instance.tenant if self.instance.pk else cleaned.get("tenant")
        same_name = Application.objects.filter(tenant=tenant, name=cleaned.get("name"))
        if same_name.exclude(pk=self.instance.pk).exists():
            self.add_error("name", "This tenant already has an application with this name.")
        return cleaned

    def clean_scopes(self) -> str:
        scopes = self.cleaned_data["scopes"].split()
        unknown = set(scopes) - set(ALL_SCOPES)
        if unknown:
            names, valid_names = ", ".join(sorted(unknown)), " ".join(ALL_SCOPES)
            raise forms.ValidationError(f"Unknown scopes: {names}. Valid scopes: {valid_names}.")
        return " ".join(scopes)


@admin.register(Application)
class ApplicationAdmin(BaseAdmin):
    """API applications. The secret is shown once, when the application is created."""

    form = ApplicationForm
    list_display = ("name", "tenant", "client_id", "scopes", "allow_passwords", "is_active")
    list_select_related = ("tenant",)
    readonly_fields = ("client_id",)
    fieldsets = (
        (None, {"fields": ("tenant", "name", "client_id", "is_active")}),
        (
            "Scopes and limits",
            {"fields": ("scopes", "rate_limit_per_minute", "client_rate_limit_per_minute")},
        ),
        ("Tokens of single customers", {"fields": ("allow_passwords", "client_token_key")}),
    )
    actions = ("rotate_secrets",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Hide the client id of a new application, which gets it when it is saved."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None:
            return fieldsets
        (title, options), *others = fieldsets
        fields = [name for name in options["fields"] if name != "client_id"]
        return [(title, {**options, "fields": fields}), *others]

    def deletion_warnings(self, obj: Application) -> list[str]:
        consequence = "lose access at once and permanently"
        return [f"{obj.tenant}: apps that use the client id {obj.client_id} {consequence}."]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        if change:
            super().save_model(request, obj, form, change)
            return
        for name, value in provisioning.CONFIDENTIAL.items():
            setattr(obj, name, value)
        secret = obj.client_secret = provisioning.generate_secret()  # hashed when it is saved
        super().save_model(request, obj, form, change)
        messages.warning(request, f"{obj.name}: client secret {secret} - it is not shown again.")

    @confirmed_action(
        description="Make a new secret",
        question="Make a new client secret for each of these applications? The old secrets stop "
        "working at once. The new ones are shown on the next page, and never again.",
        button="Yes, make new secrets",
        permissions=["change"],
        max_rows=MAX_ROTATED,
    )
    def rotate_secrets(self, request: HttpRequest, rows: list[Application]) -> HttpResponse:
        """The secrets are in this response only; neither messages nor sessions store them."""
        new_secrets = []
        for row in rows:
            _, secret = provisioning.application(owner=row.tenant, name=row.name, rotate=True)
            new_secrets.append((row, secret))
            self.record(request, row, "Made a new client secret.")
        context = self.admin_site.each_context(request) | {
            "title": "New client secrets",
            "opts": self.opts,
            "new_secrets": new_secrets,
        }
        return TemplateResponse(request, "admin/new_secrets.html", context)
