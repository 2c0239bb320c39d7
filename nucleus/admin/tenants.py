"""The screen of tenants."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from nucleus.admin.setup_link import SetupStep
from nucleus.admin.tenant_access import sees_all_tenants
from nucleus.models import Tenant


@admin.register(Tenant)
class TenantAdmin(SetupStep):
    """Companies using the gateway. Deactivating one stops its tokens at once."""

    list_display = ("name", "slug", "currency_code", "is_active")
    prepopulated_fields = {"slug": ("name",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Staff of some tenants would not see the new one."""
        return bool(super().has_add_permission(request)) and sees_all_tenants(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its data would go with it
