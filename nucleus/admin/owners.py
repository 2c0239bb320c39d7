"""The screens of people and businesses. Staff see them and may erase people."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest

from nucleus import hooks
from nucleus.admin.confirmation import confirmed_action
from nucleus.admin.exports import ExportingAdmin, columns
from nucleus.admin.read_only import ReadOnlyAdmin
from nucleus.models import Business, Client

MAX_ERASED = 100  # at once


@admin.register(Client)
class ClientAdmin(ExportingAdmin, ReadOnlyAdmin):
    """People whose banks are linked."""

    list_display = ("username", "full_name", "tenant", "client_type", "is_active", "created")
    list_filter = ("is_active",)
    list_select_related = ("tenant",)
    search_fields = ("username", "last_name", "email", "secondary_id", "id")
    actions = ("erase",)
    export_columns = (
        ("id", "pk"),
        ("tenant", "tenant.slug"),
        *columns(
            "username", "client_type", "first_name", "last_name", "email", "secondary_id",
            "status", "is_active", "is_verified",
        ),
        ("created", "create_date"),
        ("changed", "update_date"),
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": (
            "username", "client_type", "tenant", "business", "status", "is_active", "is_verified",
        )}),
        ("Person", {"fields": (
            "title", "first_name", "middle_name", "last_name", "suffix", "gender", "date_of_birth",
            "citizenship_status", "country_of_citizenship", "country_of_residence",
            "identification_number_type",
        )}),
        ("Contact", {"fields": ("email", "phone_number", "address", "image")}),
        ("Work and means", {"fields": (
            "firm_name", "firm_type", "employment", "income", "liquid_net_worth",
            "total_net_worth",
        )}),
        ("Advanced", {"classes": ("collapse",), "fields": (
            "id", "secondary_id", "hydro_id", "group", "authorities", "metadata", "created",
            "changed",
        )}),
    )  # fmt: skip
    readonly_fields = ("id", "created", "changed")

    def has_erase_permission(self, request: HttpRequest) -> bool:
        """Staff who may delete clients may erase them; there is no other way to delete one."""
        return request.user.has_perm("nucleus.delete_client")

    @confirmed_action(
        description="Erase",
        question="Erase these customers? Their users at the vendor, with all connections, and "
        "everything stored about them here will be deleted. This cannot be undone.",
        button="Yes, erase them",
        permissions=["erase"],
        max_rows=MAX_ERASED,
    )
    def erase(self, request: HttpRequest, rows: list[Client]) -> None:
        for client in rows:
            hooks.erase_client(client, requested_by=f"staff: {request.user.get_username()}")
            self.record(request, client, "Requested the erasure.")
        messages.info(request, f"{len(rows)} customers will be erased; see Erasures.")


@admin.register(Business)
class BusinessAdmin(ExportingAdmin, ReadOnlyAdmin):
    """Firms whose banks are linked."""

    list_display = ("legal_name", "dba_name", "tenant", "is_active", "created")
    list_filter = ("is_active",)
    list_select_related = ("tenant",)
    search_fields = ("legal_name", "dba_name", "secondary_id", "id")
    export_columns = (
        ("id", "pk"),
        ("tenant", "tenant.slug"),
        *columns(
            "legal_name", "dba_name", "email", "secondary_id", "status", "is_active", "is_verified"
        ),
        ("created", "create_date"),
        ("changed", "update_date"),
    )
    fieldsets = (
        (None, {"fields": (
            "legal_name", "dba_name", "tenant", "status", "is_active", "is_verified",
        )}),
        ("Firm", {"fields": (
            "legal_structure", "category", "subcategory", "incorporation_country",
            "incorporation_state", "incorporation_date", "ticker", "is_public", "ownership",
            "identification_number_type",
        )}),
        ("Contact", {"fields": ("email", "phone_number", "address", "website")}),
        ("Advanced", {"classes": ("collapse",), "fields": (
            "id", "secondary_id", "metadata", "created", "changed",
        )}),
    )  # fmt: skip
    readonly_fields = ("id", "created", "changed")
