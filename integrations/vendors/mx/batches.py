"""Lists and objects of MX → records; unusable ones are rejected singly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from integrations.vendors import errors, records
from integrations.vendors.mx.values import InvalidPayload, Payload

T = TypeVar("T")
# MX does not say by which of a transaction's dates it filters, nor in which time zone.
WINDOW_TOLERANCE = timedelta(days=3)
# Transactions of other days are mistakes of single rows. They say nothing about a window.
EARLIEST_DAY, LATEST_DAYS_AHEAD = date(2000, 1, 1), timedelta(days=366)


def within(
    rows: tuple[records.Transaction, ...], from_date: date, to_date: date
) -> tuple[records.Transaction, ...]:
    """The transactions of the window, of a list that may count up to the midnight after it.

    Raises VendorBadResponse for one that is clearly outside: if MX has not understood the window,
    what its list lacks says nothing. Days that cannot be true do not count.
    """
    latest = datetime.now(UTC).date() + LATEST_DAYS_AHEAD
    listed = []
    for row in rows:
        days = {row.transacted_at.date(), row.booking_date or row.transacted_at.date()}
        possible_days = {day for day in days if EARLIEST_DAY <= day <= latest}
        if possible_days and not any(
            from_date - WINDOW_TOLERANCE <= day <= to_date + WINDOW_TOLERANCE
            for day in possible_days
        ):
            raise errors.VendorBadResponse(
                "MX listed a transaction outside of the days that were asked for.",
                vendor="mx",
                operation="list_transactions",
            )
        if min(possible_days, default=to_date) <= to_date:
            listed.append(row)
    return tuple(listed)


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
