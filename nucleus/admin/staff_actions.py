"""The screen of what staff did: who, when, to what, from and to. Nobody changes it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join

from nucleus.admin.read_only import ReadOnlyAdmin
from nucleus.admin.tenant_access import tenant_ids
from nucleus.instants import instant_text
from nucleus.models import StaffAction


@admin.register(StaffAction)
class StaffActionAdmin(ReadOnlyAdmin):
    """What staff did: the entries of the reader's tenants, and their own."""

    list_display = (
        "moment", "user", "kind", "object_link", "message", "from_and_to", "tenant",
    )  # fmt: skip
    list_filter = ("user", "kind", "create_date")
    list_select_related = ("user", "tenant", "content_type")
    search_fields = ("object_id", "object_name", "message")
    ordering = ("-create_date",)
    fields = list_display

    def visible_rows(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        ids = tenant_ids(request.user)
        return rows if ids is None else rows.filter(Q(tenant__in=ids) | Q(user=request.user.pk))

    @admin.display(description="Time")
    def moment(self, row: StaffAction) -> str:
        return instant_text(row.create_date)

    @admin.display(description="Object")
    def object_link(self, row: StaffAction) -> str:
        """The kind and name of the object, with a link to its page if there is one."""
        if row.content_type is None:
            return row.object_name
        kind = row.content_type
        name = f"{kind.name}: {row.object_name}"
        try:
            path = reverse(f"admin:{kind.app_label}_{kind.model}_change", args=[row.object_id])
        except NoReverseMatch:
            return name
        return format_html('<a class="underline" href="{}">{}</a>', path, name)

    @admin.display(description="From → to")
    def from_and_to(self, row: StaffAction) -> str:
        """Each changed field on a line."""
        changes = [entry for entry in row.changes if isinstance(entry, list) and len(entry) == 3]
        return format_html_join("", "<div>{}: {} → {}</div>", changes) if changes else "-"
