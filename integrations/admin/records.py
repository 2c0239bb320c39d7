"""Connections, jobs and vendor calls, to look at."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest

from integrations.jobs import requeue
from integrations.models import (
    AccountLink,
    AuditLog,
    InboundWebhook,
    Job,
    JobState,
    Member,
    VendorUser,
)
from nucleus.admin.confirmation import confirmed_action
from nucleus.admin.read_only import ReadOnlyAdmin


@admin.register(VendorUser)
class VendorUserAdmin(ReadOnlyAdmin):
    """Which client or business is which user at the vendor."""

    list_display = ("owner", "tenant", "vendor", "vendor_user_id", "create_date")
    list_filter = ("vendor",)
    list_select_related = ("client", "business", "tenant")
    search_fields = ("vendor_user_id", "client__username", "business__legal_name")


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    """Connections: which are broken, why, and who must act."""

    list_display = (
        "name", "tenant", "owner", "connection_status", "actor", "connection_message",
        "aggregated_at",
    )  # fmt: skip
    list_filter = ("connection_status", "actor")
    list_select_related = ("tenant", "vendor_user__client", "vendor_user__business")
    search_fields = (
        "name", "vendor_member_id", "vendor_user__client__username",
        "vendor_user__business__legal_name",
    )  # fmt: skip

    def owner(self, row: Member) -> str:
        return str(row.vendor_user.owner)


@admin.register(AccountLink)
class AccountLinkAdmin(ReadOnlyAdmin):
    """Which aggregation account is which account at the vendor."""

    list_display = ("aggregation_account", "tenant", "member", "transactions_retrieved_at")
    list_select_related = ("aggregation_account", "tenant", "member")
    search_fields = ("vendor_account_id", "aggregation_account__account_name")


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Work: waiting, running, done, or dead with its reason."""

    list_display = ("kind", "tenant", "state", "attempts", "run_at", "last_error", "finished_at")
    list_filter = ("state", "kind")
    list_select_related = ("tenant",)
    ordering = ("-create_date",)
    actions = ("run_again",)

    @confirmed_action(
        description="Run dead and waiting jobs now",
        question="Run these jobs now? Those that are neither dead nor waiting stay as they are.",
        button="Yes, run them now",
        permissions=["repeat"],
    )
    def run_again(self, request: HttpRequest, rows: list[Job]) -> None:
        chosen = [job for job in rows if job.state in (JobState.DEAD, JobState.READY)]
        for job in chosen:
            self.record(request, job, "Run now.")
        messages.info(request, requeue.requeue_all(chosen))
        if left_out := len(rows) - len(chosen):
            messages.warning(request, f"{left_out} were neither dead nor waiting.")


@admin.register(InboundWebhook)
class InboundWebhookAdmin(ReadOnlyAdmin):
    """What vendors told us: waiting, handled, or kept because it was not understood."""

    list_display = (
        "create_date", "tenant", "vendor", "kind", "state", "vendor_member_id", "note",
        "handled_at",
    )  # fmt: skip
    list_filter = ("state", "kind")
    list_select_related = ("tenant",)
    search_fields = ("vendor_member_id", "vendor_user_id", "request_id")
    ordering = ("-create_date",)


@admin.register(AuditLog)
class AuditLogAdmin(ReadOnlyAdmin):
    """Every call to a vendor, without what was said; and that clients were erased."""

    list_display = (
        "create_date", "tenant", "vendor", "operation", "method", "path_template", "status",
        "error", "duration_ms", "client_id", "request_id",
    )  # fmt: skip
    list_filter = ("vendor", "operation", "status", "error")
    list_select_related = ("tenant",)
    search_fields = ("request_id", "client_id", "aggregation_account_id")
    ordering = ("-create_date",)
