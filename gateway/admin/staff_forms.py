"""Forms of staff, with the tenants that somebody sees."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser, User
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
