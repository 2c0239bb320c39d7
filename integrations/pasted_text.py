"""Characters that copying adds to keys and secrets, named so that people find them."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError


def printable_ascii(value: str) -> None:
    """Raise ValidationError for characters that copying may add, such as invisible ones."""
    _check(value, allows_space=True)


def check_key(value: str) -> None:
    """Raise ValidationError for characters that no key of a vendor has; also for spaces within."""
    _check(value, allows_space=False)


def _check(value: str, *, allows_space: bool) -> None:
    for position, character in enumerate(value, start=1):
        if "!" <= character <= "~" or (character == " " and allows_space):
            continue
        raise ValidationError(
            f"Character {position} of {len(value)} is {_name(character)}, which is not allowed. It "
            "may have been added by copying. Copy the value again, or type it."
        )


def _name(character: str) -> str:
    """A name that tells what to look for, such as: a ZERO WIDTH SPACE (U+200B, invisible)."""
    name = unicodedata.name(character, "a control character")
    is_invisible = unicodedata.category(character)[0] in "CZ"
    note = ", invisible" if is_invisible else ""
    return f"{name} (U+{ord(character):04X}{note})"
