"""Lists as CSV files: a page that says how many rows, and the file in pieces."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods

from nucleus.admin import csv_files
from nucleus.admin.base import BaseAdmin
from nucleus.admin.tenant_access import visible_tenants
from nucleus.models import StaffAction, Tenant
from nucleus.writes.staff import record_action

logger = logging.getLogger(__name__)
PERMISSION = "nucleus.export_data"
ROWS_AT_ONCE = 500
LIST_PARAMETERS = {"o", "p", "q", "all", "_popup", "_to_field", "e"}  # of every list; no filters
Column = tuple[str, str | Callable[[Any], Any]]  # name; attributes joined by dots, or a function


def columns(*names: str) -> tuple[Column, ...]:
    """Columns that are called as the attributes that they show."""
    return tuple((name, name) for name in names)


def owner_of(row: Any) -> Any:
    """The customer whom a row with `client` and `business` belongs to."""
    return row.client or row.business


class ExportingAdmin(BaseAdmin):
    """A screen whose list can be exported with its filters, search and order.

    Attributes:
        export_columns: of the file; of numbers the last digits at most, and no secrets.
        export_related: what these columns read of other tables, as for select_related.
    """

    export_columns: tuple[Column, ...] = ()
    export_related: tuple[str, ...] = ()
    change_list_template = "admin/exporting_change_list.html"

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        view = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.export_view))
        return [path("export/", view, name=name), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        offered = {"offers_export": request.user.has_perm(PERMISSION)}
        return super().changelist_view(request, offered | (extra_context or {}))

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """What would be exported (GET), and the file (POST)."""
        if not request.user.has_perm(PERMISSION) or not self.has_view_or_change_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            raise BadRequest("The filters of this export are not valid.") from None
        limit = settings.EXPORT_MAX_ROWS
        if request.method == "POST":
            return self._file(request, rows.values_list("pk", flat=True)[:limit])
        count = rows.order_by()[: limit + 1].count()
        title = f"Export {self.opts.verbose_name_plural}"
        context = self.admin_site.each_context(request) | {
            "title": title, "content_title": title,
            "count": f"{min(count, limit):,}", "limit": f"{limit:,}" if count > limit else "",
            "columns": [name for name, _ in self.export_columns],
            "back": f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist",
        }  # fmt: skip
        return TemplateResponse(request, "admin/export.html", context)

    def _file(self, request: HttpRequest, ids: QuerySet[Any]) -> StreamingHttpResponse:
        """The rows with these ids, in pieces of which each reads the database by itself.

        A response that ends early is not ended as HTTP asks, so browsers report it as failed.
        """
        chosen = list(ids)
        self._record_export(request, len(chosen))
        names = [name for name, _ in self.export_columns]
        pieces = csv_files.encoded(names, self._records(request, chosen))
        response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
        name = slugify(str(self.opts.verbose_name_plural))
        moment = f"{timezone.now():%Y%m%dT%H%M%SZ}"
        response["Content-Disposition"] = f'attachment; filename="{name}-{moment}.csv"'
        response["X-Accel-Buffering"] = "no"  # of nginx, which would hold the pieces back
        response["X-Row-Count"] = str(len(chosen))
        return response

    def _records(self, request: HttpRequest, ids: list[Any]) -> Iterator[list[Any]]:
        for first in range(0, len(ids), ROWS_AT_ONCE):
            some = ids[first : first + ROWS_AT_ONCE]
            queryset = self.get_queryset(request).filter(pk__in=some).order_by()
            if self.export_related:
                queryset = queryset.select_related(*self.export_related)
            rows = {row.pk: row for row in queryset}
            for pk in some:
                if pk in rows:  # it may have been deleted since
                    yield [_value(rows[pk], source) for _, source in self.export_columns]

    def _record_export(self, request: HttpRequest, count: int) -> None:
        filters = {
            name: value for name, value in request.GET.items() if name not in LIST_PARAMETERS
        }
        text = f"Exported {count} {self.opts.verbose_name_plural} as CSV"
        if filters:
            text += " with " + ", ".join(f"{name}={value}" for name, value in filters.items())
        if request.GET.get("q"):  # it may hold personal data
            text += ", of those that a search found" if filters else " of those that a search found"
        logger.info("Staff %a: %s: %a", request.user.get_username(), self.opts.label, text)
        record_action(
            request.user,  # type: ignore[arg-type]
            self.model,
            text[:1000],
            kind=StaffAction.Kind.EXPORT,
            tenant=_only_tenant(request),
        )


def _value(row: Model, source: str | Callable[[Any], Any]) -> Any:
    if callable(source):
        return source(row)
    value: Any = row
    for name in source.split("."):
        value = getattr(value, name, None)
    return value


def _only_tenant(request: HttpRequest) -> Tenant | None:
    """Whose rows the export can only have: the user's one tenant; None if there are several."""
    tenants = list(visible_tenants(request.user)[:2])
    return tenants[0] if len(tenants) == 1 else None
