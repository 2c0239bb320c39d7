"""Form fields: secrets, which are never shown, and choices of vendors and their APIs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Model
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from integrations.pasted_text import printable_ascii
from integrations.vendors import registry
from nucleus.encryption import DecryptionFailed

MAX_SECRET_LENGTH = 1024
UNREADABLE = (
    "The stored value cannot be decrypted. Enter it again, or restore its key in "
    "FIELD_ENCRYPTION_KEYS."
)


class SecretField(forms.CharField):
    """A password field that is always empty; if it is left empty, the stored secret is kept."""

    def __init__(
        self, *, check_text: Callable[[str], None] = printable_ascii, **kwargs: Any
    ) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("max_length", MAX_SECRET_LENGTH)
        kwargs["validators"] = [check_text]
        super().__init__(
            widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}), **kwargs
        )


class WriteOnlySecrets(forms.ModelForm):  # type: ignore[type-arg]
    """Keeps a stored secret if its field is left empty. `secrets` names the fields."""

    secrets: tuple[str, ...] = ()
    required_when_new: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        unreadable = () if instance is None else _blank_unreadable(instance, self.secrets)
        super().__init__(*args, **kwargs)
        self.unreadable = unreadable
        for name in self.secrets:
            self.initial.pop(name, None)
            if name in self.unreadable:
                self.fields[name].help_text = UNREADABLE
            elif not self.instance._state.adding and getattr(self.instance, name):
                self.fields[name].help_text = "Stored; never shown. Enter a value to replace it."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.secrets:
            if cleaned.get(name) or name in self.errors:
                continue
            if self.instance._state.adding and name in self.required_when_new:
                self.add_error(name, "This field is required.")
            elif name in self.unreadable:
                self.add_error(name, UNREADABLE)
            elif not self.instance._state.adding:
                cleaned[name] = getattr(self.instance, name)
        return cleaned


def _blank_unreadable(row: Model, names: tuple[str, ...]) -> tuple[str, ...]:
    """Empty those secrets that cannot be decrypted. The form does not save them empty."""
    unreadable = []
    for name in names:
        try:
            getattr(row, name)
        except DecryptionFailed:
            setattr(row, name, "")
            unreadable.append(name)
    return tuple(unreadable)


def vendor_field() -> forms.ChoiceField:
    """A choice of the registered vendors."""
    choices = [(slug, spec.name) for slug, spec in registry.specs().items()]
    return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget)


def api_field() -> forms.ChoiceField:
    """Every version of every API of the vendors; a value names all three, see `api_choice`."""
    groups: list[tuple[str, list[tuple[str, str]]]] = [("", [("", "---------")])]
    for vendor, spec in registry.specs().items():
        for slug, api in spec.apis.items():
            newest = f"{spec.name} {api.name}, newest version ({api.versions[-1]})"
            versions = [
                (api_choice(vendor, slug, version), f"{spec.name} {api.name} {version}")
                for version in reversed(api.versions)
            ]
            choices = [(api_choice(vendor, slug, ""), newest), *versions]
            groups.append((f"{spec.name} {api.name}", choices))
    return forms.ChoiceField(
        choices=groups,
        widget=UnfoldAdminSelectWidget,
        label="API",
        help_text="The newest version is that which the gateway speaks; it follows its updates.",
    )


def api_choice(vendor: str, api: str, version: str) -> str:
    """The value of a choice of `api_field`; an empty version is the newest."""
    return f"{vendor}/{api}/{version}"
