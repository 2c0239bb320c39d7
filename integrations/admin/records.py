"""Screens of connections, jobs, inbound webhooks and calls to vendors."""

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
    """The vendor users of clients and businesses."""

    list_display = ("owner", "tenant", "vendor", "vendor_user_id", "create_date")
    list_filter = ("vendor",)
    list_select_related = ("client", "business", "tenant")
    search_fields = ("vendor_user_id", "client__username", "business__legal_name")


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    """Connections: their status, its reason and who has to act."""

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
    """The vendor's accounts of aggregation accounts."""

    list_display = ("aggregation_account", "tenant", "member", "transactions_retrieved_at")
    list_select_related = ("aggregation_account", "tenant", "member")
    search_fields = ("vendor_account_id", "aggregation_account__account_name")


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs: waiting, running, done, or dead with the reason."""

    list_display = ("kind", "tenant", "state", "attempts", "run_at", "last_error", "finished_at")
    list_filter = ("state", "kind")
    list_select_related = ("tenant",)
    ordering = ("-create_date",)
    actions = ("requeue_jobs",)

    @confirmed_action(
        description="Requeue dead and waiting jobs",
        question="Requeue these jobs? Jobs that are neither dead nor waiting are skipped.",
        button="Yes, requeue them",
        permissions=["repeat"],
    )
    def requeue_jobs(self, request: HttpRequest, rows: list[Job]) -> None:
        runnable = [job for job in rows if job.state in (JobState.DEAD, JobState.READY)]
        for job in runnable:
            self.record(request, job, "Requeued.")
        messages.info(request, requeue.requeue_all(runnable))
        if skipped := len(rows) - len(runnable):
            messages.warning(request, f"{skipped} skipped: neither dead nor waiting.")


@admin.register(InboundWebhook)
class InboundWebhookAdmin(ReadOnlyAdmin):
    """Vendors' webhooks: waiting, handled, or kept because they were not understood."""

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
    """Calls to vendors, without their contents, and erasures of clients."""

    list_display = (
        "create_date", "tenant", "vendor", "operation", "method", "path_template", "status",
        "error", "duration_ms", "client_id", "request_id",
    )  # fmt: skip
    list_filter = ("vendor", "operation", "status", "error")
    list_select_related = ("tenant",)
    search_fields = ("request_id", "client_id", "aggregation_account_id")
    ordering = ("-create_date",)
