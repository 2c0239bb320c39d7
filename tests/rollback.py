"""Several cases of one test that begin with the same rows, where making these takes long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def rolled_back() -> Iterator[None]:
    """What is written meanwhile is undone; objects in memory have to be read again."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
