"""One run at a time: a lock file that says who holds it and is free again however they end."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class Locked(Exception):
    """Another process holds the lock; `holder` is what it has written."""

    def __init__(self, holder: Mapping[str, str]) -> None:
        super().__init__()
        self.holder = holder


@contextmanager
def exclusive(path: Path, holder: Mapping[str, str]) -> Iterator[None]:
    """Hold the lock at `path`. The file stays behind; without a living holder it means nothing.

    Raises:
        Locked: it is held already.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(_read(handle)) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(dict(holder)).encode(), 0)
        yield
    finally:
        os.close(handle)


def _read(handle: int) -> dict[str, str]:
    try:
        return dict(json.loads(os.pread(handle, 10_000, 0)))
    except ValueError:  # taken this moment and not written yet
        return {}
