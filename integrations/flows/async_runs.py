"""Async transactions: sync all accounts of a caller in jobs, and report when they have ended."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from integrations.flows import account_links, outbound_webhooks, sync
from integrations.flows.connection_state import MISSING
from integrations.flows.errors import FlowError, NotFound
from integrations.jobs.job_data import JobData
from integrations.jobs.job_kind import JobKind, Queue
from integrations.jobs.job_queue import JobRun, Reschedule
from integrations.models import AsyncTransaction, Job, JobState, Member
from integrations.vendors.records import SyncScope
from nucleus.models import Client, Tenant

POLL_SECONDS = 2.0
MAX_MEMBERS = 1000
# Hydrogen's services → what is read of each connection, and the event that reports the end.
SERVICES = {
    "account": (SyncScope.BALANCES, outbound_webhooks.ACCOUNT),
    "transaction": (SyncScope.EVERYTHING, outbound_webhooks.TRANSACTION),
    "holding": (SyncScope.EVERYTHING, outbound_webhooks.HOLDING),
}
FAILED_STATES = (JobState.DEAD, JobState.CANCELED)
FINAL_STATES = (JobState.DONE, JobState.MERGED, *FAILED_STATES)


def begin(
    *,
    tenant: Tenant,
    client: Client | None,
    integration_type: str,
    service: str,
    account_id: UUID | None = None,
    is_refresh: bool,
) -> AsyncTransaction:
    """Enqueue the sync of the tenant's connections, at most MAX_MEMBERS of them.

    Args:
        client: restricts it to the accounts of one client, if not None.
        integration_type, service: Hydrogen's names; see SERVICES.
        account_id: restricts it to one aggregation account, if not None.
        is_refresh: the vendor imports from the banks first; of transactions, all that it has is
            read then.

    Raises:
        FlowError: this service is not offered.
        NotFound: the account is not linked or not of this caller.
    """
    if integration_type != "aggregation" or service not in SERVICES:
        raise FlowError(
            f"{integration_type}/{service} is not offered. Use aggregation/"
            f"{', aggregation/'.join(SERVICES)}."
        )
    with transaction.atomic():
        members = _connected_members(tenant, client, account_id)
        kind = sync.REFRESH_MEMBER if is_refresh else sync.SYNC_MEMBER
        scope = SERVICES[service][0]
        if is_refresh and service == "transaction":
            scope = SyncScope.HISTORY
        jobs = [sync.enqueue(member=member, scope=scope, kind=kind) for member in members]
        row = AsyncTransaction.unscoped.create(
            tenant=tenant,
            client=client,
            integration_type=integration_type,
            service=service,
            is_refresh=is_refresh,
            job_ids=[str(job.pk) for job in jobs],
            response={"members": len(jobs)},
        )
        WATCH_ASYNC.enqueue(tenant=tenant, payload=WatchPayload(async_id=str(row.pk)))
    return row


def _connected_members(
    tenant: Tenant, client: Client | None, account_id: UUID | None
) -> list[Member]:
    links = account_links.current(tenant).filter(
        aggregation_account__client__erase_requested_at=None
    )
    if client is not None:
        links = links.filter(aggregation_account__client=client)
    if account_id is not None:
        links = links.filter(aggregation_account_id=account_id)
        if not links.exists():
            raise NotFound(f"There is no linked aggregation account {account_id}.")
    rows = Member.objects.for_tenant(tenant).filter(pk__in=links.values("member"))
    connected = rows.exclude(connection_status=MISSING).select_related("tenant")
    return list(connected.order_by("create_date")[:MAX_MEMBERS])


def read(*, tenant: Tenant, client: Client | None, async_id: UUID) -> AsyncTransaction:
    """The async transaction with that id. Raises NotFound."""
    rows = AsyncTransaction.objects.for_tenant(tenant)
    if client is not None:
        rows = rows.filter(client=client)
    row = rows.filter(pk=async_id).first()
    if row is None:
        raise NotFound(f"There is no async transaction {async_id}.")
    return row


@dataclass(frozen=True)
class WatchPayload(JobData):
    """The AsyncTransaction whose jobs are watched."""

    async_id: str


def run_job(run: JobRun, payload: WatchPayload) -> None:
    """Wait for the jobs of an async transaction to end, then record and report the outcome."""
    rows = AsyncTransaction.objects.for_tenant(run.tenant)
    row = rows.filter(pk=payload.async_id, status=AsyncTransaction.Status.PENDING).first()
    if row is None:
        return
    jobs = Job.objects.filter(tenant=run.tenant, pk__in=row.job_ids)
    if jobs.exclude(state__in=FINAL_STATES).exists():
        raise Reschedule(POLL_SECONDS)
    failed = jobs.filter(state__in=FAILED_STATES)
    errors = failed.values_list("last_error", flat=True)
    reasons = sorted({error or "The job was canceled." for error in errors})
    row.status = AsyncTransaction.Status.FAILED if reasons else AsyncTransaction.Status.COMPLETED
    row.response = row.response | {"failed": failed.count(), "messages": reasons[:10]}
    row.finished_at = timezone.now()
    with run.completion():
        row.save()
        outbound_webhooks.emit(
            tenant_id=run.job.tenant_id,
            event=SERVICES[row.service][1],
            client_id=row.client_id,
            data={"action": "async", "async_id": str(row.pk), "status": row.status, **row.response},
            is_stored=False,
        )


WATCH_ASYNC = JobKind(
    name="watch_async",
    label="Report the end of an asynchronous call",
    queue=Queue.WEBHOOK,
    payload_type=WatchPayload,
    handler=run_job,
    calls_vendor=False,
    is_cancelable=False,
)
