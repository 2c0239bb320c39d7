"""The screen of bank links."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from nucleus.admin.links import customer_link
from nucleus.admin.read_only import ReadOnlyAdmin
from nucleus.admin.reveals import RevealingAdmin
from nucleus.models import BankLink


@admin.register(BankLink)
class BankLinkAdmin(RevealingAdmin, ReadOnlyAdmin):
    """Verified bank accounts, by their last four digits."""

    list_display = (
        "institution_name", "mask", "customer", "tenant", "is_link_verified", "unverified_reason",
        "is_active",
    )  # fmt: skip
    list_filter = ("is_link_verified", "unverified_reason", "is_active")
    list_select_related = ("client", "business", "tenant")
    search_fields = ("client__username", "business__legal_name", "id")
    change_form_outer_before_template = "admin/reveal_bank_link.html"
    fieldsets = (
        (None, {"fields": (
            "institution_name", "bank_account_name", "bank_account_holder", "mask", "type",
            "customer", "tenant",
        )}),
        ("State", {"fields": (
            "is_link_verified", "link_verified_date", "unverified_reason", "is_active",
            "is_default", "balance", "available_balance", "currency_code",
        )}),
        ("Advanced", {"classes": ("collapse",), "fields": (
            "id", "secondary_id", "account_id", "institution", "metadata", "created", "changed",
        )}),
    )  # fmt: skip
    readonly_fields = ("id", "customer", "created", "changed")
    number_columns = (
        ("Account number", "bank_account_number"),
        ("Routing number", "routing"),
        ("Routing number for wires", "routing_wire"),
    )

    @admin.display(description="customer")
    def customer(self, row: BankLink) -> SafeString:
        return customer_link(row)
