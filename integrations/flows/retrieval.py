"""Balances, transactions and holdings: pulled from the vendor into Nucleus.

The same functions serve a request that waits and a job. Vendor pages are gathered into batches;
each batch is one transaction, so whatever dies on the way, stored rows are whole and a second run
changes only what differs.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, TypeVar, cast
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from integrations import audit_context, vendor_sessions
from integrations.flows import (
    account_links,
    connections,
    outbound_webhooks,
    page_batching,
    record_mapping,
)
from integrations.flows.merchants import Directory
from integrations.flows.transaction_listing import Checkpoint, Listing, begun
from integrations.jobs import job_queue
from integrations.jobs.job_queue import JobRun
from integrations.models import AccountLink, Member
from integrations.vendors import records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import CursorExpired
from nucleus import writes
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
)

logger = logging.getLogger(__name__)
RETRIEVE_JOB = "retrieve_account"
T = TypeVar("T")
P = ParamSpec("P")


@dataclass(slots=True)
class Pulled(Generic[T]):
    """What a pull stored, canceled and had to leave out."""

    posted: list[T] = field(default_factory=list)
    canceled: list[T] = field(default_factory=list)
    rejected: list[records.RejectedItem] = field(default_factory=list)


def _audited(pull: Callable[P, T]) -> Callable[P, T]:
    """The vendor calls of a pull are about the account of its `link`."""

    @functools.wraps(pull)
    def about_its_account(*args: P.args, **kwargs: P.kwargs) -> T:
        account = cast("AccountLink", kwargs["link"]).aggregation_account
        with audit_context.audit_subject(client_id=account.client_id, account_id=account.pk):
            return pull(*args, **kwargs)

    return about_its_account


@_audited
def pull_account(*, vendor: Vendor, link: AccountLink) -> AggregationAccount:
    """Read the account itself again."""
    return _store_account(link, _read(vendor, link))


@_audited
def pull_account_and_balance(
    *, vendor: Vendor, link: AccountLink, record: records.Account | None = None
) -> None:
    """Store both from `record`, or from one call to the vendor without it."""
    record = record or _read(vendor, link)
    _store_account(link, record)
    _store_balance(link, record)


@_audited
def pull_everything(
    *,
    run: JobRun,
    vendor: Vendor,
    link: AccountLink,
    stamp: str,
    record: records.Account | None = None,
    with_history: bool = False,
) -> None:
    """Account, balance, transactions and holdings, for a job.

    Args:
        record: the account, where it has been read already.
        stamp: which import of the vendor this is; what an earlier run has listed of the same one is
            not listed again.
        with_history: read all the transactions that the vendor can have.

    Raises Reschedule when it takes long; the next run goes on where this one ended.
    """
    pull_account_and_balance(vendor=vendor, link=link, record=record)
    checkpoint = Checkpoint(run, link, stamp=stamp)
    for _ in transaction_batches(
        vendor=vendor, link=link, checkpoint=checkpoint, with_history=with_history
    ):
        pass
    if link.aggregation_account.is_investment:
        pull_holdings(vendor=vendor, link=link, checkpoint=run.renew)


@_audited
def pull_balance(*, vendor: Vendor, link: AccountLink) -> AggregationAccountBalance:
    """Store the current balance; nothing is written when it has not changed."""
    return _store_balance(link, _read(vendor, link))


def _read(vendor: Vendor, link: AccountLink) -> records.Account:
    return vendor.read_account(user_id=_user_id(link), account_id=link.vendor_account_id)


def _store_account(link: AccountLink, record: records.Account) -> AggregationAccount:
    columns = record_mapping.account_columns(record)
    return writes.update_aggregation_account(account=link.aggregation_account, **columns)


def _store_balance(link: AccountLink, seen: records.Account) -> AggregationAccountBalance:
    account, began = link.aggregation_account, timezone.now()
    with transaction.atomic():
        stored = writes.record_balance(
            account=account,
            balance=seen.balance.current,
            available_balance=seen.balance.available,
            available_credit=seen.balance.available_credit,
            currency_code=record_mapping.currency(seen.balance.currency_code, account),
            time_stamp=seen.balance.as_of,
            now=began,
        )
        if stored.update_date >= began:  # there was news
            _tell(outbound_webhooks.BALANCE, account, written=1, balance=stored.balance)
    return stored


def _tell(event: str, account: AggregationAccount, **data: Any) -> None:
    """What a batch has changed, in its transaction."""
    if any(data.values()):
        counts = {name: value for name, value in data.items() if isinstance(value, int)}
        logger.info("account %s: %s %s", account.pk, event, counts)  # no amounts in logs
        outbound_webhooks.emit(
            tenant_id=account.tenant_id,
            event=event,
            client_id=account.client_id,
            business_id=account.business_id,
            account_id=account.pk,
            data=data,
        )


@_audited
def pull_transactions(
    *, vendor: Vendor, link: AccountLink
) -> Pulled[AggregationAccountTransaction]:
    """Store all transactions of the window, for somebody who waits for the rows."""
    pulled: Pulled[AggregationAccountTransaction] = Pulled()
    for batch in transaction_batches(vendor=vendor, link=link):
        pulled.posted += batch.posted
        pulled.canceled += batch.canceled
        pulled.rejected += batch.rejected
    return pulled


def transaction_batches(
    *,
    vendor: Vendor,
    link: AccountLink,
    checkpoint: Checkpoint | None = None,
    with_history: bool = False,
) -> Iterator[Pulled[AggregationAccountTransaction]]:
    """Store the window batch by batch; the last one carries what the vendor canceled.

    Args:
        checkpoint: a job's; without one somebody waits for the rows.

    Atrium leaves no tombstones: a pending row vanishes and comes back posted under a new id. One
    that is missing from a complete listing of its own window is therefore canceled.
    """
    listing = fresh = begun(link, with_history=with_history)
    if checkpoint is not None:
        listing = checkpoint.resumed(fresh)
    try:
        yield from _listed(vendor, link, listing, checkpoint)
    except CursorExpired:  # before anything was read
        fresh.beginnings = listing.beginnings + 1
        yield from _listed(vendor, link, fresh, checkpoint)


def _listed(
    vendor: Vendor, link: AccountLink, listing: Listing, checkpoint: Checkpoint | None
) -> Iterator[Pulled[AggregationAccountTransaction]]:
    """The rest of the listing."""
    account = link.aggregation_account
    directory = Directory(vendor=vendor, renew=checkpoint.run.renew if checkpoint else None)
    pages = vendor.transaction_pages(
        user_id=_user_id(link),
        account_id=link.vendor_account_id,
        from_date=listing.since,
        to_date=listing.until,
        after=listing.cursor,
    )
    for batch in page_batching.gathered(pages):
        directory.learn(batch.records)
        listing.cursor = batch.cursor
        listing.pending |= {row.id for row in batch.records if row.status == "pending"}
        listing.pending |= {item.id for item in batch.rejected if item.id}
        fresh = [record_mapping.transaction(row, account, directory) for row in batch.records]
        with transaction.atomic():
            written = writes.upsert_transactions(account=account, rows=fresh)
            _tell(outbound_webhooks.TRANSACTION, account, written=written)
            if checkpoint is not None:
                checkpoint.keep(listing)
        if checkpoint is not None:
            checkpoint.rest(listing)
            continue
        ids = [row.source_id for row in fresh]  # somebody wants to see them
        posted = writes.stored_transactions(account=account, source_ids=ids)
        yield Pulled(posted=posted, rejected=list(batch.rejected))
    with transaction.atomic():
        canceled = writes.cancel_missing_pending(
            account=account,
            seen_source_ids=listing.pending,
            from_date=listing.since,
            to_date=listing.until,
            listed_at=listing.listed_at,
        )
        _tell(outbound_webhooks.TRANSACTION, account, canceled=len(canceled))
        _tell(outbound_webhooks.TRANSACTION_STATUS, account, canceled=len(canceled))
        link.transactions_retrieved_at = timezone.now()
        link.save(update_fields=["transactions_retrieved_at"])
        if checkpoint is not None:
            checkpoint.keep(None)
    yield Pulled(canceled=canceled)


@_audited
def pull_holdings(
    *, vendor: Vendor, link: AccountLink, checkpoint: Callable[[], None] = lambda: None
) -> Pulled[AggregationAccountHolding]:
    """Store the positions held now; those that are gone become inactive."""
    account = link.aggregation_account
    pulled: Pulled[AggregationAccountHolding] = Pulled()
    held: set[str] = set()
    listed_at = timezone.now()
    pages = vendor.holding_pages(user_id=_user_id(link), account_id=link.vendor_account_id)
    for batch in page_batching.gathered(pages):
        held |= {row.id for row in batch.records}
        held |= {item.id for item in batch.rejected if item.id}
        with transaction.atomic():
            fresh = [record_mapping.holding(row, account) for row in batch.records]
            written = writes.upsert_holdings(account=account, rows=fresh)
            _tell(outbound_webhooks.HOLDING, account, written=written)
            checkpoint()
        ids = [row.source_id for row in fresh]
        pulled.posted += writes.stored_holdings(account=account, source_ids=ids)
        pulled.rejected += batch.rejected
    with transaction.atomic():
        writes.retire_missing_holdings(account=account, seen_source_ids=held, listed_at=listed_at)
        checkpoint()
    return pulled


def enqueue(*, member: Member, account: AggregationAccount) -> None:
    """Enqueue the retrieval of a new account, in the caller's transaction."""
    job_queue.enqueue(
        tenant=member.tenant,
        kind=RETRIEVE_JOB,
        payload={"aggregation_account_id": str(account.id)},
        lock_key=connections.lock_key(member.tenant, member.vendor_member_id),
        pending_key=f"{member.tenant_id}:{RETRIEVE_JOB}:{account.id}",
    )


def run_job(run: JobRun) -> None:
    """Retrieve everything of one account."""
    account_id = run.payload["aggregation_account_id"]
    links = account_links.by_account_id(tenant=run.tenant, account_ids=[UUID(account_id)])
    link = next(iter(links.values()), None)
    if link is None:
        return  # disconnected in the meantime
    name, imported = link.member.vendor_user.vendor, link.member.successfully_aggregated_at
    with vendor_sessions.open_for_tenant(
        tenant=run.tenant, vendor=name, interactive=False
    ) as vendor:
        pull_everything(run=run, vendor=vendor, link=link, stamp=str(imported))


def _user_id(link: AccountLink) -> str:
    return str(link.member.vendor_user.vendor_user_id)
