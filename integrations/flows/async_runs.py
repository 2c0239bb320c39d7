"""/async: the same retrievals as jobs, for callers who do not want to wait."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from integrations.flows import connections, outbound_webhooks, sync
from integrations.flows.errors import FlowError, NotFound
from integrations.jobs.job_data import JobData
from integrations.jobs.job_kind import JobKind, Queue
from integrations.jobs.job_queue import JobRun, Reschedule
from integrations.models import AccountLink, AsyncTransaction, Job, JobState, Member
from integrations.vendors.records import SyncScope
from nucleus.models import Client, Tenant

POLL_SECONDS = 2.0
MAX_MEMBERS = 1000
# Hydrogen's services → how much of a member is read, and the event that says it is done.
SERVICES = {
    "account": (SyncScope.BALANCES, outbound_webhooks.ACCOUNT),
    "transaction": (SyncScope.EVERYTHING, outbound_webhooks.TRANSACTION),
    "holding": (SyncScope.EVERYTHING, outbound_webhooks.HOLDING),
}
FINAL = (JobState.DONE, JobState.DEAD, JobState.MERGED)


def begin(
    *,
    tenant: Tenant,
    client: Client | None,
    integration_type: str,
    service: str,
    account_id: UUID | None = None,
    is_refresh: bool,
) -> AsyncTransaction:
    """Start reading all accounts of the tenant (or the client, or one account).

    Args:
        client: confines the work to one client's accounts.
        is_refresh: let the vendor import anew from the banks first.

    Raises:
        FlowError: this service is not offered.
        NotFound: there is no such linked account.
    """
    if integration_type != "aggregation" or service not in SERVICES:
        raise FlowError(
            f"{integration_type}/{service} is not offered. Use aggregation/"
            f"{', aggregation/'.join(SERVICES)}."
        )
    with transaction.atomic():
        members = _members(tenant, client, account_id)
        kind = sync.REFRESH_MEMBER if is_refresh else sync.SYNC_MEMBER
        scope = SERVICES[service][0]
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


def _members(tenant: Tenant, client: Client | None, account_id: UUID | None) -> list[Member]:
    links = AccountLink.objects.for_tenant(tenant).filter(
        aggregation_account__client__erase_requested_at=None
    )
    if client is not None:
        links = links.filter(aggregation_account__client=client)
    if account_id is not None:
        links = links.filter(aggregation_account_id=account_id)
        if not links.exists():
            raise NotFound(f"There is no linked aggregation account {account_id}.")
    rows = Member.objects.for_tenant(tenant).filter(pk__in=links.values("member"))
    connected = rows.exclude(connection_status=connections.MISSING).select_related("tenant")
    return list(connected.order_by("create_date")[:MAX_MEMBERS])


def read(*, tenant: Tenant, client: Client | None, async_id: UUID) -> AsyncTransaction:
    """What became of it. Raises NotFound."""
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
    """Watch the jobs of one call until all have ended."""
    rows = AsyncTransaction.objects.for_tenant(run.tenant)
    row = rows.filter(pk=payload.async_id, status=AsyncTransaction.Status.PENDING).first()
    if row is None:
        return
    jobs = Job.objects.filter(tenant=run.tenant, pk__in=row.job_ids)
    if jobs.exclude(state__in=FINAL).exists():
        raise Reschedule(POLL_SECONDS)
    dead = jobs.filter(state=JobState.DEAD)
    reasons = sorted(set(dead.values_list("last_error", flat=True)))
    row.status = AsyncTransaction.Status.FAILED if reasons else AsyncTransaction.Status.COMPLETED
    row.response = row.response | {"failed": dead.count(), "messages": reasons[:10]}
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
    queue=Queue.WEBHOOK,
    payload_type=WatchPayload,
    handler=run_job,
    calls_vendor=False,
)
