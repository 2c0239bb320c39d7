"""Retrieval: the job that reads all data of a new account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from integrations.flows import (
    account_links,
    account_pulls,
    connections,
    holding_pulls,
    missing_accounts,
    transaction_pulls,
    user_sessions,
)
from integrations.flows.pull_results import with_audit_subject
from integrations.flows.transaction_listing import Checkpoint
from integrations.jobs.job_data import JobData
from integrations.jobs.job_kind import JobKind, Queue
from integrations.jobs.job_queue import JobRun
from integrations.models import AccountLink, Member
from integrations.vendors import records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorNotFound
from nucleus.models import AggregationAccount


def enqueue(*, member: Member, account: AggregationAccount) -> None:
    """Enqueue the retrieval of a new account, in the caller's transaction."""
    RETRIEVE_ACCOUNT.enqueue(
        tenant=member.tenant,
        payload=RetrievePayload(aggregation_account_id=str(account.id)),
        lock_key=connections.lock_key(member.vendor_user, member.vendor_member_id),
    )


@dataclass(frozen=True)
class RetrievePayload(JobData):
    """The Nucleus aggregation account to retrieve."""

    aggregation_account_id: str


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
            retrieve_account(run=run, vendor=vendor, link=link, import_id=import_id)
        except VendorNotFound:
            missing_accounts.recheck(vendor, link)
            if account_links.is_current(link):
                raise


RETRIEVE_ACCOUNT = JobKind(
    name="retrieve_account",
    queue=Queue.BULK,
    payload_type=RetrievePayload,
    handler=run_job,
    key=lambda payload: payload.aggregation_account_id,
)


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
) -> None:
    """Store account, balance, transactions and holdings, for a job.

    Args:
        import_id: identifies the vendor's import; pages that an earlier run has stored of the same
            import are not read again.
        record: the account, if the caller has read it.
        read_at: when the caller began to read it.
        with_history: list all transactions that the vendor can have.
        holding_ids: ids of the vendor's accounts that hold positions; None if nobody has asked.

    Raises Reschedule when the job's turn is over; the next run continues from the checkpoint.
    Raises VendorError, writes.AccountGone and LeaseLost.
    """
    account_pulls.pull_account_and_balance(vendor=vendor, link=link, record=record, read_at=read_at)
    checkpoint = Checkpoint(run, link, import_id=import_id)
    for _ in transaction_pulls.pull_batches(
        vendor=vendor, link=link, checkpoint=checkpoint, with_history=with_history
    ):
        pass
    holding_pulls.pull_holdings_if_any(
        vendor=vendor, link=link, renew=run.renew, holding_ids=holding_ids
    )
