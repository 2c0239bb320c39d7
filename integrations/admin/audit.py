"""The screen of calls to vendors and of the gateway's own events."""

from __future__ import annotations

from django.contrib import admin

from integrations.models import AuditLog
from nucleus.admin.read_only import ReadOnlyAdmin


@admin.register(AuditLog)
class AuditLogAdmin(ReadOnlyAdmin):
    """Calls to vendors, without their contents, and erasures of clients."""

    list_display = (
        "create_date", "tenant", "vendor", "operation", "method", "path_template", "status",
        "error", "duration_ms", "client_id", "request_id",
    )  # fmt: skip
    list_filter = ("vendor", "operation", "status", "error")
    list_select_related = ("tenant",)
    search_fields = ("request_id", "client_id", "aggregation_account_id")
    ordering = ("-create_date",)
