"""Which clients were erased, and what is still to do about it."""

from __future__ import annotations

from django.contrib import admin

from integrations.models import Erasure
from nucleus.admin.read_only import ReadOnlyAdmin


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """The record of each erasure; `problem` says what the vendor's part waits for."""

    list_display = (
        "client_id", "tenant", "requested_by", "create_date", "erased_at", "finished_at",
        "outcome", "problem",
    )  # fmt: skip
    list_filter = ("outcome",)
    list_select_related = ("tenant",)
    search_fields = ("client_id",)
    ordering = ("-create_date",)
