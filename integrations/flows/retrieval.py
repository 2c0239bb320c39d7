"""Balances, transactions and holdings: pulled from the vendor into Nucleus.

The same functions serve a request that waits and a job. Vendor pages are gathered into batches;
each batch is one transaction, so whatever dies on the way, stored rows are whole and a second run
changes only what differs.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Generic, ParamSpec, TypeVar, cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations import connect, subject
from integrations.flows import accounts, outbox, rows
from integrations.flows.merchants import Directory
from integrations.job_queue import JobRun
from integrations.models import AccountLink, Member
from integrations.vendors import records
from integrations.vendors.base import Vendor
from nucleus import writes
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
    Tenant,
)

logger = logging.getLogger(__name__)
T = TypeVar("T")
P = ParamSpec("P")
BATCH_ROWS = 2000
WINDOW_BACK = timedelta(days=90)  # the vendor's own default window
HISTORY_BACK = timedelta(days=731)  # as far as the vendor's extended history goes
WINDOW_AHEAD = timedelta(days=5)  # pending transactions carry future dates


@dataclass(slots=True)
class Pulled(Generic[T]):
    """What a pull stored, canceled and had to leave out."""

    posted: list[T] = field(default_factory=list)
    canceled: list[T] = field(default_factory=list)
    rejected: list[records.Rejected] = field(default_factory=list)


def links(*, tenant: Tenant, account_ids: Iterable[object]) -> dict[object, AccountLink]:
    """Account links by aggregation account id."""
    found = _links(tenant).filter(aggregation_account_id__in=list(account_ids))
    return {link.aggregation_account_id: link for link in found}


def links_of_member(member: Member) -> list[AccountLink]:
    """Its account links, the oldest first."""
    return list(_links(member.tenant).filter(member=member).order_by("create_date", "id"))


def _links(tenant: Tenant) -> QuerySet[AccountLink]:
    """With all that a pull looks at."""
    related = ("member__vendor_user", "aggregation_account__tenant")
    kept = AccountLink.objects.for_tenant(tenant).filter(
        aggregation_account__client__erase_requested_at=None
    )
    return kept.select_related(*related)


def _audited(pull: Callable[P, T]) -> Callable[P, T]:
    """The vendor calls of a pull are about the account of its `link`."""

    @functools.wraps(pull)
    def about_its_account(*args: P.args, **kwargs: P.kwargs) -> T:
        account = cast("AccountLink", kwargs["link"]).aggregation_account
        with subject.about(client_id=account.client_id, account_id=account.pk):
            return pull(*args, **kwargs)

    return about_its_account


@_audited
def pull_account(*, vendor: Vendor, link: AccountLink) -> AggregationAccount:
    """Read the account itself again."""
    return accounts.store_again(account_link=link, seen=_read(vendor, link))


@_audited
def pull_account_and_balance(*, vendor: Vendor, link: AccountLink) -> None:
    """Both with one call."""
    seen = _read(vendor, link)
    accounts.store_again(account_link=link, seen=seen)
    _store_balance(link, seen)


@_audited
def pull_everything(
    *,
    vendor: Vendor,
    link: AccountLink,
    checkpoint: Callable[[], None],
    with_history: bool = False,
) -> None:
    """Account, balance, transactions and holdings, for a job.

    Args:
        checkpoint: see transaction_batches.
        with_history: read all the transactions that the vendor can have.
    """
    pull_account_and_balance(vendor=vendor, link=link)
    for _ in transaction_batches(
        vendor=vendor,
        link=link,
        interactive=False,
        checkpoint=checkpoint,
        with_history=with_history,
    ):
        pass
    if link.aggregation_account.is_investment:
        pull_holdings(vendor=vendor, link=link, checkpoint=checkpoint)


@_audited
def pull_balance(*, vendor: Vendor, link: AccountLink) -> AggregationAccountBalance:
    """Store the current balance; nothing is written when it has not changed."""
    return _store_balance(link, _read(vendor, link))


def _read(vendor: Vendor, link: AccountLink) -> records.Account:
    return vendor.read_account(user_id=_user_id(link), account_id=link.vendor_account_id)


def _store_balance(link: AccountLink, seen: records.Account) -> AggregationAccountBalance:
    account, began = link.aggregation_account, timezone.now()
    with transaction.atomic():
        stored = writes.record_balance(
            account=account,
            balance=seen.balance.current,
            available_balance=seen.balance.available,
            available_credit=seen.balance.available_credit,
            currency_code=rows.currency(seen.balance.currency_code, account),
            time_stamp=seen.balance.as_of,
            now=began,
        )
        if stored.update_date >= began:  # there was news
            _tell(outbox.BALANCE, account, written=1, balance=stored.balance)
    return stored


def _counts(data: dict[str, Any]) -> dict[str, Any]:
    """Without amounts."""
    return {name: value for name, value in data.items() if isinstance(value, int)}


def _tell(event: str, account: AggregationAccount, **data: Any) -> None:
    """What a batch has changed, in its transaction."""
    if any(data.values()):
        logger.info("account %s: %s %s", account.pk, event, _counts(data))
        outbox.emit(
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
    for batch in transaction_batches(vendor=vendor, link=link, interactive=True):
        pulled.posted += batch.posted
        pulled.canceled += batch.canceled
        pulled.rejected += batch.rejected
    return pulled


def transaction_batches(
    *,
    vendor: Vendor,
    link: AccountLink,
    interactive: bool,
    checkpoint: Callable[[], None] = lambda: None,
    with_history: bool = False,
) -> Iterator[Pulled[AggregationAccountTransaction]]:
    """Store the window batch by batch; the last one carries what the vendor canceled.

    Args:
        checkpoint: called inside each batch's transaction; may raise to roll it back.

    Atrium leaves no tombstones: a pending row vanishes and comes back posted under a new id. One
    that is missing from a complete listing of its own window is therefore canceled.
    """
    account = link.aggregation_account
    listed_at = timezone.now()
    since, until = window(link, today=listed_at.date(), with_history=with_history)
    directory = Directory(vendor=vendor, interactive=interactive)
    pending_seen: set[str] = set()
    pages = vendor.transaction_pages(
        user_id=_user_id(link),
        account_id=link.vendor_account_id,
        from_date=since,
        to_date=until,
    )
    for seen, rejected in _batches(pages):
        directory.learn(seen)
        pending_seen |= {row.id for row in seen if row.status == "pending"}
        pending_seen |= {item.id for item in rejected if item.id}
        fresh = [rows.transaction(row, account, directory) for row in seen]
        with transaction.atomic():
            written = writes.upsert_transactions(account=account, rows=fresh)
            _tell(outbox.TRANSACTION, account, written=written)
            checkpoint()
        posted = []
        if interactive:  # somebody wants to see them
            ids = [row.source_id for row in fresh]
            posted = writes.stored_transactions(account=account, source_ids=ids)
        yield Pulled(posted=posted, rejected=rejected)
    with transaction.atomic():
        canceled = writes.cancel_missing_pending(
            account=account,
            seen_source_ids=pending_seen,
            from_date=since,
            to_date=until,
            listed_at=listed_at,
        )
        _tell(outbox.TRANSACTION, account, canceled=len(canceled))
        _tell(outbox.TRANSACTION_STATUS, account, canceled=len(canceled))
        link.transactions_retrieved_at = timezone.now()
        link.save(update_fields=["transactions_retrieved_at"])
        checkpoint()
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
    for seen, rejected in _batches(pages):
        held |= {row.id for row in seen} | {item.id for item in rejected if item.id}
        with transaction.atomic():
            fresh = [rows.holding(row, account) for row in seen]
            written = writes.upsert_holdings(account=account, rows=fresh)
            _tell(outbox.HOLDING, account, written=written)
            checkpoint()
        ids = [row.source_id for row in fresh]
        pulled.posted += writes.stored_holdings(account=account, source_ids=ids)
        pulled.rejected += rejected
    with transaction.atomic():
        writes.retire_missing_holdings(account=account, seen_source_ids=held, listed_at=listed_at)
        checkpoint()
    return pulled


def run_job(run: JobRun) -> None:
    """Retrieve everything of one account."""
    account_id = run.payload["aggregation_account_id"]
    link = next(iter(links(tenant=run.tenant, account_ids=[account_id]).values()), None)
    if link is None:
        return  # let go in the meantime
    name = link.member.vendor_user.vendor
    with connect.for_tenant(tenant=run.tenant, vendor=name, interactive=False) as vendor:
        pull_everything(vendor=vendor, link=link, checkpoint=run.renew)


def window(link: AccountLink, *, today: date, with_history: bool = False) -> tuple[date, date]:
    """The days to ask for: the tenant's history the first time, the vendor's default later."""
    back = HISTORY_BACK if with_history else WINDOW_BACK
    if not with_history and link.transactions_retrieved_at is None:
        back = timedelta(days=connect.aggregation_settings(link.tenant).history_days)
    return today - back, today + WINDOW_AHEAD


def _batches(
    pages: Iterator[records.Batch[T]],
) -> Iterator[tuple[list[T], list[records.Rejected]]]:
    """Vendor pages of 100 gathered into batches that are worth a transaction."""
    rows: list[T] = []
    rejected: list[records.Rejected] = []
    for page in pages:
        rows += page.records
        rejected += page.rejected
        if len(rows) >= BATCH_ROWS:
            yield rows, rejected
            rows, rejected = [], []
    if rows or rejected:
        yield rows, rejected


def _user_id(link: AccountLink) -> str:
    return str(link.member.vendor_user.vendor_user_id)
