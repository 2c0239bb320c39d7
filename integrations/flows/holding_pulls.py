"""Read the holdings of an account from the vendor and store them."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from integrations.flows import outbound_webhooks, page_batching, record_mapping
from integrations.flows.pull_results import (
    PullResult,
    emit_changes,
    vendor_user_id,
    with_audit_subject,
)
from integrations.models import AccountLink
from integrations.vendors import capabilities
from integrations.vendors.base import Vendor
from nucleus import writes
from nucleus.models import AggregationAccountHolding


@with_audit_subject
def pull_holdings(
    *, vendor: Vendor, link: AccountLink, renew: Callable[[], None] = lambda: None
) -> PullResult[AggregationAccountHolding]:
    """Store the account's positions; those that the vendor no longer lists become inactive.

    Args:
        renew: called in the transaction of every batch; a job's renewal of its lease.

    Raises VendorError, writes.AccountGone, and what `renew` raises.
    """
    account = link.aggregation_account
    result: PullResult[AggregationAccountHolding] = PullResult()
    listed_ids: set[str] = set()
    listed_at = timezone.now()
    source = capabilities.require(vendor, capabilities.HOLDINGS)
    pages = source.holding_pages(user_id=vendor_user_id(link), account_id=link.vendor_account_id)
    for batch in page_batching.rebatch(pages):
        listed_ids |= {record.id for record in batch.records}
        listed_ids |= {item.id for item in batch.rejected if item.id}
        with transaction.atomic():
            rows = [record_mapping.holding(record, account) for record in batch.records]
            written = writes.upsert_holdings(account=account, rows=rows, read_at=listed_at)
            emit_changes(outbound_webhooks.HOLDING, account, written=written)
            renew()
        source_ids = [row.source_id for row in rows]
        result.posted += writes.stored_holdings(account=account, source_ids=source_ids)
        result.rejected += batch.rejected
    with transaction.atomic():
        writes.retire_missing_holdings(
            account=account, listed_source_ids=listed_ids, listed_at=listed_at
        )
        renew()
    return result
