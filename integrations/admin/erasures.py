"""The Erasures screen: customers who were erased, and what is still pending."""

from __future__ import annotations

from django.contrib import admin

from integrations.models import Erasure
from nucleus.admin.read_only import ReadOnlyAdmin


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Erasures; `problem` says why the vendor's data is not deleted yet."""

    list_display = (
        "client_id", "tenant", "requested_by", "created", "erased_at", "finished_at",
        "outcome", "problem",
    )  # fmt: skip
    list_filter = ("outcome",)
    list_select_related = ("tenant",)
    search_fields = ("client_id",)
    ordering = ("-create_date",)
    fieldsets = (
        (None, {"fields": (
            "client_id", "tenant", "requested_by", "created", "outcome", "problem", "erased_at",
            "finished_at",
        )}),
        ("Advanced", {"classes": ("collapse",), "fields": ("id", "counts", "vendor_users")}),
    )  # fmt: skip
    readonly_fields = ("id", "created")
