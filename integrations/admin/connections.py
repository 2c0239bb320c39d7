"""Screens of vendor users, their connections, and the vendor's accounts."""

from __future__ import annotations

from django.contrib import admin

from integrations.models import AccountLink, Member, VendorUser
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

    list_display = (
        "aggregation_account", "tenant", "member", "transactions_retrieved_at", "rejected",
    )  # fmt: skip
    list_select_related = ("aggregation_account", "tenant", "member")
    search_fields = ("vendor_account_id", "aggregation_account__account_name")

    @admin.display(description="not stored")
    def rejected(self, row: AccountLink) -> int:
        """How many items of the account the vendor has sent and could not be stored, at most 20."""
        return len(row.rejected_items)
