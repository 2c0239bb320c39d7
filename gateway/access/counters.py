"""Counting within a stretch of time, atomically: rate limits, lock-outs, tokens that work once.

One row per thing counted and one statement per count, so that any number of parallel requests
together get exactly the limit. A window begins with the first count and is over `seconds` later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection
from django.db.models import F
from django.utils.crypto import salted_hmac

from gateway.access.models import UsageWindow

BUSY_MILLISECONDS = 1000  # how long a count waits for SQLite's one writer
# PostgreSQL's part of the statement also makes its own commit asynchronous: what a crash of the
# database takes with it are counts of the last fraction of a second.
NOW = {
    "postgresql": "extract(epoch FROM clock_timestamp())::double precision",
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
}
UNSYNCED = {
    "postgresql": "FROM (SELECT set_config('synchronous_commit', 'off', true)) AS unsynced",
    "sqlite": "",
}
OVER = "abs(excluded.started - counted.started) >= %(seconds)s"  # also after the clock was set back
TAKE = f"""
    INSERT INTO access_usagewindow AS counted (key, started, used)
    SELECT %(key)s, {{now}}, 1 {{unsynced}} WHERE true
    ON CONFLICT (key) DO UPDATE SET
        used = CASE WHEN {OVER} THEN 1 ELSE counted.used + 1 END,
        started = CASE WHEN {OVER} THEN excluded.started ELSE counted.started END
    WHERE counted.used < %(limit)s OR {OVER}
    RETURNING used, {{now}} - started
"""
BEGIN = """
    INSERT INTO access_usagewindow (key, started, used) SELECT %(key)s, {now}, 1 {unsynced}
    WHERE true ON CONFLICT (key) DO UPDATE SET used = 1, started = excluded.started
"""
READ = "SELECT used, {now} - started FROM access_usagewindow WHERE key = %(key)s"


@dataclass(frozen=True, slots=True)
class Usage:
    """The outcome of one count."""

    admitted: bool
    limit: int
    remaining: int
    seconds: float  # until the window is over


def take(key: str, *, limit: int, seconds: float) -> Usage:
    """Count one against `key` unless `limit` was reached in its window.

    Call it outside of a transaction: it commits by itself, whatever becomes of the request.
    """
    values: dict[str, str | float] = {"key": key, "limit": limit, "seconds": seconds}
    with _hasty(), connection.cursor() as cursor:
        cursor.execute(_said(TAKE), values)
        row = cursor.fetchone()
        admitted = row is not None
        if not admitted:
            cursor.execute(_said(READ), values)
            row = cursor.fetchone()
    used, age = row or (limit, seconds - 1)
    left = min(seconds, max(0.0, seconds - age))
    return Usage(admitted=admitted, limit=limit, remaining=max(0, limit - used), seconds=left)


def give_back(key: str) -> None:
    """Uncount one."""
    UsageWindow.objects.filter(key=key, used__gt=0).update(used=F("used") - 1)


def forget(key: str) -> None:
    """Begin anew."""
    UsageWindow.objects.filter(key=key).delete()


def begin(key: str) -> None:
    """Let a window with one count begin now, whatever it had before."""
    with _hasty(), connection.cursor() as cursor:
        cursor.execute(_said(BEGIN), {"key": key})


def is_running(key: str, *, seconds: float) -> bool:
    """Whether something was counted under `key` within `seconds`; counts nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_said(READ), {"key": key})
        row = cursor.fetchone()
    return row is not None and row[0] > 0 and abs(row[1]) < seconds


def private(kind: str, *parts: object) -> str:
    """A key that does not tell what is counted: people type passwords into fields for names."""
    text = "\0".join(str(part) for part in parts)
    return f"{kind}:{salted_hmac('gateway.access.windows', text, algorithm='sha256').hexdigest()}"


def _said(statement: str) -> str:
    vendor = connection.vendor
    return statement.format(now=NOW[vendor], unsynced=UNSYNCED[vendor])


@contextmanager
def _hasty() -> Iterator[None]:
    """On SQLite: no fsync for a count, and no long wait for a writer either.

    In WAL mode NORMAL risks no damage, only the newest commits at a power cut.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    usual_wait = int(float(connection.settings_dict["OPTIONS"].get("timeout", 5)) * 1000)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        (usual_sync,) = cursor.fetchone()
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute(f"PRAGMA busy_timeout = {min(BUSY_MILLISECONDS, usual_wait)}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA synchronous = {usual_sync}")
            cursor.execute(f"PRAGMA busy_timeout = {usual_wait}")
