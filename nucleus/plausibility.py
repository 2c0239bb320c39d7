"""Which time stamps of a source can be true.

A vendor's clock is a claim. A stamp that cannot be true is treated as if there were none, so that
it never decides which of two versions is newer, or whether something has to be read.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCK_TOLERANCE = timedelta(days=1)  # by which a source's clock may be ahead of ours


def plausible_instant(stamp: datetime | None, *, now: datetime) -> datetime | None:
    """The stamp of a past event; None if there is none, or it cannot be true."""
    if stamp is None or not EARLIEST <= stamp <= now + CLOCK_TOLERANCE:
        return None
    return stamp
