"""The state of an account's transaction listing, and its checkpoint in the job's progress.

A long listing outlives workers: the next run continues at the page where the last stored batch
ended. Rows may move between pages when the vendor imports. So a listing is continued only while its
import is the vendor's newest, and the adapter reads the last page again to compare it
(errors.CursorExpired). Otherwise the listing is started again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NotRequired, TypedDict

from django.utils import timezone

from integrations import vendor_sessions
from integrations.jobs.job_data import JobData
from integrations.jobs.job_queue import JobRun
from integrations.models import AccountLink
from integrations.vendors import records
from integrations.vendors.base import Vendor

MAX_AGE = timedelta(hours=6)  # an older listing is not continued
MAX_STARTS = 3  # a listing that was started more often is read in one turn


class ListingState(TypedDict):
    """A listing as the progress of a job has it.

    `pending` and `beginnings` are the `uncancelable_ids` and `starts` of Listing, `stamp` is the
    `import_id` of Checkpoint.
    """

    since: str
    until: str
    listed_at: str
    cursor: str | None
    pending: list[str]
    beginnings: int
    stamp: str
    rejected: NotRequired[list[tuple[str | None, str]]]  # id and reason


@dataclass(slots=True)
class Listing:
    """A listing of the days from `since` to `until`, started at `listed_at`."""

    since: date
    until: date
    listed_at: datetime
    cursor: str | None = None  # the vendor's name of the last page that is stored
    uncancelable_ids: set[str] = field(default_factory=set)  # source ids
    starts: int = 1
    rejected: list[records.RejectedItem] = field(default_factory=list)

    def state(self, import_id: str) -> ListingState:
        """The state to save.

        Args:
            import_id: identifies the vendor's import that is listed.
        """
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "listed_at": self.listed_at.isoformat(),
            "cursor": self.cursor,
            "pending": sorted(self.uncancelable_ids),
            "beginnings": self.starts,
            "stamp": import_id,
            "rejected": [(item.id, item.reason) for item in self.rejected],
        }

    @classmethod
    def from_state(cls, state: ListingState) -> Listing:
        return cls(
            since=date.fromisoformat(state["since"]),
            until=date.fromisoformat(state["until"]),
            listed_at=datetime.fromisoformat(state["listed_at"]),
            cursor=state["cursor"],
            uncancelable_ids=set(state["pending"]),
            starts=state["beginnings"],
            rejected=[records.RejectedItem(*item) for item in state.get("rejected", [])],
        )


def new_listing(vendor: Vendor, link: AccountLink, *, with_history: bool = False) -> Listing:
    """A listing from its first page on.

    The first one of an account covers the tenant's `history_days`, later ones the
    window of the vendor's limits.

    Args:
        with_history: cover everything that the vendor can have.
    """
    now, limits = timezone.now(), vendor.limits
    days = limits.history_days if with_history else limits.window_days_back
    if not with_history and link.transactions_retrieved_at is None:
        days = vendor_sessions.aggregation_settings(link.tenant).history_days
    return Listing(
        since=now.date() - timedelta(days=days),
        until=now.date() + timedelta(days=limits.window_days_ahead),
        listed_at=now,
    )


@dataclass(frozen=True)
class ListingProgress(JobData):
    """Progress of jobs that list transactions.

    Args:
        listings: id of the AccountLink → the state of its listing.
    """

    listings: dict[str, ListingState] | None = None


class Checkpoint:
    """Saves the listing of one account in its job's progress.

    Args:
        import_id: identifies the vendor's import; a listing of another import is not continued.
    """

    def __init__(self, run: JobRun, link: AccountLink, *, import_id: str) -> None:
        self.run = run
        self.link_id = str(link.pk)
        self.import_id = import_id

    def resume(self, new: Listing) -> Listing:
        """The listing that an earlier run has saved, if it can be continued; else `new`."""
        state = self._listings().get(self.link_id)
        if state is None:
            return new
        saved = Listing.from_state(state)
        if state["stamp"] == self.import_id and new.listed_at - saved.listed_at < MAX_AGE:
            return saved
        new.starts = saved.starts + 1
        return new

    def save(self, listing: Listing) -> None:
        """Save the listing in the transaction of the rows that it describes. Raises LeaseLost."""
        self._save({self.link_id: listing.state(self.import_id)})

    def clear(self) -> None:
        """Remove the listing: it is complete. Raises LeaseLost."""
        self._save({})

    def _save(self, own: dict[str, ListingState]) -> None:
        others = {
            link_id: state for link_id, state in self._listings().items() if link_id != self.link_id
        }
        self.run.renew(ListingProgress(listings=others | own))

    def _listings(self) -> dict[str, ListingState]:
        return self.run.progress(ListingProgress).listings or {}

    def yield_turn(self, listing: Listing) -> None:
        """Between batches: raises Reschedule when the job's turn is over; see JobRun.yield_turn.

        A listing that was started MAX_STARTS times is not interrupted: it might never end.
        """
        if listing.starts <= MAX_STARTS:
            self.run.yield_turn()
