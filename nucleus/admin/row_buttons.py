"""Buttons on the page of a row. Each asks for a confirmation, needs a permission and is logged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse

from nucleus.admin import confirmation
from nucleus.admin.read_only import ReadOnlyAdmin


@dataclass(frozen=True, slots=True)
class RowButton:
    """A button on the page of a row.

    Attributes:
        name: the method of the screen that does the work, as `(request, rows)`; it is called with
            one row, and with the values of the form by their names. Part of the URL.
        is_offered: whether it makes sense for a row.
        form: what has to be entered beside the confirmation.
    """

    name: str
    label: str
    question: str
    is_offered: Callable[[Any], bool] = lambda row: True
    form: type[forms.Form] | None = None


class ButtonAdmin(ReadOnlyAdmin):
    """A read-only screen whose rows have buttons, for staff who may repeat work."""

    buttons: tuple[RowButton, ...] = ()
    change_form_outer_before_template = "admin/row_buttons.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.press)
        name = f"{self.opts.app_label}_{self.opts.model_name}_press"
        return [path("<uuid:object_id>/do/<slug:name>/", view, name=name), *super().get_urls()]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,  # noqa: FBT001, FBT002
        change: bool = False,  # noqa: FBT001, FBT002
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            self.prepare_rows([obj])
            context |= self.page_context(request, obj)
            context |= {
                "title": getattr(obj, "staff_label", str(obj)),
                "buttons": self._offered_buttons(request, obj),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page of a row shows beside its columns and buttons."""
        return {}

    def _offered_buttons(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        """Labels and addresses."""
        if not self.has_repeat_permission(request):
            return []
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_press"
        return [
            (button.label, reverse(name, args=[row.pk, button.name]))
            for button in self.buttons
            if button.is_offered(row)
        ]

    def press(self, request: HttpRequest, object_id: UUID, name: str) -> HttpResponse:
        """Ask for the confirmation of a button; a confirmed POST does its work."""
        row = get_object_or_404(self.get_queryset(request), pk=object_id)
        named = [button for button in self.buttons if button.name == name]
        if not named:
            raise Http404("There is no such button.")
        button = next((button for button in named if button.is_offered(row)), named[0])
        if not self.has_repeat_permission(request):
            raise PermissionDenied
        back = HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
        )
        if not button.is_offered(row):
            messages.warning(request, f"{button.label}: not possible any more.")
            return back
        is_confirmed = request.method == "POST" and "confirmed" in request.POST
        form = button.form(request.POST if is_confirmed else None) if button.form else None
        if not is_confirmed or (form is not None and not form.is_valid()):
            return confirmation.page(
                self, request, [row], title=button.label, question=button.question,
                button=button.label, form=form,
            )  # fmt: skip
        method = getattr(type(self), name)
        work = getattr(method, "__wrapped__", method)  # of an action of the list
        work(self, request, [row], **(form.cleaned_data if form is not None else {}))
        return back
