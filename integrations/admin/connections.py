"""Screens of vendor users and of the vendor's accounts."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.safestring import SafeString

from integrations.flows import retrieval
from integrations.models import AccountLink, VendorUser
from nucleus.admin.confirmation import confirmed_action
from nucleus.admin.links import customer_link, row_link
from nucleus.admin.read_only import ReadOnlyAdmin


@admin.register(VendorUser)
class VendorUserAdmin(ReadOnlyAdmin):
    """The vendor users of customers."""

    list_display = ("customer_name", "tenant", "vendor", "vendor_user_id", "created")
    list_filter = ("vendor",)
    list_select_related = ("client", "business", "tenant")
    search_fields = ("vendor_user_id", "client__username", "business__legal_name")
    fields = (
        "customer", "tenant", "vendor", "vendor_user_id", "disabled_at", "identifier",
        "missing_vendor_user_id", "last_widget_mode", "id", "created", "changed",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="customer")
    def customer_name(self, row: VendorUser) -> str:
        """Without a link: the first column leads to the page of the row."""
        return str(row.owner)

    @admin.display(description="customer")
    def customer(self, row: VendorUser) -> SafeString:
        return row_link(row.owner)


@admin.register(AccountLink)
class AccountLinkAdmin(ReadOnlyAdmin):
    """The vendor's accounts of aggregation accounts."""

    list_display = (
        "aggregation_account", "customer", "tenant", "connection", "transactions_retrieved_at",
        "history_retrieved_at", "withheld_removals", "rejected",
    )  # fmt: skip
    list_filter = ("withheld_removals",)
    list_select_related = (
        "aggregation_account__client", "aggregation_account__business", "tenant",
        "member__vendor_user",
    )  # fmt: skip
    search_fields = ("vendor_account_id", "aggregation_account__account_name")
    actions = ("reread_history", "accept_removals")
    fieldsets = (
        (None, {"fields": (
            "account", "customer", "connection", "tenant", "transactions_retrieved_at",
            "history_retrieved_at", "withheld_removals", "rejected", "ended_at", "end_reason",
        )}),
        ("Advanced", {"classes": ("collapse",), "fields": (
            "id", "vendor", "vendor_member_id", "vendor_account_id", "generation", "can_verify",
            "rejected_items", "listed_as", "created", "changed",
        )}),
    )  # fmt: skip
    readonly_fields = (
        "id", "account", "customer", "connection", "rejected", "created", "changed",
    )  # fmt: skip

    @admin.display(description="customer")
    def customer(self, row: AccountLink) -> SafeString:
        return customer_link(row.aggregation_account)

    @admin.display(description="account")
    def account(self, row: AccountLink) -> SafeString:
        return row_link(row.aggregation_account)

    @admin.display(description="connection")
    def connection(self, row: AccountLink) -> SafeString:
        return row_link(row.member)

    @admin.display(description="not stored")
    def rejected(self, row: AccountLink) -> int:
        """How many items of the account the vendor has sent and could not be stored, at most 20."""
        return len(row.rejected_items)

    @confirmed_action(
        description="Read all transactions again",
        question="Read all transactions that the vendor has of these accounts?",
        button="Yes, read them",
        permissions=["repeat"],
    )
    def reread_history(self, request: HttpRequest, rows: list[AccountLink]) -> None:
        current = [link for link in rows if link.ended_at is None and link.member is not None]
        for link in current:
            self.record(request, link, "All transactions are read again.")
        messages.info(request, f"{retrieval.reread_history(current)} accounts are read again.")

    @confirmed_action(
        description="Withdraw transactions that the vendor no longer has",
        question=(
            "An unlikely share of the transactions of these accounts is missing at the vendor. "
            "Withdraw what is still missing when all of them are read again? Withdrawn "
            "transactions become active again if the vendor has them again."
        ),
        button="Yes, withdraw them",
        permissions=["repeat"],
    )
    def accept_removals(self, request: HttpRequest, rows: list[AccountLink]) -> None:
        current = [link for link in rows if link.ended_at is None and link.member is not None]
        withheld = [link for link in current if link.withheld_removals]
        for link in withheld:
            self.record(request, link, "The removal of transactions is accepted.")
        messages.info(request, f"{retrieval.accept_removals(withheld)} accounts are read again.")
