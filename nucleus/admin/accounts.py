"""The screens of aggregation accounts and bank links."""

from __future__ import annotations

from django.contrib import admin

from nucleus.admin.read_only import ReadOnlyAdmin
from nucleus.models import AggregationAccount, BankLink


@admin.register(AggregationAccount)
class AggregationAccountAdmin(ReadOnlyAdmin):
    """Accounts held elsewhere."""

    list_display = (
        "account_name", "institution_name", "client", "business", "tenant", "category", "mask",
        "is_active",
    )  # fmt: skip
    list_filter = ("category", "is_active", "is_classified", "is_link_verified")
    list_select_related = ("client", "business", "tenant")
    search_fields = ("account_name", "client__username", "business__legal_name", "id")


@admin.register(BankLink)
class BankLinkAdmin(ReadOnlyAdmin):
    """Verified bank accounts, by their last four digits."""

    list_display = (
        "institution_name", "mask", "client", "business", "tenant", "is_link_verified",
        "unverified_reason", "is_active",
    )  # fmt: skip
    list_filter = ("is_link_verified", "unverified_reason", "is_active")
    list_select_related = ("client", "business", "tenant")
    search_fields = ("client__username", "business__legal_name", "id")
