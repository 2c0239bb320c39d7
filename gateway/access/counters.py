"""Atomic counters with a time window: rate limits, lockouts and tokens that may be used once.

One row per counter and one statement per increment, so that any number of parallel requests get
exactly the limit. A window starts with its first increment and ends `seconds` later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection
from django.db.models import F
from django.utils.crypto import salted_hmac

from gateway.access.models import UsageWindow

KEY_SALT = "gateway.access.windows"  # stored keys depend on it: it must not change


@dataclass(frozen=True, slots=True)
class _Statements:
    """The SQL for one database. `abs()`: a window also ends when the clock was set back."""

    increment: str  # returns no row if the limit is reached
    restart: str
    read: str


# set_config makes the commit of this statement asynchronous. A crash of the database can then lose
# the increments of the last fraction of a second.
POSTGRESQL = _Statements(
    increment="""
        INSERT INTO access_usagewindow AS counter (key, started, used)
        SELECT %(key)s, extract(epoch FROM clock_timestamp())::double precision, 1
        FROM (SELECT set_config('synchronous_commit', 'off', true)) AS asynchronous
        WHERE true
        ON CONFLICT (key) DO UPDATE SET
            used = CASE WHEN abs(excluded.started - counter.started) >= %(seconds)s
                THEN 1 ELSE counter.used + 1 END,
            started = CASE WHEN abs(excluded.started - counter.started) >= %(seconds)s
                THEN excluded.started ELSE counter.started END
        WHERE counter.used < %(limit)s OR abs(excluded.started - counter.started) >= %(seconds)s
        RETURNING used, extract(epoch FROM clock_timestamp())::double precision - started
    """,
    restart="""
        INSERT INTO access_usagewindow (key, started, used)
        SELECT %(key)s, extract(epoch FROM clock_timestamp())::double precision, 1
        FROM (SELECT set_config('synchronous_commit', 'off', true)) AS asynchronous
        WHERE true
        ON CONFLICT (key) DO UPDATE SET used = 1, started = excluded.started
    """,
    read="""
        SELECT used, extract(epoch FROM clock_timestamp())::double precision - started
        FROM access_usagewindow WHERE key = %(key)s
    """,
)
SQLITE = _Statements(
    increment="""
        INSERT INTO access_usagewindow AS counter (key, started, used)
        SELECT %(key)s, (julianday('now') - 2440587.5) * 86400.0, 1
        WHERE true
        ON CONFLICT (key) DO UPDATE SET
            used = CASE WHEN abs(excluded.started - counter.started) >= %(seconds)s
                THEN 1 ELSE counter.used + 1 END,
            started = CASE WHEN abs(excluded.started - counter.started) >= %(seconds)s
                THEN excluded.started ELSE counter.started END
        WHERE counter.used < %(limit)s OR abs(excluded.started - counter.started) >= %(seconds)s
        RETURNING used, (julianday('now') - 2440587.5) * 86400.0 - started
    """,
    restart="""
        INSERT INTO access_usagewindow (key, started, used)
        SELECT %(key)s, (julianday('now') - 2440587.5) * 86400.0, 1
        WHERE true
        ON CONFLICT (key) DO UPDATE SET used = 1, started = excluded.started
    """,
    read="""
        SELECT used, (julianday('now') - 2440587.5) * 86400.0 - started
        FROM access_usagewindow WHERE key = %(key)s
    """,
)
STATEMENTS = {"postgresql": POSTGRESQL, "sqlite": SQLITE}


@dataclass(frozen=True, slots=True)
class Usage:
    """The state of a counter after an attempt to increment it."""

    admitted: bool
    limit: int
    remaining: int
    seconds: float  # until the window ends


def increment(key: str, *, limit: int, seconds: float, max_wait: float | None = None) -> Usage:
    """Add one to the counter, unless it has reached `limit` within its window of `seconds`.

    Call it outside of a transaction, so that the count survives a failed request.

    Args:
        max_wait: seconds to wait for SQLite's one writer; None: as long as other statements do.

    Raises:
        OperationalError: the database does not answer, or not in time.
    """
    statements = STATEMENTS[connection.vendor]
    parameters: dict[str, str | float] = {"key": key, "limit": limit, "seconds": seconds}
    with _relaxed_durability(max_wait), connection.cursor() as cursor:
        cursor.execute(statements.increment, parameters)
        row = cursor.fetchone()
        admitted = row is not None
        if not admitted:
            cursor.execute(statements.read, parameters)
            row = cursor.fetchone()
    used, age = row or (limit, seconds - 1)  # deleted since: refused, and free again in a second
    seconds_left = min(seconds, max(0.0, seconds - age))
    remaining = max(0, limit - used)
    return Usage(admitted=admitted, limit=limit, remaining=remaining, seconds=seconds_left)


def decrement(key: str) -> None:
    """Subtract one from the counter, if it is above zero."""
    UsageWindow.objects.filter(key=key, used__gt=0).update(used=F("used") - 1)


def reset(key: str) -> None:
    """Delete the counter."""
    UsageWindow.objects.filter(key=key).delete()


def restart(key: str) -> None:
    """Set the counter to one and start its window now."""
    with _relaxed_durability(), connection.cursor() as cursor:
        cursor.execute(STATEMENTS[connection.vendor].restart, {"key": key})


def is_active(key: str, *, seconds: float) -> bool:
    """Whether the counter is above zero and its window of `seconds` has not ended."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[connection.vendor].read, {"key": key})
        row = cursor.fetchone()
    return row is not None and row[0] > 0 and abs(row[1]) < seconds


def hashed_key(prefix: str, *parts: object) -> str:
    """A key that does not reveal what is counted: people type passwords into user name fields."""
    text = "\0".join(str(part) for part in parts)
    return f"{prefix}:{salted_hmac(KEY_SALT, text, algorithm='sha256').hexdigest()}"


@contextmanager
def _relaxed_durability(max_wait: float | None = None) -> Iterator[None]:
    """On SQLite: commit without fsync, and wait at most `max_wait` seconds for another writer.

    In WAL mode `synchronous = NORMAL` cannot corrupt the database; a power cut can lose the newest
    commits.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    timeout = float(connection.settings_dict["OPTIONS"].get("timeout", 5))
    wait = timeout if max_wait is None else min(max_wait, timeout)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        (synchronous,) = cursor.fetchone()
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute(f"PRAGMA busy_timeout = {int(wait * 1000)}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA synchronous = {synchronous}")
            cursor.execute(f"PRAGMA busy_timeout = {int(timeout * 1000)}")
