"""The only rule for masking account and routing numbers."""

from __future__ import annotations

SEPARATORS = str.maketrans("", "", " -.\t")
MAX_MASK_LENGTH = 4


def mask(number: str) -> str:
    """The last four characters of a number, and never more than half of it.

    Sources may have masked the number themselves ("XXXXX7890", "****7890"). Characters in
    place of digits count for the length and are not shown, unless they are letters. Separators are
    ignored.
    """
    compact = number.translate(SEPARATORS)
    length = min(MAX_MASK_LENGTH, len(compact) // 2)
    return "".join(letter for letter in compact[len(compact) - length :] if letter.isalnum())


def masked(number: str | None) -> str | None:
    """The form of a number in responses to callers who must not see it."""
    return f"****{mask(number)}" if number else number
