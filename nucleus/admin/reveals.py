"""The page that reveals account and routing numbers, once, to staff who say why."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import INPUT_CLASSES

from nucleus.admin.base import BaseAdmin
from nucleus.models import StaffAction

PERMISSION = "nucleus.reveal_numbers"
MIN_REASON, MAX_REASON = 5, 200


class ReasonForm(forms.Form):
    """Why somebody needs the numbers; the reason goes into the history, the numbers do not."""

    reason = forms.CharField(
        label="Reason",
        min_length=MIN_REASON,
        max_length=MAX_REASON,
        help_text="It is kept in the history with your name, for example the number of a ticket.",
        widget=forms.TextInput(attrs={"class": " ".join(INPUT_CLASSES), "autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, *, numbers: list[str]) -> None:
        super().__init__(data)
        self.numbers = numbers

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        if any(number in reason for number in self.numbers):
            raise forms.ValidationError("Leave the number out of the reason.")
        return reason


class RevealingAdmin(BaseAdmin):
    """A screen whose rows have numbers; `number_columns` are pairs of a label and a column."""

    number_columns: tuple[tuple[str, str], ...] = ()

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_reveal"
        view = self.admin_site.admin_view(sensitive_post_parameters()(self.reveal_view))
        return [path("<path:object_id>/reveal/", view, name=name), *super().get_urls()]

    def reveal_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A form that asks for the reason; the numbers only in the answer to a POST with one."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404("There is no such row.")
        may_reveal = request.user.has_perm(PERMISSION)
        if not may_reveal or not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        stored = [(label, getattr(row, name)) for label, name in self.number_columns]
        numbers = [(label, number) for label, number in stored if number]
        data = request.POST if request.method == "POST" else None
        form = ReasonForm(data, numbers=[number for _, number in numbers])
        context = self.admin_site.each_context(request) | {
            "title": f"Reveal the numbers of {row}", "opts": self.opts, "original": row,
            "form": form, "has_numbers": bool(numbers), "numbers": [],
            "back": f"admin:{self.opts.app_label}_{self.opts.model_name}_change",
        }  # fmt: skip
        if numbers and form.is_valid():
            labels = ", ".join(label.lower() for label, _ in numbers)
            text = f"Revealed: {labels}. Reason: {form.cleaned_data['reason']}"
            self.record(request, row, text, kind=StaffAction.Kind.REVEAL)
            context["numbers"] = numbers
        response = TemplateResponse(request, "admin/reveal_numbers.html", context)
        response["Cache-Control"] = "no-store"
        return response
