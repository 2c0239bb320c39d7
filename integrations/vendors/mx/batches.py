"""Lists and objects of MX → records; unusable ones are rejected singly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from integrations.vendors import errors, records
from integrations.vendors.mx.values import InvalidPayload, Payload

T = TypeVar("T")
# MX does not say by which of a transaction's dates it filters, nor in which time zone.
WINDOW_TOLERANCE = timedelta(days=3)
MAX_SHARE_OUTSIDE = 0.1  # of a list's rows
# Transactions of other days are mistakes of single rows. They say nothing about a window.
EARLIEST_DAY, LATEST_DAYS_AHEAD = date(2000, 1, 1), timedelta(days=366)


@dataclass(slots=True)
class Window:
    """The days that a list of transactions was asked for, and how many of its rows are outside."""

    from_date: date
    to_date: date
    _rows: int = 0
    _outside: int = 0

    def within(self, rows: tuple[records.Transaction, ...]) -> tuple[records.Transaction, ...]:
        """The rows of a page that count: the list may go up to the midnight after the window.

        Raises VendorBadResponse if many of the list's rows are clearly outside: if MX has not
        understood the window, what its list lacks says nothing. A few are mistakes of single rows,
        and days that cannot be true do not count.
        """
        latest = datetime.now(UTC).date() + LATEST_DAYS_AHEAD
        listed = []
        for row in rows:
            days = {row.transacted_at.date(), row.booking_date or row.transacted_at.date()}
            possible_days = {day for day in days if EARLIEST_DAY <= day <= latest}
            self._outside += bool(possible_days) and not any(map(self._is_near, possible_days))
            if min(possible_days, default=self.to_date) <= self.to_date:
                listed.append(row)
        self._rows += len(rows)
        if self._outside > MAX_SHARE_OUTSIDE * self._rows:
            raise errors.VendorBadResponse(
                "MX listed transactions outside of the days that were asked for.",
                vendor="mx",
                operation="list_transactions",
            )
        return tuple(listed)

    def _is_near(self, day: date) -> bool:
        return self.from_date - WINDOW_TOLERANCE <= day <= self.to_date + WINDOW_TOLERANCE


def convert_one(convert: Callable[[Payload], T], payload: Payload) -> T:
    """One object that the call is about: if it is unusable, so is the answer."""
    try:
        return convert(payload)
    except InvalidPayload as error:
        raise errors.VendorBadResponse(str(error), vendor="mx") from error


def batch(convert: Callable[[Payload], T], page: list[Any], **owners: str) -> records.Batch[T]:
    """A page's objects; those that are unusable, or name another owner, are rejected singly."""
    usable: list[T] = []
    rejected: list[records.RejectedItem] = []
    for payload in page:
        guid = payload.get("guid") if isinstance(payload, dict) else None
        name = guid if isinstance(guid, str) else None
        try:
            usable.append(convert(_check_owner(payload, owners)))
        except InvalidPayload as error:
            rejected.append(records.RejectedItem(id=name, reason=str(error)))
    return records.Batch(records=tuple(usable), rejected=tuple(rejected))


def _check_owner(payload: Any, owners: dict[str, str]) -> Payload:
    if not isinstance(payload, dict):
        raise InvalidPayload("MX sent something that is not an object.")
    for name, owner in owners.items():
        if payload.get(name, owner) not in (owner, None):
            raise InvalidPayload(f"MX sent an object of another {name.removesuffix('_guid')}.")
    return {**payload, **owners}


def merge(batches: Iterator[records.Batch[T]]) -> records.Batch[T]:
    usable: list[T] = []
    rejected: list[records.RejectedItem] = []
    for batch in batches:
        usable += batch.records
        rejected += batch.rejected
    return records.Batch(records=tuple(usable), rejected=tuple(rejected))
