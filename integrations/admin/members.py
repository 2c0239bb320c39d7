"""The list of connections: their state in words, who has to act, and how old the data is."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from integrations.admin.connection_filters import (
    ATTENTION,
    AttentionFilter,
    ImportAgeFilter,
    StateReasonFilter,
)
from integrations.flows import connection_requests, connection_state
from integrations.flows.connection_descriptions import describe
from integrations.flows.connection_reason_queries import with_reason
from integrations.flows.connection_state import ConnectionState, StateReason
from integrations.flows.errors import FlowError
from integrations.models import Member
from nucleus.admin.confirmation import confirmed_action
from nucleus.admin.exports import ExportingAdmin
from nucleus.admin.links import row_link
from nucleus.admin.read_only import ReadOnlyAdmin
from nucleus.instants import age_text, instant_text

MAX_REFRESHED = 100  # at once; each makes the vendor read a bank
COLOURS = {
    ConnectionState.CONNECTED: "success",
    ConnectionState.IMPORTING: "info",
    ConnectionState.NEEDS_ACTION: "warning",
    ConnectionState.UNAVAILABLE: "warning",
    ConnectionState.MISSING: "warning",
    ConnectionState.STALE: "danger",
    ConnectionState.JOB_FAILED: "danger",
    ConnectionState.CREDENTIALS_REFUSED: "danger",
}
OVERDUE = (StateReason.NOT_IMPORTED, StateReason.NOT_CHECKED)


@admin.register(Member)
class MemberAdmin(ExportingAdmin, ReadOnlyAdmin):
    """Connections: their state in words, who has to act, and the next step."""

    list_display = (
        "connection", "customer", "tenant", "state", "who_must_act", "freshness", "next_step_text",
    )  # fmt: skip
    list_filter = (AttentionFilter, StateReasonFilter, ImportAgeFilter)
    list_select_related = (
        "tenant", "institution", "vendor_user__client", "vendor_user__business",
    )  # fmt: skip
    search_fields = (
        "name", "vendor_member_id", "vendor_user__client__username",
        "vendor_user__business__legal_name", "id",
    )  # fmt: skip
    actions = ("refresh",)
    export_columns = (
        ("id", "pk"),
        ("tenant", "tenant.slug"),
        ("customer_id", "vendor_user.owner.pk"),
        ("customer", "vendor_user.owner"),
        ("connection", str),
        ("state", lambda row: describe(row).title),
        ("who_must_act", lambda row: describe(row).actor_name),
        ("next_step", lambda row: describe(row).next_step),
        ("vendor_status", "connection_status"),
        ("imported", "successfully_aggregated_at"),
        ("checked", "checked_at"),
        ("read", "synced_at"),
        ("broken_since", "broken_since"),
        ("vendor_id", "vendor_member_id"),
        ("created", "create_date"),
    )
    fieldsets = (
        ("State", {"fields": (
            "connection", "customer", "tenant", "state_in_words", "who_must_act", "next_step_text",
            "customer_message",
        )}),
        ("Freshness", {"fields": (
            "successfully_aggregated_at", "aggregated_at", "checked_at", "synced_at",
            "next_sync_at", "broken_since", "read_problem",
        )}),
        ("Advanced", {"classes": ("collapse",), "fields": (
            "id", "institution", "user_at_vendor", "vendor_member_id", "connection_status",
            "is_aggregating", "synced_through", "created", "changed",
        )}),
    )  # fmt: skip
    readonly_fields = (
        "id", "connection", "customer", "state_in_words", "who_must_act", "next_step_text",
        "customer_message", "user_at_vendor", "created", "changed",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        rows: QuerySet[Member] = with_reason(super().get_queryset(request))
        return rows

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Oldest trouble first where somebody has to act; otherwise the newest connection."""
        if request.GET.get(AttentionFilter.parameter_name) in ATTENTION:
            return ("checked_at", "successfully_aggregated_at", "id")
        return ("-create_date", "-id")

    @admin.display(description="connection")
    def connection(self, row: Member) -> str:
        return str(row)

    @admin.display(description="customer")
    def customer(self, row: Member) -> SafeString:
        return row_link(row.vendor_user.owner)

    @display(description="state", label=COLOURS)  # type: ignore[untyped-decorator]
    def state(self, row: Member) -> tuple[str, str]:
        description = describe(row)
        return description.state, description.title

    @admin.display(description="state")
    def state_in_words(self, row: Member) -> str:
        return describe(row).title

    @admin.display(description="who must act")
    def who_must_act(self, row: Member) -> str:
        return describe(row).actor_name

    @admin.display(description="freshness")
    def freshness(self, row: Member) -> SafeString:
        """The age of the vendor's last import; red if it, or the last check, is overdue."""
        imported_at = row.successfully_aggregated_at
        text = f"imported {age_text(imported_at)}" if imported_at else "never imported"
        if connection_state.reason_of(row) not in OVERDUE:
            return format_html('<span title="{}">{}</span>', instant_text(imported_at), text)
        if connection_state.reason_of(row) is StateReason.NOT_CHECKED:
            text = f"{text}, checked {age_text(row.checked_at)}"
        return format_html(
            '<span class="font-semibold text-red-700 dark:text-red-500" title="{}">'
            "{}: overdue</span>",
            instant_text(imported_at),
            text,
        )

    @admin.display(description="next step")
    def next_step_text(self, row: Member) -> str:
        return describe(row).next_step

    @admin.display(description="what the customer is shown")
    def customer_message(self, row: Member) -> str:
        return describe(row).customer_message or "nothing"

    @admin.display(description="user at the vendor")
    def user_at_vendor(self, row: Member) -> SafeString:
        return row_link(row.vendor_user)

    @confirmed_action(
        description="Refresh",
        question="Make the vendor read these banks now, and then read all their accounts? People "
        "may be asked by their bank for a confirmation.",
        button="Yes, refresh them",
        permissions=["repeat"],
        max_rows=MAX_REFRESHED,
    )
    def refresh(self, request: HttpRequest, rows: list[Any]) -> None:
        count = 0
        for row in rows:
            try:
                connection_requests.refresh(row)
            except FlowError:
                messages.warning(
                    request, f"{row} was left out: the vendor no longer has this connection."
                )
                continue
            self.record(request, row, "Requested a refresh.")
            count += 1
        messages.info(request, f"{count} connections are refreshed; see Jobs.")
