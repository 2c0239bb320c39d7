"""Read the transactions of an account from the vendor and store them, batch by batch.

A request that waits for the rows and a job share the listing. Each batch is one transaction, so
after an interruption the stored rows are consistent and a second run writes only what differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations.flows import (
    account_links,
    outbound_webhooks,
    page_batching,
    record_mapping,
    rejected_items,
)
from integrations.flows.merchants import MerchantLookup
from integrations.flows.pull_results import (
    PullResult,
    emit_changes,
    vendor_user_id,
)
from integrations.flows.transaction_listing import Checkpoint, Listing, new_listing
from integrations.flows.transaction_removal import Removal, RemovalPolicy, find_removal
from integrations.models import AccountLink
from integrations.vendors import records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import CursorExpired
from nucleus import writes
from nucleus.models import AggregationAccountTransaction
from nucleus.writes import listed_rows
from nucleus.writes.listed_rows import ListedTransaction, Window

TransactionResult = PullResult[AggregationAccountTransaction]
MAX_IDS_OF_EVENT = 100


def pull_transactions(*, vendor: Vendor, link: AccountLink) -> TransactionResult:
    """Store all transactions of the window and return them.

    Raises VendorError and writes.AccountGone.
    """
    total = TransactionResult()
    for result in pull_batches(vendor=vendor, link=link):
        total.posted += result.posted
        total.canceled += result.canceled
        total.rejected += result.rejected
        total.unconfirmed += result.unconfirmed
    return total


def pull_batches(
    *,
    vendor: Vendor,
    link: AccountLink,
    checkpoint: Checkpoint | None = None,
    with_history: bool = False,
    accepts_removals: bool = False,
) -> Iterator[TransactionResult]:
    """Store the transactions of the window; yields one result per batch, the last with cancels.

    Args:
        checkpoint: a job's progress; its batches yield no rows. None: a request waits for the rows.
        with_history: list everything that the vendor can have, not the window.
        accepts_removals: withdraw what the vendor no longer has although it is unlikely much.

    Raises VendorError, writes.AccountGone, and with a checkpoint Reschedule and LeaseLost.
    """
    listing = new = new_listing(vendor, link, with_history=with_history)
    if checkpoint is not None:
        listing = checkpoint.resume(new)
    renew = checkpoint.run.renew if checkpoint else None
    pull = _Pull(
        vendor=vendor,
        link=link,
        checkpoint=checkpoint,
        lookup=MerchantLookup(vendor=vendor, renew=renew),
        policy=RemovalPolicy(renew=renew, accepts_all=accepts_removals),
    )
    try:
        yield from pull.store(listing)
    except CursorExpired:  # raised before any row is read
        new.starts = listing.starts + 1
        yield from pull.store(new)


@dataclass(frozen=True, slots=True)
class _Pull:
    """One pull of an account's transactions."""

    vendor: Vendor
    link: AccountLink
    checkpoint: Checkpoint | None
    lookup: MerchantLookup
    policy: RemovalPolicy

    def store(self, listing: Listing) -> Iterator[TransactionResult]:
        """Store the listing from its cursor on."""
        batches = self._batches(listing)
        if self.checkpoint is None:
            first = list(islice(batches, 2))
            unchanged = self._unchanged(listing, first)
            if unchanged is not None:
                yield unchanged
                return
            batches = chain(first, batches)
        for batch in batches:
            rows = self._rows(batch.records)
            listing.cursor = batch.cursor
            listing.add((row.source_id for row in rows), (row.booking_date for row in rows))
            listing.listed.add(item.id for item in batch.rejected if item.id)
            listing.rejected = [*listing.rejected, *batch.rejected][: rejected_items.MAX_ITEMS]
            canceled = self._store_batch(listing, rows, batch.removed)
            if self.checkpoint is not None:
                self.checkpoint.yield_turn(listing)
                continue
            posted = writes.stored_transactions(
                account=self.link.aggregation_account, source_ids=[row.source_id for row in rows]
            )
            yield PullResult(posted=posted, canceled=canceled, rejected=list(batch.rejected))
        yield self._complete(listing)

    def _batches(self, listing: Listing) -> Iterator[records.Batch[records.Transaction]]:
        pages = self.vendor.transaction_pages(
            user_id=vendor_user_id(self.link),
            account_id=self.link.vendor_account_id,
            from_date=listing.since,
            to_date=listing.until,
            after=listing.cursor,
        )
        return page_batching.rebatch(pages)

    def _unchanged(
        self, listing: Listing, batches: Sequence[records.Batch[records.Transaction]]
    ) -> TransactionResult | None:
        """The stored rows if the listing is complete and nothing has to be written; else None."""
        if len(batches) > 1 or any(batch.removed for batch in batches):
            return None
        kind = rejected_items.Kind.TRANSACTION
        if not all(rejected_items.are_none(self.link, kind, batch.rejected) for batch in batches):
            return None
        listed = [record for batch in batches for record in batch.records]
        days = [record.booking_date or record.transacted_at.date() for record in listed]
        window = Window(
            since=listing.since,
            until=listing.until,
            oldest=min(
                (day for day in days if listing.since <= day <= listing.until), default=None
            ),
            generation=self.link.generation,
            source=self.vendor.slug,
        )
        stored = listed_rows.listed_transactions(
            self.link.aggregation_account,
            [
                ListedTransaction(record.id, record.merchant_id, record.merchant_location_id)
                for record in listed
            ],
            window,
        )
        lookup = replace(self.lookup, merchants=stored.merchants, locations=stored.locations)
        if not lookup.has_all(listed):
            return None
        rows = [record_mapping.transaction(record, self.link, lookup) for record in listed]
        if not stored.equal(rows, window) or not self._record_completion(listing, Removal()):
            return None
        return PullResult(posted=stored.newest_first())

    def _rows(self, transactions: Sequence[records.Transaction]) -> list[writes.TransactionRow]:
        self.lookup.load(transactions)
        return [record_mapping.transaction(row, self.link, self.lookup) for row in transactions]

    def _store_batch(
        self, listing: Listing, rows: list[writes.TransactionRow], removed: Sequence[str]
    ) -> list[AggregationAccountTransaction]:
        """Store the rows, the vendor's removals and the progress in one transaction.

        Returns the rows that were canceled.
        """
        with transaction.atomic():
            self._write(listing, rows)
            canceled = writes.cancel_transactions(
                account=self.link.aggregation_account, source_ids=removed
            )
            self._emit_canceled(canceled)
            if self.checkpoint is not None:
                self.checkpoint.save(listing)
        return canceled

    def _write(self, listing: Listing, rows: list[writes.TransactionRow]) -> None:
        account = self.link.aggregation_account
        account_links.lock(self.link)
        generation = self.link.generation
        if any(row.source_generation != generation for row in rows):  # merged since it was read
            rows = [replace(row, source_generation=generation) for row in rows]
        written = writes.upsert_transactions(account=account, rows=rows, read_at=listing.listed_at)
        emit_changes(outbound_webhooks.TRANSACTION, account, written=written)

    def _complete(self, listing: Listing) -> TransactionResult:
        """Record that the listing is complete, and withdraw the rows that it lacks.

        Rows are withdrawn only where the vendor's limits say that it lists windows completely;
        others name them.
        """
        removal = Removal()
        if self.vendor.limits.lists_windows_completely:
            removal = find_removal(self.vendor, self.link, listing, self.policy)
        still_there = self._rows(removal.still_there)
        with transaction.atomic():
            self._write(listing, still_there)
            canceled = writes.cancel_transactions(
                account=self.link.aggregation_account,
                source_ids=removal.source_ids,
                written_before=listing.listed_at,
            )
            self._emit_canceled(canceled)
            self._record_completion(listing, removal)
            rejected_items.replace(self.link, rejected_items.Kind.TRANSACTION, listing.rejected)
            if self.checkpoint is not None:
                self.checkpoint.clear()
        return PullResult(canceled=canceled, unconfirmed=removal.unconfirmed)

    def _record_completion(self, listing: Listing, removal: Removal) -> bool:
        """Returns whether the link has not ended meanwhile."""
        columns: dict[str, Any] = {
            "transactions_retrieved_at": timezone.now(),
            "withheld_removals": removal.withheld,
        }
        if listing.is_deep:
            columns["history_retrieved_at"] = columns["transactions_retrieved_at"]
        for name, value in columns.items():
            setattr(self.link, name, value)
        current = AccountLink.unscoped.filter(pk=self.link.pk, ended_at=None)
        return bool(current.update(**columns))

    def _emit_canceled(self, canceled: list[AggregationAccountTransaction]) -> None:
        account, count = self.link.aggregation_account, len(canceled)
        emit_changes(outbound_webhooks.TRANSACTION, account, canceled=count)
        emit_changes(outbound_webhooks.TRANSACTION_STATUS, account, canceled=count)
        ids = [str(row.pk) for row in canceled[:MAX_IDS_OF_EVENT]]
        emit_changes(
            outbound_webhooks.TRANSACTION_WITHDRAWN, account, withdrawn=count, transaction_ids=ids
        )
