"""Whether a secret is visibly made by hand. Nothing here proves that one is random."""

from __future__ import annotations

import itertools
from collections import Counter


def is_patterned(text: str | bytes) -> bool:
    """Whether this repeats itself, or counts up or down, in most of its length.

    In a random key of 32 bytes, or of 16 characters of 64, both are practically impossible.
    """
    size = len(text)
    if any(text[period:] == text[:-period] for period in range(1, size // 2 + 1)):
        return True
    codes = list(text) if isinstance(text, bytes) else [ord(character) for character in text]
    steps = Counter((after - before) % 256 for before, after in itertools.pairwise(codes))
    return max(steps.values(), default=0) > size / 2
