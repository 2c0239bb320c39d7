"""Read the transactions of an account from the vendor and store them, batch by batch.

A request that waits for the rows and a job share the listing. Each batch is one transaction, so
after an interruption the stored rows are consistent and a second run writes only what differs.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone

from integrations.flows import outbound_webhooks, page_batching, record_mapping, rejected_items
from integrations.flows.merchants import MerchantLookup
from integrations.flows.pull_results import (
    PullResult,
    emit_changes,
    vendor_user_id,
    with_audit_subject,
)
from integrations.flows.transaction_listing import Checkpoint, Listing, new_listing
from integrations.models import AccountLink
from integrations.vendors import records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import CursorExpired
from nucleus import writes
from nucleus.models import AggregationAccount, AggregationAccountTransaction

TransactionResult = PullResult[AggregationAccountTransaction]


@with_audit_subject
def pull_transactions(*, vendor: Vendor, link: AccountLink) -> TransactionResult:
    """Store all transactions of the window and return them.

    Raises VendorError and writes.AccountGone.
    """
    total = TransactionResult()
    for result in pull_batches(vendor=vendor, link=link):
        total.posted += result.posted
        total.canceled += result.canceled
        total.rejected += result.rejected
    return total


def pull_batches(
    *,
    vendor: Vendor,
    link: AccountLink,
    checkpoint: Checkpoint | None = None,
    with_history: bool = False,
) -> Iterator[TransactionResult]:
    """Store the transactions of the window; yields one result per batch, the last with cancels.

    Args:
        checkpoint: a job's progress; its batches yield no rows. None: a request waits for the rows.
        with_history: list everything that the vendor can have, not the window.

    Raises VendorError, writes.AccountGone, and with a checkpoint Reschedule and LeaseLost.
    """
    listing = new = new_listing(vendor, link, with_history=with_history)
    if checkpoint is not None:
        listing = checkpoint.resume(new)
    try:
        yield from _store_listing(vendor, link, listing, checkpoint)
    except CursorExpired:  # raised before any row is read
        new.starts = listing.starts + 1
        yield from _store_listing(vendor, link, new, checkpoint)


def _store_listing(
    vendor: Vendor, link: AccountLink, listing: Listing, checkpoint: Checkpoint | None
) -> Iterator[TransactionResult]:
    """Store the listing from its cursor on."""
    account = link.aggregation_account
    lookup = MerchantLookup(vendor=vendor, renew=checkpoint.run.renew if checkpoint else None)
    pages = vendor.transaction_pages(
        user_id=vendor_user_id(link),
        account_id=link.vendor_account_id,
        from_date=listing.since,
        to_date=listing.until,
        after=listing.cursor,
    )
    for batch in page_batching.rebatch(pages):
        lookup.load(batch.records)
        listing.cursor = batch.cursor
        listing.uncancelable_ids |= _uncancelable_ids(batch)
        listing.rejected = [*listing.rejected, *batch.rejected][: rejected_items.MAX_ITEMS]
        source_ids, canceled = _store_batch(account, listing, checkpoint, batch, lookup)
        if checkpoint is not None:
            checkpoint.yield_turn(listing)
            continue
        posted = writes.stored_transactions(account=account, source_ids=source_ids)
        yield PullResult(posted=posted, canceled=canceled, rejected=list(batch.rejected))
    yield PullResult(canceled=_complete(vendor, link, listing, checkpoint))


def _uncancelable_ids(batch: records.Batch[records.Transaction]) -> set[str]:
    """Ids of rows that are pending, or may be: they could not be read."""
    pending = {record.id for record in batch.records if record.status == "pending"}
    return pending | {item.id for item in batch.rejected if item.id}


def _store_batch(
    account: AggregationAccount,
    listing: Listing,
    checkpoint: Checkpoint | None,
    batch: records.Batch[records.Transaction],
    lookup: MerchantLookup,
) -> tuple[list[str], list[AggregationAccountTransaction]]:
    """Store the rows, the vendor's removals and the progress in one transaction.

    Returns the source ids of the rows, and the rows that were canceled.
    """
    rows = [record_mapping.transaction(record, account, lookup) for record in batch.records]
    with transaction.atomic():
        written = writes.upsert_transactions(account=account, rows=rows, read_at=listing.listed_at)
        emit_changes(outbound_webhooks.TRANSACTION, account, written=written)
        canceled = writes.cancel_transactions(account=account, source_ids=batch.removed)
        _emit_canceled(account, canceled)
        if checkpoint is not None:
            checkpoint.save(listing)
    return [row.source_id for row in rows], canceled


def _complete(
    vendor: Vendor, link: AccountLink, listing: Listing, checkpoint: Checkpoint | None
) -> list[AggregationAccountTransaction]:
    """Record that the listing is complete, and cancel the pending rows that it lacks.

    Some vendors report no removals: a pending transaction vanishes, and is listed as posted under
    a new id. Rows are canceled only where the vendor's limits say that it lists windows completely.
    """
    account = link.aggregation_account
    with transaction.atomic():
        canceled: list[AggregationAccountTransaction] = []
        if vendor.limits.lists_windows_completely:
            canceled = writes.cancel_missing_pending(
                account=account,
                listed_source_ids=listing.uncancelable_ids,
                from_date=listing.since,
                to_date=listing.until,
                listed_at=listing.listed_at,
            )
        _emit_canceled(account, canceled)
        link.transactions_retrieved_at = timezone.now()
        link.save(update_fields=["transactions_retrieved_at"])
        rejected_items.replace(link, rejected_items.Kind.TRANSACTION, listing.rejected)
        if checkpoint is not None:
            checkpoint.clear()
    return canceled


def _emit_canceled(
    account: AggregationAccount, canceled: list[AggregationAccountTransaction]
) -> None:
    emit_changes(outbound_webhooks.TRANSACTION, account, canceled=len(canceled))
    emit_changes(outbound_webhooks.TRANSACTION_STATUS, account, canceled=len(canceled))
