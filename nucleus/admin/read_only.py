"""Read-only screens, for what only the gateway itself writes."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_permission_codename
from django.http import HttpRequest

from nucleus.admin.base import BaseAdmin


class ReadOnlyAdmin(BaseAdmin):
    """Nothing can be added, changed or deleted here."""

    list_per_page = 50
    sortable_by = ()  # the tables are large

    def has_repeat_permission(self, request: HttpRequest) -> bool:
        """Whether this person may repeat work by an action: staff who may change such rows."""
        name = get_permission_codename("change", self.opts)
        return request.user.has_perm(f"{self.opts.app_label}.{name}")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
