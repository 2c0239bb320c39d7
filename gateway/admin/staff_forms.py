"""Forms of staff, with the tenants that somebody sees."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.utils.text import capfirst
from unfold.forms import UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldBooleanSwitchWidget

from nucleus.admin.tenant_access import sees_all_tenants, visible_tenants
from nucleus.models import Tenant


def tenant_fields(actor: User | AnonymousUser) -> dict[str, forms.Field]:
    """What `actor` may choose for somebody: tenants that they see themselves."""
    sees_all = sees_all_tenants(actor)
    tenants = visible_tenants(actor)
    return {
        "all_tenants": forms.BooleanField(
            label="All tenants",
            required=False,
            disabled=not sees_all,
            widget=UnfoldBooleanSwitchWidget,
            help_text="Also those that are added later.",
        ),
        "tenants": forms.ModelMultipleChoiceField(
            label="Tenants",
            queryset=tenants,
            required=not sees_all,
            initial=[] if sees_all else tenants,
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            help_text="What this person finds, in lists and in search, belongs to these. "
            "Without any, they find nothing; superusers find everything.",
        ),
    }


# Labels and help texts of fields that Django names in words of its own.
FIELD_TEXTS = {
    "username": ("User name", "At most 150 letters, digits and @ . + - _"),
    "email": ("E-mail", ""),
    "is_active": ("Active", "Off: this person cannot log in."),
    "is_staff": ("Staff", "May log in to the admin."),
    "is_superuser": ("Superuser", "May do everything, for all tenants."),
    "groups": ("Roles", "What this person may do."),
    "user_permissions": ("Further permissions", "Beside those of the roles."),
    "permissions": ("Permissions", ""),
    "last_login": ("Last log-in", ""),
    "date_joined": ("Added", ""),
}
DEFAULT_ACTIONS = ("add", "change", "delete", "view")


def permission_label(permission: Permission) -> str:
    """What a permission allows, by today's name of its screen: "Connections: view"."""
    model = permission.content_type.model_class()
    action = permission.codename.partition("_")[0]
    if model is None or action not in DEFAULT_ACTIONS:
        return permission.name
    return f"{capfirst(str(model._meta.verbose_name_plural))}: {action}"


def name_field(name: str, field: Any) -> Any:
    """Give a form field its label and help text, and permissions their labels."""
    if name in FIELD_TEXTS:
        field.label, field.help_text = FIELD_TEXTS[name]
    if name in ("permissions", "user_permissions"):
        field.label_from_instance = permission_label
    return field


class TenantsOfUser(forms.ModelForm):  # type: ignore[type-arg]
    """The fields, which `tenant_fields` replaces for each request, and their present values."""

    all_tenants = forms.BooleanField(required=False)
    tenants = forms.ModelMultipleChoiceField(queryset=Tenant.objects.none(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        access = getattr(self.instance, "staff_access", None)
        if access is not None:
            self.initial["all_tenants"] = access.all_tenants
            self.initial["tenants"] = list(access.tenants.all())


class StaffForm(TenantsOfUser, UserChangeForm):  # type: ignore[misc]
    """Changes a user."""


class StaffAddForm(TenantsOfUser, UserCreationForm):  # type: ignore[misc]
    """Adds a user."""
