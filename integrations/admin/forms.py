"""Form fields for secrets: they go in and never come out."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from integrations.vendors import registry

LONGEST_SECRET = 1024  # characters


def printable_ascii(value: str) -> None:
    """Refuse what copying from web pages and mails adds to keys, such as invisible characters."""
    for position, character in enumerate(value, start=1):
        if not " " <= character <= "~":
            raise forms.ValidationError(
                f"Character {position} (U+{ord(character):04X}) cannot be part of it; it may have "
                "come along when it was copied. Copy it again, or type it."
            )


class SecretField(forms.CharField):
    """A password box that is always empty; left empty it keeps what is stored."""

    default_validators = [printable_ascii]

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("max_length", LONGEST_SECRET)
        super().__init__(
            widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}), **kwargs
        )


class WriteOnlySecrets(forms.ModelForm):  # type: ignore[type-arg]
    """Keeps a stored secret when its box is left empty. `secrets` names the fields."""

    secrets: tuple[str, ...] = ()
    required_when_new: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.secrets:
            stored = not self.instance._state.adding and bool(getattr(self.instance, name))
            self.initial.pop(name, None)
            self.fields[name].help_text = (
                "Stored and never shown. Type to replace it."
                if stored
                else self.fields[name].help_text
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.secrets:
            if cleaned.get(name) or name in self.errors:
                continue
            if self.instance._state.adding and name in self.required_when_new:
                self.add_error(name, "This is required.")
            elif not self.instance._state.adding:
                cleaned[name] = getattr(self.instance, name)
        return cleaned


def vendor_field() -> forms.ChoiceField:
    """The vendors that are built in."""
    choices = [(slug, spec.name) for slug, spec in registry.specs().items()]
    return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget)


def api_field() -> forms.ChoiceField:
    """The APIs of the vendors that are built in."""
    choices = {
        slug: f"{spec.name} {api.name}"
        for spec in registry.specs().values()
        for slug, api in spec.apis.items()
    }
    return forms.ChoiceField(
        choices=list(choices.items()), widget=UnfoldAdminSelectWidget, label="API"
    )
