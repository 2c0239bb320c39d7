"""What a sync stores when it ends: when the connection was read, or why it could not be."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from integrations.flows import connections
from integrations.flows.sync_state import SyncPayload
from integrations.jobs import job_queue, retry
from integrations.jobs.job_queue import JobRun
from integrations.models import InboundWebhook, Member
from integrations.vendors import records
from integrations.vendors.errors import VendorBusy, VendorRateLimited
from integrations.vendors.records import SyncScope

COMPLETE = (SyncScope.EVERYTHING, SyncScope.HISTORY)
PASSING = (VendorBusy, VendorRateLimited)  # say nothing about the connection
MAX_UNNOTICED_FAILURES = 2  # in a row; then the connection's state shows them


def finish(
    run: JobRun,
    member: Member,
    payload: SyncPayload,
    vendor_member: records.Member,
    *,
    scope: SyncScope,
    reading_since: datetime,
) -> None:
    """Complete the job.

    Args:
        scope: what was read, at most what the payload asks for.
        reading_since: when it began.
    """
    columns: dict[str, object] = {"next_sync_at": connections.next_sync_time()}
    if SyncScope(payload.scope) in COMPLETE:  # what was not read had not changed
        columns |= {"checked_at": reading_since, "read_problem": ""}
    if scope in COMPLETE:
        imported_at = vendor_member.successfully_aggregated_at
        columns |= {"synced_at": reading_since, "synced_through": imported_at}
    with run.completion():
        Member.objects.for_tenant(run.tenant).filter(pk=member.pk).update(**columns)
        mark_webhooks_handled(member, since=reading_since)


def record_problem(run: JobRun, member: Member, error: Exception) -> None:
    """Store why a read failed, unless it is likely to work when it is repeated shortly."""
    decision = retry.decide(
        error,
        attempts=run.job.attempts,
        max_attempts=run.job.max_attempts,
        age=job_queue.database_now() - run.job.create_date,
    )
    is_noticed = decision.delay is None or run.job.attempts > MAX_UNNOTICED_FAILURES
    if isinstance(error, PASSING) or not (is_noticed or not decision.spend_attempt):
        return
    stored = Member.objects.for_tenant(run.tenant).filter(pk=member.pk)
    stored.update(read_problem=decision.reason[:255], update_date=timezone.now())


def mark_webhooks_handled(member: Member, *, since: datetime) -> None:
    """Mark the connection's webhooks as handled that arrived before the job began to read."""
    InboundWebhook.objects.filter(
        tenant=member.tenant_id,
        vendor=member.vendor_user.vendor,
        vendor_member_id=member.vendor_member_id,
        state=InboundWebhook.State.RECEIVED,
        create_date__lte=since,
    ).update(state=InboundWebhook.State.HANDLED, handled_at=timezone.now())
