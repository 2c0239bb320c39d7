"""Waiting for what happens in another process or thread, on a machine that may be busy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 60.0  # seconds; only ever spent when something is wrong
EVERY = 0.05  # shorter pauses only ask more often: what is waited for takes a quarter of a second

T = TypeVar("T")


def until(read: Callable[[], T], enough: Callable[[T], object] = bool) -> T:
    """The first result of `read` that is `enough`. Fails with the last one when there is none."""
    deadline = time.monotonic() + PATIENCE
    while not enough(result := read()):
        assert time.monotonic() < deadline, f"still {result!r} after {PATIENCE:.0f} s"
        time.sleep(EVERY)
    return result
