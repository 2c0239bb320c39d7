"""The base of every screen of the admin: what it shows, filters by and logs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.filters import FieldListFilter, SimpleListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, FieldDoesNotExist, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import capfirst

from nucleus.admin.large_tables import (
    BoundedChangeList,
    BoundedPaginator,
    filter_class,
    is_large,
    matches,
)
from nucleus.admin.recording import RecordingAdmin
from nucleus.admin.secret_columns import is_secret, secret_names
from nucleus.admin.tenant_access import (
    ConfinedFilter,
    TenantFilter,
    confine,
    has_several_tenants,
    visible_tenants,
)
from nucleus.instants import instant_text

OPERATORS = ("exact", "in", "isnull", "gt", "gte", "lt", "lte")  # that filters of lists produce
DATE_PARTS = ("year", "month", "day")


class BaseAdmin(RecordingAdmin):
    """The base of every admin class of the site.

    Secret columns are shown only as empty inputs of a form that declares them, to staff who may
    change the object. Lists can be filtered only by `list_filter` and `date_hierarchy`, because any
    other lookup could reveal a hidden column.

    Staff find rows of their tenants only, here and wherever a form or filter offers rows. A row of
    another tenant is a 404, as if it did not exist.
    """

    is_shared = False  # the rows belong to no tenant, and are harmless

    fixed_fields: tuple[str, ...] = ("tenant",)  # chosen once, when the object is added
    paginator = BoundedPaginator
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = getattr(self.model, "unscoped", self.model._default_manager).all()
        if isinstance(self.list_select_related, Iterable):
            rows = rows.select_related(*self.list_select_related)
        rows = self.visible_rows(request, rows)
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def visible_rows(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the rows that this person may know of."""
        return rows if self.is_shared else confine(rows, request.user, path=self.tenant_path)

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        """What a form offers for a relation."""
        rows = super().get_field_queryset(db, db_field, request)
        if rows is None:
            rows = db_field.remote_field.model._default_manager.all()
        return confine(rows, request.user)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        if self._has_tenant_column() and not has_several_tenants(request.user):
            initial.setdefault("tenant", visible_tenants(request.user).first())
        return initial

    def _has_tenant_column(self) -> bool:
        return any(field.name == "tenant" for field in self.opts.fields)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, pk: str) -> Any:
        raise Http404(f"There is no such {opts.verbose_name}.")

    # Display

    def get_readonly_fields(
        self, request: HttpRequest, obj: Any = None
    ) -> list[str] | tuple[str, ...]:
        names = tuple(super().get_readonly_fields(request, obj))
        if obj is None:
            return names
        columns = {field.name for field in self.opts.fields} - set(names)
        return (*names, *(name for name in self.fixed_fields if name in columns))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The fieldsets without secrets, except those that this person may enter."""
        hidden = secret_names(self.model) - self._enterable_secrets(request, obj)
        fieldsets = []
        for title, options in super().get_fieldsets(request, obj):
            fields = [_without(entry, hidden) for entry in options["fields"]]
            fields = [entry for entry in fields if entry]
            if fields:
                fieldsets.append((title, {**options, "fields": fields}))
        return fieldsets

    def _enterable_secrets(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """Secrets that the form declares itself, with inputs that never show the stored value."""
        if obj is not None and not self.has_change_permission(request, obj):
            return frozenset()
        form = self.form if obj is not None else getattr(self, "add_form", None) or self.form
        return frozenset(form.declared_fields) & secret_names(self.model)

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002
        **kwargs: Any,
    ) -> Any:
        """A read-only page has a plain form: the code of the own form expects its fields."""
        if change and obj is not None and not self.has_change_permission(request, obj):
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change=change, **kwargs)

    @admin.display(description="created")
    def created(self, row: Any) -> str:
        return instant_text(row.create_date)

    @admin.display(description="last changed")
    def changed(self, row: Any) -> str:
        return instant_text(row.update_date)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = {"title": "History"}
        return super().history_view(request, object_id, title | (extra_context or {}))

    # Lists

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = {"title": capfirst(str(self.opts.verbose_name_plural))}
        return super().changelist_view(request, title | (extra_context or {}))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BoundedChangeList]:
        return BoundedChangeList

    def prepare_rows(self, rows: list[Any]) -> None:
        """Read what the rows of a page show beside their columns, for all of them at once."""

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        entries = [
            (entry, special)
            if isinstance(entry, str) and (special := self._filter_class(entry)) is not None
            else entry
            for entry in super().get_list_filter(request)
            if entry != "tenant"
        ]
        if self._has_tenant_column() and has_several_tenants(request.user):
            entries.insert(0, ("tenant", TenantFilter))
        return entries

    def _filter_class(self, path: str) -> type[FieldListFilter] | None:
        """The filter of a column; None for Django's own."""
        if "__" not in path and self.opts.get_field(path).is_relation:
            return ConfinedFilter
        return filter_class(self.model, path)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Parts of words are found among the newest rows of a large table, whole values in all."""
        matching, may_repeat = super().get_search_results(request, queryset, search_term)
        if not search_term or not is_large(self.model):
            return matching, may_repeat
        names = tuple(self.get_search_fields(request))
        tenants = visible_tenants(request.user)
        return matches(queryset, matching, names, search_term.strip(), tenants), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in self._allowed_lookups(request)

    def _allowed_lookups(self, request: HttpRequest) -> set[str]:
        allowed = set()
        for entry in self.get_list_filter(request):
            filter_class = entry[1] if isinstance(entry, tuple | list) else entry
            if isinstance(filter_class, type) and issubclass(filter_class, SimpleListFilter):
                allowed.add(str(filter_class.parameter_name))
                continue
            path = entry[0] if isinstance(entry, tuple | list) else entry
            allowed |= _lookups(self.model, str(path))
        if self.date_hierarchy:
            name = self.date_hierarchy
            allowed |= {f"{name}__{part}" for part in (*DATE_PARTS, *OPERATORS)}
        return allowed

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        if to_field in secret_names(self.model):
            return False
        return bool(super().to_field_allowed(request, to_field))

    # Actions

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        """Malformed ids are a 400, because the database would raise; unknown ones a 404."""
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        for value in selected:
            try:
                self.opts.pk.clean(value, None)
            except ValidationError:
                raise BadRequest("One of the selected ids is malformed.") from None
        if selected and not self.get_queryset(request).filter(pk__in=selected).exists():
            raise Http404("None of the selected rows exists.")
        return super().response_action(request, queryset)

    # Deletion

    def deletion_warnings(self, obj: Any) -> list[str]:
        """Consequences of a deletion that the list of deleted rows does not show."""
        return []

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        listed, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        warnings = [text for obj in objs for text in self.deletion_warnings(obj)]
        return [*warnings, *listed], counts, perms_needed, protected


def _without(entry: Any, hidden: frozenset[str]) -> Any:
    """An entry of a fieldset, which is a name or a row of names, without the hidden ones."""
    if isinstance(entry, str):
        return None if entry in hidden else entry
    return tuple(name for name in entry if name not in hidden)


def _lookups(model: type[Model], path: str) -> set[str]:
    """The parameters that a filter of this field produces; none for a secret one."""
    field: Any = None
    for part in path.split("__"):
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist:
            return set()
        if is_secret(field):
            return set()
        if field.is_relation:
            model = field.related_model
    targets = {path}
    if field.is_relation:
        targets |= {f"{path}__{field.target_field.name}", f"{path}__pk"}
    return targets | {f"{target}__{operator}" for target in targets for operator in OPERATORS}
