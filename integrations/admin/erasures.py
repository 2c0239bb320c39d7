"""The Erasures screen: clients that were erased, and what is still pending."""

from __future__ import annotations

from django.contrib import admin

from integrations.models import Erasure
from nucleus.admin.read_only import ReadOnlyAdmin


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Erasures; `problem` says why the vendor's data is not deleted yet."""

    list_display = (
        "client_id", "tenant", "requested_by", "create_date", "erased_at", "finished_at",
        "outcome", "problem",
    )  # fmt: skip
    list_filter = ("outcome",)
    list_select_related = ("tenant",)
    search_fields = ("client_id",)
    ordering = ("-create_date",)
