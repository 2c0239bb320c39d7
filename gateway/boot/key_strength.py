"""Detects handmade secrets. It cannot prove that a secret is random."""

from __future__ import annotations

import itertools
from collections import Counter


def is_patterned(text: str | bytes) -> bool:
    """Whether the text is periodic, or most of its characters differ by the same step.

    Both are practically impossible in 32 random bytes, or in 16 random characters out of 64.
    """
    size = len(text)
    if any(text[period:] == text[:-period] for period in range(1, size // 2 + 1)):
        return True
    codes = list(text) if isinstance(text, bytes) else [ord(character) for character in text]
    steps = Counter((after - before) % 256 for before, after in itertools.pairwise(codes))
    return max(steps.values(), default=0) > size / 2
