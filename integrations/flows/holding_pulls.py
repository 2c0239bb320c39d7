"""Read the holdings of an account from the vendor and store them.

Accounts of any type may hold positions. An import asks once which accounts of a connection have
some, and then only those, investment accounts, and accounts that had positions before. Where the
vendor bills it, only the latter two are asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import chain, islice

from django.db import transaction
from django.utils import timezone

from integrations import vendor_sessions
from integrations.flows import (
    account_links,
    billed_holdings,
    outbound_webhooks,
    page_batching,
    record_mapping,
    rejected_items,
)
from integrations.flows.errors import FlowError
from integrations.flows.pull_results import (
    PullResult,
    emit_changes,
    vendor_user_id,
    with_audit_subject,
)
from integrations.flows.pull_sources import PullSource
from integrations.models import AccountLink, Member
from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import (
    VendorAccessDenied,
    VendorError,
    VendorNotFound,
    VendorRefused,
)
from nucleus import writes
from nucleus.models import AggregationAccount, AggregationAccountHolding, Tenant
from nucleus.writes import listed_rows

logger = logging.getLogger(__name__)
SWITCHED_OFF = (
    "Holdings are switched off. Staff can switch them on in the admin under Aggregation settings."
)


def accounts_with_holdings(*, vendor: Vendor, member: Member) -> frozenset[str] | None:
    """Ids of the vendor's accounts under this connection that hold positions.

    None if the vendor did not say; then each account has to be asked.
    """
    if not capabilities.supports(vendor, capabilities.HOLDINGS) or not _are_read(member.tenant):
        return frozenset()
    source = capabilities.require(vendor, capabilities.HOLDINGS)
    try:
        return source.accounts_with_holdings(
            user_id=str(member.vendor_user.vendor_user_id), member_id=member.vendor_member_id
        )
    except (VendorRefused, VendorAccessDenied):
        return (
            frozenset()
        )  # not offered to this tenant: only accounts that must have some are asked
    except VendorError as error:
        logger.info("connection %s: which accounts hold positions is unknown: %s", member.pk, error)
        return None


def pull_holdings_if_any(
    *,
    vendor: Vendor,
    link: AccountLink,
    renew: Callable[[], None],
    holding_ids: frozenset[str] | None,
) -> None:
    """Store the account's positions, for a job, if it may have some.

    Args:
        renew: see `_store_holdings`.
        holding_ids: what `accounts_with_holdings` returned; None: ask about this account.

    Raises as `_store_holdings` does, but for an account that is no investment account and of which
    the vendor lists no holdings.
    """
    account = link.aggregation_account
    if not capabilities.supports(vendor, capabilities.HOLDINGS) or not _are_read(account.tenant):
        return
    is_expected = _are_expected(account) or link.vendor_account_id in (holding_ids or ())
    is_asked = holding_ids is None and not _are_billed(vendor)
    if not is_expected and not is_asked:
        return
    try:
        _store_holdings(vendor=vendor, link=link, renew=renew)
    except (VendorNotFound, VendorRefused, VendorAccessDenied) as error:
        if is_expected:
            raise
        logger.info("account %s: the vendor lists no holdings of it: %s", account.pk, error)


def pull_holdings(*, vendor: Vendor, source: PullSource) -> PullResult[AggregationAccountHolding]:
    """Store the account's positions, for a request; those no longer listed become inactive.

    Nothing is read where the vendor bills it and the account is no investment account.

    Raises FlowError if the settings say that no holdings are read, VendorError and
    writes.AccountGone.
    """
    capabilities.require(vendor, capabilities.HOLDINGS)
    if not source.settings.retrieve_holdings:
        raise FlowError(SWITCHED_OFF)
    if _are_billed(vendor) and not _are_expected(source.account):
        return PullResult()
    return _store_holdings(vendor=vendor, link=source.link, renew=None)


def _are_read(tenant: Tenant) -> bool:
    return vendor_sessions.aggregation_settings(tenant).retrieve_holdings


def _are_billed(vendor: Vendor) -> bool:
    return capabilities.supports(vendor, capabilities.BILLED_HOLDINGS)


def _are_expected(account: AggregationAccount) -> bool:
    """Whether the account has positions as far as we know."""
    return account.is_investment or writes.has_active_holdings(account)


@with_audit_subject
def _store_holdings(
    *, vendor: Vendor, link: AccountLink, renew: Callable[[], None] | None
) -> PullResult[AggregationAccountHolding]:
    """Store the account's positions; those that the vendor no longer lists become inactive.

    Args:
        renew: called in the transaction of every batch; a job's renewal of its lease. None within
            a request, which first looks whether all is stored already.

    Raises VendorError, writes.AccountGone, and what `renew` raises.
    """
    account = link.aggregation_account
    result: PullResult[AggregationAccountHolding] = PullResult()
    listed_ids: set[str] = set()
    listed_at = timezone.now()
    source = capabilities.require(vendor, capabilities.HOLDINGS)
    billed_holdings.note_read(vendor, link.connection.vendor_user)
    pages = source.holding_pages(user_id=vendor_user_id(link), account_id=link.vendor_account_id)
    batches = page_batching.rebatch(pages)
    if renew is None:
        first = list(islice(batches, 2))
        unchanged = _unchanged(vendor, link, first)
        if unchanged is not None:
            return PullResult(posted=unchanged)
        batches = chain(first, batches)
    for batch in batches:
        listed_ids |= {record.id for record in batch.records}
        listed_ids |= {item.id for item in batch.rejected if item.id}
        with transaction.atomic():
            account_links.lock(link)
            rows = [record_mapping.holding(record, link) for record in batch.records]
            written = writes.upsert_holdings(
                account=account,
                rows=rows,
                read_at=listed_at,
                absent=vendor.limits.absent_holding_fields,
            )
            emit_changes(outbound_webhooks.HOLDING, account, written=written)
            if renew is not None:
                renew()
        source_ids = [row.source_id for row in rows]
        result.posted += writes.stored_holdings(account=account, source_ids=source_ids)
        result.rejected += batch.rejected
    with transaction.atomic():
        account_links.lock(link)
        rejected_items.replace(link, rejected_items.Kind.HOLDING, result.rejected)
        writes.retire_missing_holdings(
            account=account, listed_source_ids=listed_ids, listed_at=listed_at
        )
        if renew is not None:
            renew()
    return result


def _unchanged(
    vendor: Vendor, link: AccountLink, batches: Sequence[records.Batch[records.Holding]]
) -> list[AggregationAccountHolding] | None:
    """The stored positions if the listing is complete and nothing has to be written; else None."""
    kind = rejected_items.Kind.HOLDING
    if len(batches) > 1 or not all(
        rejected_items.are_none(link, kind, batch.rejected) for batch in batches
    ):
        return None
    rows = [record_mapping.holding(record, link) for batch in batches for record in batch.records]
    return listed_rows.unchanged_holdings(
        link.aggregation_account, rows, absent=vendor.limits.absent_holding_fields
    )
