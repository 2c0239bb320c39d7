"""What a form changed, in words: field, from and to. Secrets are said to have changed only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Model, QuerySet

MAX_LENGTH = 200  # of a value in words
NOTHING = "empty"
SECRET = "not shown"  # noqa: S105 - what is shown instead


def changed_values(form: forms.BaseForm, secrets: frozenset[str]) -> list[list[str]]:
    """The label, the former and the present value of each field that the form changed.

    Args:
        secrets: names of fields whose values are not read.
    """
    changes = []
    for name in form.changed_data:
        field = form.fields.get(name)
        if field is None or name in secrets or isinstance(field.widget, forms.PasswordInput):
            label = name.capitalize() if field is None else str(form[name].label)
            changes.append([label, SECRET, "changed"])
            continue
        label = str(form[name].label)
        former = form.get_initial_for_field(field, name)
        present = form.cleaned_data.get(name)
        changes.append([label, _in_words(field, former), _in_words(field, present)])
    return changes


def _in_words(field: forms.Field, value: Any) -> str:
    if isinstance(value, QuerySet | list | tuple | set):
        return _short(", ".join(sorted(_in_words(field, part) for part in value)))
    if isinstance(value, Model):
        if isinstance(field, forms.ModelChoiceField):
            return _short(field.label_from_instance(value))
        return _short(str(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in (None, ""):
        return NOTHING
    if isinstance(field, forms.ModelChoiceField):
        row = field.queryset.filter(pk=value).first() if field.queryset is not None else None
        return _short(str(row)) if row is not None else NOTHING
    if isinstance(field, forms.ChoiceField):
        return _short(str(_labels(field).get(str(value), value)))
    return _short(str(value))


def _labels(field: Any) -> dict[str, Any]:
    labels: dict[str, Any] = {}
    for value, label in field.choices:
        group = label if isinstance(label, list | tuple) else [(value, label)]
        labels |= {str(choice): text for choice, text in group}
    return labels


def _short(text: str) -> str:
    if not text:
        return NOTHING
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 1]}…"
