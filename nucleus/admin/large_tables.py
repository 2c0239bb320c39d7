"""Screens of tables that may have millions of rows: nothing counts, sorts or searches them all."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.filters import AllValuesFieldListFilter
from django.core.paginator import Paginator
from django.db.models import BooleanField, CharField, IntegerField, Model, QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

from nucleus.hydrogen.access_paths import leads_to_rows
from nucleus.hydrogen.bounded_lists import BoundedList
from nucleus.hydrogen.cursors import Order
from nucleus.hydrogen.fields import uuid_of
from nucleus.models import Tenant

MAX_MATCHES = 1000  # of a search in a large table


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts at most LIST_WINDOW rows; pages end there."""

    @cached_property
    def count(self) -> int:
        if not isinstance(self.object_list, QuerySet):
            return len(self.object_list)
        return self.object_list.order_by()[: settings.LIST_WINDOW].count()


class RecentValuesFilter(AllValuesFieldListFilter):
    """Offers the values that the first LIST_WINDOW rows of the screen have."""

    def __init__(
        self,
        field: Any,
        request: HttpRequest,
        params: Any,
        model: Any,
        model_admin: Any,
        field_path: str,
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        shown = model_admin.get_queryset(request).values("pk")[: settings.LIST_WINDOW]
        rows = model_admin.model._base_manager.filter(pk__in=shown)
        values = rows.order_by(field_path).values_list(field_path, flat=True)
        self.lookup_choices = values.distinct()


class BoundedChangeList(ChangeList):
    """A list that applies its filters to the newest rows if no index finds those that match."""

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        rows = super().get_queryset(request, exclude_parameters)
        if not self.get_filters_params() or tuple(self.model_admin.ordering or ()) != NEWEST_FIRST:
            return rows
        order = Order(rows.model, "create_date", ascending=False)
        bounded = BoundedList(rows, order, fields=()).within_window()
        if bounded is not rows:
            text = f"There are many rows: only the newest {settings.LIST_WINDOW:,} were filtered."
            messages.info(request, text)
        return bounded

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        shown: Any = list(self.result_list)  # type: ignore[has-type]
        self.model_admin.prepare_rows(shown)
        self.result_list = shown
        if not self.query and not self.get_filters_params():
            self.full_result_count = self.result_count  # so there is no link that shows all


NEWEST_FIRST = ("-create_date",)


def newest_first(rows: QuerySet[Any], column: str) -> BoundedList:
    """The rows of one tenant by this column, of which `within_window` are shown."""
    order = Order(rows.model, column, ascending=False)
    return BoundedList(rows.order_by(), order, fields=())


def filter_class(model: type[Model], path: str) -> type[RecentValuesFilter] | None:
    """The filter of a column whose values would have to be collected; None for another one."""
    field: Any = None
    for part in path.split("__"):
        field = model._meta.get_field(part)
        if field.is_relation:
            model = field.related_model
    has_values = isinstance(field, CharField | IntegerField) and not field.choices
    return RecentValuesFilter if has_values and not isinstance(field, BooleanField) else None


def is_large(model: type[Model]) -> bool:
    """Whether the table has more than LIST_WINDOW rows."""
    limit = settings.LIST_WINDOW
    return model._base_manager.order_by()[: limit + 1].count() > limit


def matches(
    rows: QuerySet[Any],
    matching: QuerySet[Any],
    names: tuple[str, ...],
    text: str,
    tenants: QuerySet[Tenant],
) -> Any:
    """The rows of a large table that a search finds.

    Args:
        rows: of the screen, in its order.
        matching: those that contain the text; only the newest of these are read.
        names: of the columns that are searched.
        tenants: whose rows the columns may belong to.
    """
    newest = rows.values("pk")[: settings.LIST_WINDOW]
    return with_equal(rows, matching.filter(pk__in=newest), names, text, tenants)


def with_equal(
    rows: QuerySet[Any],
    matching: QuerySet[Any],
    names: tuple[str, ...],
    text: str,
    tenants: QuerySet[Tenant],
) -> Any:
    """The matching rows, and those of which a column that has an index is equal to the text."""
    ids = set(matching.order_by().values_list("pk", flat=True)[:MAX_MATCHES])
    for name in names:
        exact = _equal(rows, name, text, tenants)
        if exact is not None:
            ids |= set(exact.values_list("pk", flat=True)[:MAX_MATCHES])
    return rows.filter(pk__in=ids)


def _equal(
    rows: QuerySet[Any], name: str, text: str, tenants: QuerySet[Tenant]
) -> QuerySet[Any] | None:
    """The rows whose column is equal to the text; None if no index finds them."""
    *relations, column = name.split("__")
    model: Any = rows.model
    for relation in relations:
        model = model._meta.get_field(relation).related_model
    field = model._meta.get_field(column)
    value = uuid_of(text) if field.get_internal_type() == "UUIDField" else text
    if value is None or not leads_to_rows(model, column):
        return None
    equal = model._base_manager.filter(**{column: value})
    if any(field.name == "tenant" for field in model._meta.fields):  # which its index begins with
        equal = equal.filter(tenant__in=tenants.order_by().values("pk"))
    path = "__".join(relations) or "pk"
    return rows.filter(**{f"{path}__in": list(equal.values_list("pk", flat=True)[:MAX_MATCHES])})
