"""What is shown of an account or routing number: the only rule for it."""

from __future__ import annotations

SEPARATORS = str.maketrans("", "", " -.\t")
LONGEST_MASK = 4


def mask(number: str) -> str:
    """The last four characters of a number, and never more than half of it.

    Sources may have masked the number themselves ("XXXXX7890", "****7890"). What they put in place
    of digits counts for the length and is not shown, unless it is a letter. Separators do neither.
    """
    compact = number.translate(SEPARATORS)
    length = min(LONGEST_MASK, len(compact) // 2)
    return "".join(letter for letter in compact[len(compact) - length :] if letter.isalnum())


def masked(number: str | None) -> str | None:
    """How a number is answered to callers who may not see it."""
    return f"****{mask(number)}" if number else number
