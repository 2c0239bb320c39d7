"""How far an account's transactions have been listed, kept with the job that lists them.

A long listing outlives workers: whoever takes the job over goes on at the page where the last
stored batch ended. Rows may move between pages when the vendor imports, so a listing is only
continued while the import it belongs to is the vendor's newest, and the adapter reads the last page
again to see that it is still the same (errors.CursorExpired). Else it is begun anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from integrations import vendor_sessions
from integrations.jobs.job_queue import JobRun
from integrations.models import AccountLink

WINDOW_BACK = timedelta(days=90)  # the vendor's own default window
HISTORY_BACK = timedelta(days=731)  # as far as the vendor's extended history goes
WINDOW_AHEAD = timedelta(days=5)  # pending transactions carry future dates
GOOD_FOR = timedelta(hours=6)  # then a listing that was interrupted is too old to go on with
MOST_BEGINNINGS = 3  # of one listing; then it has to be read in one go
KEY = "listings"  # in the job's progress


@dataclass(slots=True)
class Listing:
    """A listing of the days from `since` to `until` that began at `listed_at`."""

    since: date
    until: date
    listed_at: datetime
    cursor: str | None = None  # the vendor's word for the last page that is stored
    pending: set[str] = field(default_factory=set)  # ids that must not be taken for gone
    beginnings: int = 1  # how often it has been begun

    def as_json(self) -> dict[str, Any]:
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "listed_at": self.listed_at.isoformat(),
            "cursor": self.cursor,
            "pending": sorted(self.pending),
            "beginnings": self.beginnings,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Listing:
        return cls(
            since=date.fromisoformat(kept["since"]),
            until=date.fromisoformat(kept["until"]),
            listed_at=datetime.fromisoformat(kept["listed_at"]),
            cursor=kept["cursor"],
            pending=set(kept["pending"]),
            beginnings=kept["beginnings"],
        )


def begun(link: AccountLink, *, with_history: bool = False) -> Listing:
    """A new one: of the tenant's history the first time, of the vendor's default window later.

    Args:
        with_history: of all that the vendor can have.
    """
    now = timezone.now()
    back = HISTORY_BACK if with_history else WINDOW_BACK
    if not with_history and link.transactions_retrieved_at is None:
        back = timedelta(days=vendor_sessions.aggregation_settings(link.tenant).history_days)
    return Listing(now.date() - back, now.date() + WINDOW_AHEAD, listed_at=now)


class Checkpoint:
    """Keeps the listing of one account in its job's progress.

    Args:
        stamp: which import of the vendor is read; a listing of another one does not count.
    """

    def __init__(self, run: JobRun, link: AccountLink, *, stamp: str) -> None:
        self.run = run
        self.account = str(link.pk)
        self.stamp = stamp

    def resumed(self, fresh: Listing) -> Listing:
        """The listing that an earlier run has begun, if it still counts; else `fresh`."""
        kept = self.run.job.progress.get(KEY, {}).get(self.account)
        if kept is None:
            return fresh
        listing = Listing.from_json(kept)
        if kept["stamp"] == self.stamp and fresh.listed_at - listing.listed_at < GOOD_FOR:
            return listing
        fresh.beginnings = listing.beginnings + 1
        return fresh

    def keep(self, listing: Listing | None) -> None:
        """Note how far it is (None: it is complete) in the transaction of what has been read.

        Raises LeaseLost.
        """
        progress = self.run.job.progress
        others = {name: one for name, one in progress.get(KEY, {}).items() if name != self.account}
        mine = {self.account: listing.as_json() | {"stamp": self.stamp}} if listing else {}
        self.run.renew(progress | {KEY: others | mine})

    def rest(self, listing: Listing) -> None:
        """Between batches. Raises Reschedule when it is time; see JobRun.rest.

        Not if it would only begin again: that might go on for ever.
        """
        if listing.beginnings <= MOST_BEGINNINGS:
            self.run.rest()
