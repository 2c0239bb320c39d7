"""The sandbox's own time: it runs with the real one, may be ahead of it, or stand still.

Kept in the database, because data that was made tomorrow must not be read today; remembered in the
process, because everything asks for it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sandbox.world.models import World


@dataclass(slots=True)
class _Time:
    """How far the clock is ahead, or where it stands."""

    offset: timedelta = timedelta()
    stopped_at: datetime | None = None


_time = _Time()
_lock = threading.Lock()


def now() -> datetime:
    """The moment it is in the sandbox."""
    with _lock:
        return _time.stopped_at or datetime.now(UTC) + _time.offset


def is_running() -> bool:
    return _time.stopped_at is None


def load() -> None:
    """Remember what the database says."""
    world = World.load()
    with _lock:
        _time.offset = timedelta(microseconds=world.clock_offset)
        _time.stopped_at = world.clock_stopped_at


def move_to(moment: datetime) -> None:
    """Set the clock; it goes on running from there unless it stands still."""
    _set(moment, stopped=not is_running())


def run() -> None:
    """Let the clock run on."""
    _set(now(), stopped=False)


def stop() -> None:
    """Let the clock stand still."""
    _set(now(), stopped=True)


def reset(moment: datetime | None) -> None:
    """Run from a moment, or with the real time."""
    _set(moment or datetime.now(UTC), stopped=False)


def _set(moment: datetime, *, stopped: bool) -> None:
    with _lock:
        _time.offset = moment - datetime.now(UTC)
        _time.stopped_at = moment if stopped else None
        offset = _time.offset // timedelta(microseconds=1)
        World.objects.update(clock_offset=offset, clock_stopped_at=_time.stopped_at)
