"""The screens of clients and businesses. Staff see them and may erase clients."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest

from nucleus import hooks
from nucleus.admin.confirmation import confirmed_action
from nucleus.admin.read_only import ReadOnlyAdmin
from nucleus.models import Business, Client

MAX_ERASED = 100  # at once


@admin.register(Client)
class ClientAdmin(ReadOnlyAdmin):
    """People whose banks are linked."""

    list_display = ("username", "full_name", "tenant", "client_type", "is_active", "create_date")
    list_filter = ("is_active",)
    list_select_related = ("tenant",)
    search_fields = ("username", "last_name", "email", "secondary_id", "id")
    actions = ("erase",)

    def has_erase_permission(self, request: HttpRequest) -> bool:
        """Staff who may delete clients may erase them; there is no other way to delete one."""
        return request.user.has_perm("nucleus.delete_client")

    @confirmed_action(
        description="Erase",
        question="Erase these clients? Their users at the vendor, with all connections, and "
        "everything stored about them here will be deleted. This cannot be undone.",
        button="Yes, erase them",
        permissions=["erase"],
        max_rows=MAX_ERASED,
    )
    def erase(self, request: HttpRequest, rows: list[Client]) -> None:
        for client in rows:
            hooks.erase_client(client, requested_by=f"staff: {request.user.get_username()}")
            self.record(request, client, "Requested the erasure.")
        messages.info(request, f"{len(rows)} clients will be erased; see Erasures.")


@admin.register(Business)
class BusinessAdmin(ReadOnlyAdmin):
    """Firms whose banks are linked."""

    list_display = ("legal_name", "dba_name", "tenant", "is_active", "create_date")
    list_filter = ("is_active",)
    list_select_related = ("tenant",)
    search_fields = ("legal_name", "dba_name", "secondary_id", "id")
