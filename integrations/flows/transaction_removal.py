"""Which stored transactions the vendor no longer has, after a complete listing of a window.

A listing may lack a row by mistake, so nothing is withdrawn lightly:

- windows are judged by the bank's own day; rows that are listed outside of it decide nothing;
- posted rows are read singly before, where the vendor offers that: all of them, or a sample of very
  many. Pending ones are not, because they vanish every day, unless the listing is empty;
- a listing that lacks a row of its window which the vendor has is not complete, and withdraws only
  rows that the vendor says it does not have;
- if an unlikely share of the posted rows is missing at once, none is withdrawn, and staff decide.

Rows of an earlier source of the account, whose ids the vendor has forgotten, are withdrawn from the
first day on that the new source lists, unless an incoming row has continued them.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from integrations.flows.pull_results import vendor_user_id
from integrations.flows.transaction_listing import Listing
from integrations.models import AccountLink
from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError, VendorNotFound
from nucleus import writes
from nucleus.writes import StoredTransaction

logger = logging.getLogger(__name__)
MAX_LOOKUPS, MAX_LOOKUPS_OF_REQUEST = 50, 5  # single reads after one listing
MAX_LOOKUP_FAILURES = 3
# More missing posted rows than this, and than this share of those stored, are unlikely.
UNLIKELY_ROWS, UNLIKELY_SHARE = 10, 0.3


@dataclass(frozen=True, slots=True)
class RemovalPolicy:
    """How rows are confirmed to be missing.

    Args:
        renew: a job's renewal of its lease, called before each call to the vendor; None within a
            request, which asks for fewer rows and leaves the others to a job.
        accepts_all: staff have accepted that an unlikely share is withdrawn.
    """

    renew: Callable[[], None] | None = None
    accepts_all: bool = False

    @property
    def max_lookups(self) -> int:
        return MAX_LOOKUPS if self.renew else MAX_LOOKUPS_OF_REQUEST


@dataclass(slots=True)
class Removal:
    """What follows from the rows that a listing lacks.

    Attributes:
        source_ids: of the rows to withdraw.
        still_there: rows that the listing lacks and the vendor has all the same, as they are now.
        withheld: how many rows are not withdrawn, because they are unlikely many.
        unconfirmed: how many were not asked for, or without an answer.
    """

    source_ids: set[str] = field(default_factory=set)
    still_there: list[records.Transaction] = field(default_factory=list)
    withheld: int = 0
    unconfirmed: int = 0


@dataclass(slots=True)
class _Missing:
    """The stored rows that a listing lacks, and what they are compared with.

    Attributes:
        current: posted rows whose ids the vendor would know.
        pending: likewise, not posted.
        earlier: rows of earlier sources.
        posted_count: of the rows that were stored before the listing.
    """

    current: list[StoredTransaction] = field(default_factory=list)
    pending: list[StoredTransaction] = field(default_factory=list)
    earlier: list[StoredTransaction] = field(default_factory=list)
    posted_count: int = 0

    def all(self) -> list[StoredTransaction]:
        return self.current + self.pending + self.earlier

    def are_unlikely_many(self, count: int) -> bool:
        """Whether this number of posted rows is more than a bank would withdraw at once."""
        return count > UNLIKELY_ROWS and count > UNLIKELY_SHARE * self.posted_count


def find_removal(
    vendor: Vendor, link: AccountLink, listing: Listing, policy: RemovalPolicy
) -> Removal:
    """What to withdraw after the listing; calls the vendor. Raises what `policy.renew` raises."""
    missing = _find_missing(link, listing)
    if not policy.accepts_all and _are_unlikely_many(link, listing, missing):
        logger.warning("account link %s: %d removals are withheld", link.pk, len(missing.all()))
        return Removal(withheld=len(missing.all()))
    to_confirm, others = missing.current, missing.earlier + missing.pending
    if not capabilities.supports(vendor, capabilities.TRANSACTION_LOOKUP):
        to_confirm, others = [], missing.all()
    elif listing.is_empty:
        to_confirm, others = missing.current + missing.pending, missing.earlier
    removal = Removal()
    _confirm(vendor, link, [row.source_id for row in to_confirm], policy, removal)
    if any(listing.covers(record) for record in removal.still_there):
        removal.unconfirmed += len(others)
    else:
        removal.source_ids |= {row.source_id for row in others}
    return removal


def _find_missing(link: AccountLink, listing: Listing) -> _Missing:
    missing = _Missing()
    for row in _stored(link, listing):
        if row.create_date >= listing.listed_at:
            continue
        is_earlier = row.source_generation < link.generation
        if is_earlier and (listing.oldest is None or row.booking_date < listing.oldest):
            continue  # history that the present source does not have
        missing.posted_count += row.status == "posted"
        if row.source_id in listing.listed or row.update_date >= listing.listed_at:
            continue
        if is_earlier:
            missing.earlier.append(row)
        elif row.source_generation == link.generation:
            kind = missing.pending if row.status == "pending" else missing.current
            kind.append(row)
    return missing


def _are_unlikely_many(link: AccountLink, listing: Listing, missing: _Missing) -> bool:
    """Whether more posted rows vanish than a bank would withdraw.

    Those for which the listing has added an equal row are not counted: they have new ids.
    """
    posted = Counter(
        _facts(row) for row in missing.current + missing.earlier if row.status == "posted"
    )
    if not missing.are_unlikely_many(posted.total()):
        return False
    new = Counter(
        facts
        for row in _stored(link, listing)
        if row.create_date >= listing.listed_at and (facts := _facts(row)) in posted
    )
    return missing.are_unlikely_many(posted.total() - (posted & new).total())


def _stored(link: AccountLink, listing: Listing) -> Iterator[StoredTransaction]:
    """The rows within the window, one at a time: there may be a million."""
    return writes.sourced_transactions(
        account=link.aggregation_account, from_date=listing.since, to_date=listing.until
    )


def _facts(row: StoredTransaction) -> tuple[object, ...]:
    return row.booking_date, row.amount, row.transaction_type, row.currency_code


def _confirm(
    vendor: Vendor,
    link: AccountLink,
    source_ids: Sequence[str],
    policy: RemovalPolicy,
    removal: Removal,
) -> None:
    """Read missing rows singly, and add the outcome to `removal`.

    Of very many rows a job reads a sample, which decides for all if none of it is found.
    """
    if not source_ids:
        return
    lookup = capabilities.require(vendor, capabilities.TRANSACTION_LOOKUP)
    sample = _spread(source_ids, policy.max_lookups)
    gone: set[str] = set()
    failures = 0
    for source_id in sample:
        if policy.renew is not None:
            policy.renew()
        try:
            record = lookup.read_transaction(
                user_id=vendor_user_id(link),
                account_id=link.vendor_account_id,
                transaction_id=source_id,
            )
        except VendorNotFound:
            gone.add(source_id)
        except VendorError as error:
            logger.info("a transaction of link %s could not be read: %s", link.pk, error.code)
            failures += 1
            if failures >= MAX_LOOKUP_FAILURES:
                break
        else:
            removal.still_there.append(record)
    if policy.renew is not None and len(gone) == len(sample):
        gone = set(source_ids)
    removal.source_ids |= gone
    removal.unconfirmed = len(source_ids) - len(gone) - len(removal.still_there)


def _spread(items: Sequence[str], limit: int) -> list[str]:
    """At most `limit` of the items, evenly spread."""
    if len(items) <= limit:
        return list(items)
    return [items[position * len(items) // limit] for position in range(limit)]
