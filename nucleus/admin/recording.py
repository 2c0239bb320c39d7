"""Screens write down what staff did: in the object's history, in what staff did, and in the log."""

from __future__ import annotations

import logging
from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin

from nucleus.admin.changes import changed_values
from nucleus.admin.secret_columns import secret_names
from nucleus.admin.tenant_access import tenant_of
from nucleus.models import StaffAction
from nucleus.writes.staff import record_action

logger = logging.getLogger(__name__)


class RecordingAdmin(ModelAdmin):
    """Records additions, changes, deletions and actions, without secrets."""

    tenant_path = ""  # how a row leads to its tenant, where it has no column `tenant`

    def record(
        self, request: HttpRequest, obj: Any, message: str, *, kind: str = StaffAction.Kind.ACTION
    ) -> None:
        """Add an entry to the object's history and to what staff did, and a line to the log.

        Args:
            kind: one of StaffAction.Kind, such as REVEAL or EXPORT.
        """
        super().log_change(request, obj, message)
        self._record(request, obj, message, kind=kind)

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        hidden = secret_names(self.model) | frozenset(getattr(form, "secrets", ()))
        changes = [] if add else changed_values(form, hidden)
        request.changed_values = changes  # type: ignore[attr-defined] # for the entry, see below
        return super().construct_change_message(request, form, formsets, add)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, obj, "added", kind=StaffAction.Kind.ADD)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        text = message if isinstance(message, str) else "changed"
        self._record(request, obj, text, kind=StaffAction.Kind.CHANGE)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self._record(request, obj, "deleted", kind=StaffAction.Kind.DELETE)
        return super().log_deletions(request, queryset)

    def _record(self, request: HttpRequest, obj: Any, message: str, *, kind: str) -> None:
        name = request.user.get_username()
        logger.info("Staff %a: %s %s: %a", name, self.opts.label, obj.pk, message)
        changes = getattr(request, "changed_values", [])
        tenant = tenant_of(obj, path=self.tenant_path)
        record_action(request.user, obj, message, kind=kind, tenant=tenant, changes=changes)  # type: ignore[arg-type]
