"""The screen of bank links."""

from __future__ import annotations

from django.contrib import admin

from nucleus.admin.read_only import ReadOnlyAdmin
from nucleus.admin.reveals import RevealingAdmin
from nucleus.models import BankLink


@admin.register(BankLink)
class BankLinkAdmin(RevealingAdmin, ReadOnlyAdmin):
    """Verified bank accounts, by their last four digits."""

    list_display = (
        "institution_name", "mask", "client", "business", "tenant", "is_link_verified",
        "unverified_reason", "is_active",
    )  # fmt: skip
    list_filter = ("is_link_verified", "unverified_reason", "is_active")
    list_select_related = ("client", "business", "tenant")
    search_fields = ("client__username", "business__legal_name", "id")
    change_form_outer_before_template = "admin/reveal_bank_link.html"
    number_columns = (
        ("Account number", "bank_account_number"),
        ("Routing number", "routing"),
        ("Routing number for wires", "routing_wire"),
    )
