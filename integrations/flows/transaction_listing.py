"""The state of an account's transaction listing, and its checkpoint in the job's progress.

A long listing outlives workers: the next run continues at the page where the last stored batch
ended. Rows may move between pages when the vendor imports. So a listing is continued only while its
import is the vendor's newest, and the adapter reads the last page again to compare it
(errors.CursorExpired). Otherwise the listing is started again.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
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
WINDOW_OVERLAP = timedelta(days=14)  # with what the last complete listing covered
# Of one tenant: after an upgrade, or where many clients came on one day, all are due at once.
MAX_DEEP_READS_PER_HOUR = 100
DIGEST_BYTES = 8
DIGESTS = "Q"  # an array of integers of that many bytes
PART_SIZE = 2_000


class ListingState(TypedDict):
    """A listing as the progress of a job has it.

    `beginnings` is the `starts` of Listing, `stamp` is the `import_id` of Checkpoint. Version 0.1
    stored `pending` in place of what follows it.
    """

    since: str
    until: str
    listed_at: str
    cursor: str | None
    beginnings: int
    stamp: str
    rejected: NotRequired[list[tuple[str | None, str]]]  # id and reason
    pending: NotRequired[list[str]]
    listed: NotRequired[str]
    oldest: NotRequired[str | None]
    is_deep: NotRequired[bool]


class ListedIds:
    """The source ids of a listing, of which there may be a million.

    Each takes 8 bytes: a digest, which a job also saves with each batch. They are sorted in parts,
    because sorting them at once would make an object of each.
    """

    def __init__(self) -> None:
        self._parts: list[array[int]] = []  # each is sorted
        self._sorted: array[int] | None = None

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, source_ids: Iterable[str]) -> None:
        if part := sorted(map(_digest, source_ids)):
            self._parts.append(array(DIGESTS, part))
            self._sorted = None

    def __contains__(self, source_id: str) -> bool:
        if self._sorted is None:
            self._sorted = array(DIGESTS, heapq.merge(*self._parts))
        digest = _digest(source_id)
        position = bisect_left(self._sorted, digest)
        return position < len(self._sorted) and self._sorted[position] == digest

    def to_text(self) -> str:
        return base64.b64encode(b"".join(part.tobytes() for part in self._parts)).decode()

    @classmethod
    def from_text(cls, text: str) -> ListedIds:
        digests = array(DIGESTS)
        digests.frombytes(base64.b64decode(text))
        result = cls()
        for start in range(0, len(digests), PART_SIZE):
            result._parts.append(array(DIGESTS, sorted(digests[start : start + PART_SIZE])))
        return result


def _digest(source_id: str) -> int:
    text = source_id.encode(errors="replace")
    return int.from_bytes(hashlib.blake2b(text, digest_size=DIGEST_BYTES).digest(), sys.byteorder)


@dataclass(slots=True)
class Listing:
    """A listing of the days from `since` to `until`, started at `listed_at`.

    Attributes:
        cursor: the vendor's name of the last page that is stored.
        listed: what it has listed so far, also what could not be read.
        oldest: the first booking date of its rows within the window.
        is_deep: it covers all that the vendor has.
        starts: how often it was started.
    """

    since: date
    until: date
    listed_at: datetime
    cursor: str | None = None
    listed: ListedIds = field(default_factory=ListedIds)
    oldest: date | None = None
    is_deep: bool = False
    starts: int = 1
    rejected: list[records.RejectedItem] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether it has listed nothing, not even what could not be read."""
        return not self.listed

    def covers(self, record: records.Transaction) -> bool:
        """Whether a complete listing of its window has this record."""
        day = record.booking_date or record.transacted_at.astimezone(UTC).date()
        return self.since <= day <= self.until

    def add(self, source_ids: Iterable[str], booking_dates: Iterable[date]) -> None:
        """Add a batch. Rows outside of the window do not extend what the listing covers."""
        self.listed.add(source_ids)
        within = [day for day in booking_dates if self.since <= day <= self.until]
        self.oldest = min([*within, *([self.oldest] if self.oldest else [])], default=None)

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
            "listed": self.listed.to_text(),
            "oldest": self.oldest.isoformat() if self.oldest else None,
            "is_deep": self.is_deep,
            "beginnings": self.starts,
            "stamp": import_id,
            "rejected": [(item.id, item.reason) for item in self.rejected],
        }

    @classmethod
    def from_state(cls, state: ListingState) -> Listing:
        oldest = state.get("oldest")
        return cls(
            since=date.fromisoformat(state["since"]),
            until=date.fromisoformat(state["until"]),
            listed_at=datetime.fromisoformat(state["listed_at"]),
            cursor=state["cursor"],
            listed=ListedIds.from_text(state.get("listed", "")),
            oldest=date.fromisoformat(oldest) if oldest else None,
            is_deep=state.get("is_deep", False),
            starts=state["beginnings"],
            rejected=[records.RejectedItem(*item) for item in state.get("rejected", [])],
        )


def new_listing(vendor: Vendor, link: AccountLink, *, with_history: bool = False) -> Listing:
    """A listing from its first page on.

    The first one of an account covers the tenant's `history_days`. Later ones reach back to the
    last complete one, so that no gap is left, and at least as far as the vendor's limits say.

    Args:
        with_history: cover everything that the vendor can have.
    """
    now, limits = timezone.now(), vendor.limits
    last = link.transactions_retrieved_at
    if with_history:
        days = limits.history_days
    elif last is None:
        days = vendor_sessions.aggregation_settings(link.tenant).history_days
    else:
        gap = (now - last + WINDOW_OVERLAP).days + 1
        days = min(max(gap, limits.window_days_back), limits.history_days)
    return Listing(
        since=now.date() - timedelta(days=days),
        until=now.date() + timedelta(days=limits.window_days_ahead),
        listed_at=now,
        is_deep=days >= limits.history_days,
    )


def is_deep_read_due(link: AccountLink) -> bool:
    """Whether all that the vendor has should be read again, as the settings say.

    Accounts that were linked together become due on different days, up to a fifth of the interval
    early; and a tenant has a limited number of deep reads per hour.
    """
    days = vendor_sessions.aggregation_settings(link.tenant).deep_read_days
    if not days or link.transactions_retrieved_at is None:
        return False
    now = timezone.now()
    interval = timedelta(days=days) * (1 - 0.2 * (link.pk.int % 1000) / 1000)
    if (link.history_retrieved_at or link.create_date) > now - interval:
        return False
    recent = AccountLink.objects.for_tenant(link.tenant_id).filter(
        history_retrieved_at__gt=now - timedelta(hours=1)
    )
    return recent.count() < MAX_DEEP_READS_PER_HOUR


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
        is_current = state["stamp"] == self.import_id and "listed" in state
        is_enough = saved.is_deep or not new.is_deep
        if is_current and is_enough and new.listed_at - saved.listed_at < MAX_AGE:
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
