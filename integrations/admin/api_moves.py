"""The screens of API moves: their list, and the page that compares, moves and undoes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from integrations.flows import api_moves
from integrations.flows.api_comparison import Comparison
from integrations.flows.errors import FlowError
from integrations.models import ApiMove, VendorCredential
from integrations.vendors.errors import VendorError, VendorNotConfigured
from nucleus.admin.base import BaseAdmin
from nucleus.admin.read_only import ReadOnlyAdmin
from nucleus.encryption import DecryptionFailed

SAMPLE_USERS = 2  # a person waits; the command compares more
MISSING_SHOWN = 20
FAILURES = (FlowError, VendorError, VendorNotConfigured, DecryptionFailed)


@admin.register(ApiMove)
class ApiMoveAdmin(ReadOnlyAdmin):
    """Moves of tenants between APIs, also those that were undone."""

    list_display = (
        "tenant", "from_name", "to_name", "is_new_client", "requested_by", "created",
        "undone_at",
    )  # fmt: skip
    list_filter = ("vendor", "is_new_client")
    list_select_related = ("tenant",)
    ordering = ("-create_date",)
    fields = (
        "tenant", "vendor", "from_name", "to_name", "from_credential", "to_credential",
        "is_new_client", "requested_by", "created", "undone_at", "id",
    )  # fmt: skip
    readonly_fields = ("id", "created")


class MovePage(BaseAdmin):
    """The page of an inactive credential that makes it the active one of its tenant."""

    def move_api(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """A GET shows what can be done; a POST compares, moves or undoes."""
        row = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        if request.method != "POST":
            return self._page(request, row)
        try:
            match request.POST.get("step"):
                case "switch":
                    return self._switch(request, row)
                case "undo":
                    return self._undo(request, row)
                case _:
                    return self._compare(request, row)
        except FAILURES as error:
            messages.error(request, str(error))
            return self._page(request, row)

    def _compare(self, request: HttpRequest, row: VendorCredential) -> HttpResponse:
        comparison = self._comparison(row)
        problem = api_moves.problem(comparison, is_new_client=_is_new_client(request))
        self.record(request, row, f"Compared with the active credential: {problem or 'no problem'}")
        return self._page(request, row, comparison=comparison, problem=problem)

    def _switch(self, request: HttpRequest, row: VendorCredential) -> HttpResponse:
        is_new_client = _is_new_client(request)
        move = _planned(row)
        problem = api_moves.problem(self._comparison(row), is_new_client=is_new_client)
        if problem:
            raise FlowError(problem)
        moved = api_moves.switch(
            move,
            requested_by=f"staff: {request.user.get_username()}",
            is_new_client=is_new_client,
        )
        return self._moved(request, moved, f"Moved the tenant: {moved}", row)

    def _undo(self, request: HttpRequest, row: VendorCredential) -> HttpResponse:
        moved = api_moves.last_move(tenant=row.tenant, vendor=row.vendor)
        if moved is None or moved.from_credential_id != row.pk:
            raise FlowError("The last move was not from this credential.")
        moved = api_moves.undo(tenant=row.tenant, vendor=row.vendor)
        return self._moved(request, moved, f"Undid the move of the tenant: {moved}", row)

    def _moved(
        self, request: HttpRequest, moved: ApiMove, message: str, row: VendorCredential
    ) -> HttpResponse:
        for credential in (moved.from_credential, moved.to_credential):
            self.record(request, credential, message)
        messages.success(request, f"{row.tenant}: {message}")
        return HttpResponseRedirect(
            reverse("admin:integrations_vendorcredential_change", args=[row.pk])
        )

    def _comparison(self, row: VendorCredential) -> Comparison:
        return api_moves.compare(_planned(row), users=SAMPLE_USERS, interactive=True)

    def _page(
        self,
        request: HttpRequest,
        row: VendorCredential,
        *,
        comparison: Comparison | None = None,
        problem: str | None = None,
    ) -> HttpResponse:
        last = api_moves.last_move(tenant=row.tenant, vendor=row.vendor)
        try:
            move, obstacle = _planned(row), ""
        except FlowError as error:
            move, obstacle = None, str(error)
        context: dict[str, Any] = self.admin_site.each_context(request) | {
            "title": "Move to this credential",
            "opts": self.opts,
            "original": row,
            "move": move,
            "obstacle": obstacle,
            "comparison": comparison,
            "compared": dict(comparison.compared) if comparison else {},
            "missing": comparison.missing[:MISSING_SHOWN] if comparison else [],
            "problem": problem,
            "is_new_client": _is_new_client(request),
            "undoable": last if last and last.from_credential_id == row.pk else None,
        }
        return TemplateResponse(request, "admin/move_api.html", context)


def _planned(row: VendorCredential) -> api_moves.Move:
    return api_moves.planned(tenant=row.tenant, vendor=row.vendor, credential_id=str(row.pk))


def _is_new_client(request: HttpRequest) -> bool:
    return request.POST.get("is_new_client") == "on"
