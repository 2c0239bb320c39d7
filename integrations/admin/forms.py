"""Form fields: secrets, which are never shown, and choices of vendors and their APIs."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from integrations.vendors import registry

MAX_SECRET_LENGTH = 1024


def printable_ascii(value: str) -> None:
    """Raise ValidationError for characters that copying may add, such as invisible ones."""
    for position, character in enumerate(value, start=1):
        if not " " <= character <= "~":
            raise forms.ValidationError(
                f"Character {position} (U+{ord(character):04X}) is not allowed. It may have been "
                "added by copying. Copy the value again, or type it."
            )


class SecretField(forms.CharField):
    """A password field that is always empty; if it is left empty, the stored secret is kept."""

    default_validators = [printable_ascii]

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("max_length", MAX_SECRET_LENGTH)
        super().__init__(
            widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}), **kwargs
        )


class WriteOnlySecrets(forms.ModelForm):  # type: ignore[type-arg]
    """Keeps a stored secret if its field is left empty. `secrets` names the fields."""

    secrets: tuple[str, ...] = ()
    required_when_new: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.secrets:
            is_stored = not self.instance._state.adding and bool(getattr(self.instance, name))
            self.initial.pop(name, None)
            self.fields[name].help_text = (
                "Stored; never shown. Enter a value to replace it."
                if is_stored
                else self.fields[name].help_text
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.secrets:
            if cleaned.get(name) or name in self.errors:
                continue
            if self.instance._state.adding and name in self.required_when_new:
                self.add_error(name, "This field is required.")
            elif not self.instance._state.adding:
                cleaned[name] = getattr(self.instance, name)
        return cleaned


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
