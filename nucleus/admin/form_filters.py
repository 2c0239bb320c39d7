"""A filter of a list with several conditions in one form, each an input with a label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.contrib.admin.filters import ListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES


class ConditionsForm(forms.Form):
    """Conditions on the rows of a list. All are optional.

    Args:
        user: whose tenants' rows may be chosen.
    """

    def __init__(self, data: Mapping[str, Any], *, user: Any) -> None:
        super().__init__(data, auto_id="condition_%s")
        self.user = user
        for bound in self.fields.values():
            is_choice = isinstance(bound, forms.ChoiceField)
            bound.required = False
            bound.widget.attrs["class"] = " ".join(SELECT_CLASSES if is_choice else INPUT_CLASSES)

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that have all conditions. The form is valid. Raises Http404 for unknown ids."""
        raise NotImplementedError


class FormFilter(ListFilter):
    """Shows the form among the filters, and applies it."""

    title = "conditions"
    template = "admin/form_filter.html"
    form_class: type[ConditionsForm]

    def __init__(
        self, request: HttpRequest, params: dict[str, list[str]], model: Any, model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.form_class.base_fields:
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]
        self.form = self.form_class(self.used_parameters, user=request.user)

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.form_class.base_fields)

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        return iter(())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.form.narrowed(queryset) if self.form.is_valid() else queryset.none()
