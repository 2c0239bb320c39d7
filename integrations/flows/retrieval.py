"""Retrieval: the job that reads all data of an account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from integrations.flows import (
    account_links,
    account_pulls,
    connections,
    extended_history,
    holding_pulls,
    missing_accounts,
    transaction_pulls,
    user_sessions,
)
from integrations.flows.pull_results import PullResult, with_audit_subject
from integrations.flows.pull_sources import PullSource
from integrations.flows.transaction_listing import Checkpoint, is_deep_read_due
from integrations.jobs.job_data import JobData
from integrations.jobs.job_kind import JobKind, Queue
from integrations.jobs.job_queue import JobRun
from integrations.models import AccountLink, Member
from integrations.vendors import records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorNotFound
from nucleus.models import AggregationAccount, AggregationAccountTransaction


def enqueue(
    *,
    member: Member,
    account: AggregationAccount,
    with_history: bool = False,
    accepts_removals: bool = False,
) -> None:
    """Enqueue the retrieval of an account, in the caller's transaction.

    Args:
        with_history, accepts_removals: as those of RetrievePayload.
    """
    payload = RetrievePayload(str(account.id), with_history, accepts_removals)
    RETRIEVE_ACCOUNT.enqueue(
        tenant=member.tenant,
        payload=payload,
        lock_key=connections.lock_key(member.vendor_user, member.vendor_member_id),
    )


def reread_history(links: Iterable[AccountLink]) -> int:
    """Enqueue a read of all transactions that the vendor has; returns of how many accounts."""
    return _enqueue_all(links, accepts_removals=False)


def accept_removals(links: Iterable[AccountLink]) -> int:
    """Enqueue the withdrawal of what is missing, after all transactions were read again.

    Returns of how many accounts.
    """
    return _enqueue_all(links, accepts_removals=True)


def _enqueue_all(links: Iterable[AccountLink], *, accepts_removals: bool) -> int:
    count = 0
    for link in links:
        enqueue(
            member=link.connection,
            account=link.aggregation_account,
            with_history=True,
            accepts_removals=accepts_removals,
        )
        count += 1
    return count


@dataclass(frozen=True)
class RetrievePayload(JobData):
    """The Nucleus aggregation account to retrieve.

    Args:
        with_history: list all transactions that the vendor can have.
        accepts_removals: withdraw what the vendor no longer has although it is unlikely much.
    """

    aggregation_account_id: str
    with_history: bool = False
    accepts_removals: bool = False

    @property
    def key(self) -> str:
        history = ":history" if self.with_history else ""
        return self.aggregation_account_id + history + (":accept" if self.accepts_removals else "")


def run_job(run: JobRun, payload: RetrievePayload) -> None:
    """Retrieve everything of one account."""
    account_id = UUID(payload.aggregation_account_id)
    links = account_links.by_account_id(tenant=run.tenant, account_ids=[account_id])
    link = next(iter(links.values()), None)
    if link is None:
        return  # disconnected in the meantime
    member = link.connection
    import_id = str(member.successfully_aggregated_at)
    with user_sessions.open_for_user(member.vendor_user, interactive=False) as vendor:
        try:
            retrieve_account(
                run=run,
                vendor=vendor,
                link=link,
                import_id=import_id,
                with_history=payload.with_history,
                accepts_removals=payload.accepts_removals,
            )
        except VendorNotFound:
            missing_accounts.recheck(vendor, link)
            if account_links.is_current(link):
                raise


RETRIEVE_ACCOUNT = JobKind(
    name="retrieve_account",
    label="Read all data of an account",
    queue=Queue.BULK,
    payload_type=RetrievePayload,
    handler=run_job,
    key=lambda payload: payload.key,
)


def pull_transactions(
    *, vendor: Vendor, source: PullSource
) -> PullResult[AggregationAccountTransaction]:
    """Pull transactions within a request; a job looks after what it has no time to confirm.

    Raises VendorError and writes.AccountGone.
    """
    result = transaction_pulls.pull_transactions(vendor=vendor, link=source.link)
    if result.unconfirmed:
        enqueue(member=source.link.connection, account=source.account)
    return result


@with_audit_subject
def retrieve_account(
    *,
    run: JobRun,
    vendor: Vendor,
    link: AccountLink,
    import_id: str,
    record: records.Account | None = None,
    read_at: datetime | None = None,
    with_history: bool = False,
    holding_ids: frozenset[str] | None = None,
    accepts_removals: bool = False,
) -> None:
    """Store account, balance, transactions and holdings, for a job.

    Args:
        import_id: identifies the vendor's import; pages that an earlier run has stored of the same
            import are not read again.
        record: the account, if the caller has read it.
        read_at: when the caller began to read it.
        with_history: list all transactions that the vendor can have; it may read the bank for that.
            When the settings say so, all that it has is listed without.
        holding_ids: ids of the vendor's accounts that hold positions; None if nobody has asked.
        accepts_removals: as that of RetrievePayload.

    Raises Reschedule when the job's turn is over, after which the next run continues from the
    checkpoint, and while the vendor reads its extended history.
    Raises VendorError, writes.AccountGone and LeaseLost.
    """
    if with_history and not accepts_removals:  # somebody asked for it
        extended_history.ensure(run=run, vendor=vendor, member=link.connection)
    with_history = with_history or is_deep_read_due(link)
    account_pulls.pull_account_and_balance(vendor=vendor, link=link, record=record, read_at=read_at)
    checkpoint = Checkpoint(run, link, import_id=import_id)
    for _ in transaction_pulls.pull_batches(
        vendor=vendor,
        link=link,
        checkpoint=checkpoint,
        with_history=with_history,
        accepts_removals=accepts_removals,
    ):
        pass
    holding_pulls.pull_holdings_if_any(
        vendor=vendor, link=link, renew=run.renew, holding_ids=holding_ids
    )
