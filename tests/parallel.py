"""The same call from many threads at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def at_once(count: int, call: Callable[[], T]) -> list[T]:
    """What `count` simultaneous calls answer; each thread has a database connection of its own."""

    def closing() -> T:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return [done.result() for done in [pool.submit(closing) for _ in range(count)]]
