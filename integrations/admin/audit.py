"""The screen of calls to vendors and of the gateway's own events."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from integrations.flows.staff_terms import in_staff_terms
from integrations.models import AuditLog
from nucleus.admin.links import link_to
from nucleus.admin.read_only import ReadOnlyAdmin
from nucleus.models import AggregationAccount, Client


@admin.register(AuditLog)
class AuditLogAdmin(ReadOnlyAdmin):
    """Calls to vendors, without their contents, and erasures of customers."""

    list_display = (
        "created", "tenant", "vendor", "call", "status", "error", "duration_ms", "customer",
    )  # fmt: skip
    list_filter = ("vendor", "operation", "status", "error")
    list_select_related = ("tenant",)
    search_fields = ("request_id", "client_id", "aggregation_account_id")
    search_help_text = "A request id, or the id of a customer or account"
    ordering = ("-create_date",)
    fieldsets = (
        (None, {"fields": (
            "call", "created", "tenant", "vendor", "customer", "account", "status", "error",
            "duration_ms",
        )}),
        ("Advanced", {"classes": ("collapse",), "fields": (
            "id", "operation", "method", "path_template", "attempt", "request_id",
            "integration_type", "summary",
        )}),
    )  # fmt: skip
    readonly_fields = ("id", "call", "customer", "account", "created")

    @admin.display(description="call")
    def call(self, row: AuditLog) -> str:
        return in_staff_terms(row.operation).capitalize()

    @admin.display(description="customer's id")
    def customer(self, row: AuditLog) -> SafeString:
        return link_to(Client, row.client_id)

    @admin.display(description="account's id")
    def account(self, row: AuditLog) -> SafeString:
        return link_to(AggregationAccount, row.aggregation_account_id)
