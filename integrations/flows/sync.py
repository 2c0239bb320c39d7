"""Keeping a member's data equal to the vendor's: after webhooks, on schedule, on demand."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations import vendor_sessions
from integrations.flows import (
    account_links,
    account_pulls,
    connections,
    retrieval,
    transaction_listing,
)
from integrations.jobs import job_queue
from integrations.jobs.job_queue import JobRun, Reschedule
from integrations.models import AccountLink, InboundWebhook, Job, JobState, Member
from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError, VendorNotFound
from integrations.vendors.records import SyncScope

logger = logging.getLogger(__name__)
SYNC_JOB = "sync_member"
REFRESH_JOB = "refresh_member"
RECONCILE_JOB = "reconcile_member"  # the same work as SYNC_JOB, but nothing waits for it
PATIENCE = timedelta(hours=2)  # with an import that does not end
WHOLE_AT_LEAST_EVERY = timedelta(hours=24)
STAMP_RESOLUTION = timedelta(seconds=2)
READ = {
    "stamp",
    "began",
    "done",
    transaction_listing.PROGRESS_KEY,
}  # what of a job's progress is about data it has read


def enqueue(
    *,
    member: Member,
    scope: SyncScope,
    kind: str = SYNC_JOB,
    only_news: bool = False,
    settle_seconds: float = 0,
) -> Job:
    """Ask for the member to be read again, in the caller's transaction; waiting ones are one.

    Args:
        only_news: read the accounts only if the vendor has imported since they were last read.
        settle_seconds: wait so long for more of the same to join.
    """
    suffix = f"{scope.value}:news" if only_news else scope.value
    ask = partial(
        job_queue.enqueue,
        tenant=member.tenant,
        kind=kind,
        payload={"member_id": str(member.id), "scope": scope.value, "only_news": only_news},
        lock_key=connections.lock_key(member.tenant, member.vendor_member_id),
        pending_key=f"{member.tenant_id}:{kind}:{member.vendor_member_id}:{suffix}",
        delay=settle_seconds,
    )
    job = ask()
    if not _reads_from_now_on(job):
        job = ask()  # it was claimed in this very moment, so this is another one
    return job


def _reads_from_now_on(job: Job) -> bool:
    """Make a job that has read before and waits to go on read all again; false if it goes on."""
    if not READ & job.progress.keys():
        return True
    waiting = Job.objects.filter(pk=job.pk, state=JobState.READY, token=job.token)
    return bool(waiting.update(progress=_without_what_was_read(job.progress)))


def run_job(run: JobRun) -> None:
    """Read the member and, as far as the scope says, its accounts."""
    member = _member(run)
    if member is None:
        return
    scope = SyncScope(run.payload["scope"])
    began = job_queue.database_now()
    with _opened(run, member) as vendor:
        seen = _seen(vendor, member)
        if seen is None:
            with run.finishing():
                _mark_handled(member=member, since=began)
            return
        if scope is not SyncScope.STATUS:
            _wait_for_the_import(run, seen)
            if run.payload.get("only_news") and not _has_news(member, seen):
                scope = SyncScope.STATUS
        if scope is not SyncScope.STATUS:
            stamp = str(seen.successfully_aggregated_at)
            if run.job.progress.get("stamp") != stamp:
                read = {"stamp": stamp, "began": began.isoformat()}
                run.job.progress = _without_what_was_read(run.job.progress) | read
            _read_accounts(run, vendor, member, scope, stamp)
            began = datetime.fromisoformat(run.job.progress["began"])
    _finish(run, member, seen, scope, began)


def run_refresh_job(run: JobRun) -> None:
    """Ask the vendor to import anew, then read everything once it has."""
    member = _member(run)
    if member is None:
        return
    if not run.job.progress.get("started"):
        with _opened(run, member) as vendor:
            if capabilities.supports(vendor, capabilities.REFRESH):  # else read what it has
                capabilities.require(vendor, capabilities.REFRESH).start_aggregation(
                    user_id=str(member.vendor_user.vendor_user_id),
                    member_id=member.vendor_member_id,
                )
        run.renew({"started": True})
        raise Reschedule(connections.poll_seconds())
    run_job(run)


def _opened(run: JobRun, member: Member) -> AbstractContextManager[Vendor]:
    user = member.vendor_user
    return vendor_sessions.open_for_tenant(
        tenant=run.tenant, vendor=user.vendor, interactive=False, client_id=user.client_id
    )


def _member(run: JobRun) -> Member | None:
    rows = Member.objects.for_tenant(run.tenant).filter(id=run.payload["member_id"])
    return rows.select_related(
        "vendor_user__client", "vendor_user__business", "vendor_user__tenant", "tenant"
    ).first()


def _seen(vendor: Vendor, member: Member) -> records.Member | None:
    """The member as the vendor has it now, stored; None when it is gone there."""
    user_id = str(member.vendor_user.vendor_user_id)
    try:
        seen = vendor.read_member(user_id=user_id, member_id=member.vendor_member_id)
    except VendorNotFound:
        listed = vendor.list_members(user_id=user_id)  # one wrong answer must not end a connection
        found = [one for one in listed.records if one.id == member.vendor_member_id]
        if not found:
            connections.mark_missing(member)
            return None
        seen = found[0]
    connections.store(vendor=vendor, vendor_user=member.vendor_user, vendor_member=seen)
    return seen


def _wait_for_the_import(run: JobRun, seen: records.Member) -> None:
    """Raises Reschedule while the vendor is still importing and nobody has to answer first."""
    if connections.is_in_progress(seen) and timezone.now() < run.job.create_date + PATIENCE:
        raise Reschedule(connections.poll_seconds())


def _has_news(member: Member, seen: records.Member) -> bool:
    """Whether the vendor has imported anything since all accounts were last read.

    Its stamps are in seconds, so a reading that began in the same second proves nothing.
    """
    if member.synced_at is None or member.synced_at < timezone.now() - WHOLE_AT_LEAST_EVERY:
        return True
    imported = seen.successfully_aggregated_at
    if imported is None or imported != member.synced_through:
        return True
    return member.synced_at < imported + STAMP_RESOLUTION


def _read_accounts(
    run: JobRun, vendor: Vendor, member: Member, scope: SyncScope, stamp: str
) -> None:
    """Read the connection's accounts with one listing, then the data of each.

    One account that fails does not stop the others. An account that the listing lacks, or could
    not represent, is read by itself: its own error decides what happens.

    Args:
        stamp: which import of the vendor this is; what an earlier run has read of the same one is
            not read again.
    """
    failed: list[VendorError] = []
    done: list[str] = run.job.progress.get("done", [])
    pending = [link for link in account_links.of_connection(member) if str(link.pk) not in done]
    if not pending:
        return
    listed = vendor.list_accounts(
        user_id=str(member.vendor_user.vendor_user_id), member_id=member.vendor_member_id
    )
    account_records = {record.id: record for record in listed.records}
    for link in pending:
        record = account_records.get(link.vendor_account_id)
        try:
            _read_account(run, vendor, link, record, scope, stamp)
        except VendorNotFound:
            logger.info("the vendor has no account for %s any more", link.pk)
        except VendorError as error:
            failed.append(error)
            continue
        done = [*done, str(link.pk)]
        run.renew(run.job.progress | {"done": done})
        run.rest()
    if failed:
        raise next((error for error in failed if error.is_retryable), failed[0])


def _read_account(
    run: JobRun,
    vendor: Vendor,
    link: AccountLink,
    record: records.Account | None,
    scope: SyncScope,
    stamp: str,
) -> None:
    if scope is SyncScope.BALANCES:
        account_pulls.pull_account_and_balance(vendor=vendor, link=link, record=record)
    else:
        retrieval.retrieve_account(
            run=run,
            vendor=vendor,
            link=link,
            stamp=stamp,
            record=record,
            with_history=scope is SyncScope.HISTORY,
        )


def _without_what_was_read(progress: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in progress.items() if name not in READ}


def _finish(
    run: JobRun, member: Member, seen: records.Member, scope: SyncScope, began: datetime
) -> None:
    columns: dict[str, object] = {"next_sync_at": connections.next_sync_time()}
    if scope in (SyncScope.EVERYTHING, SyncScope.HISTORY):
        columns |= {"synced_at": began, "synced_through": seen.successfully_aggregated_at}
    with run.finishing():
        Member.objects.for_tenant(run.tenant).filter(pk=member.pk).update(**columns)
        _mark_handled(member=member, since=began)


def _mark_handled(*, member: Member, since: datetime) -> None:
    """The webhooks of this member that came before the job began to read."""
    InboundWebhook.objects.filter(
        tenant=member.tenant_id,
        vendor_member_id=member.vendor_member_id,
        state=InboundWebhook.State.RECEIVED,
        create_date__lte=since,
    ).update(state=InboundWebhook.State.HANDLED, handled_at=timezone.now())


def reconcile_due(limit: int = 100) -> int:
    """Enqueue a look at members whose time has come; how many. Safe to call from anywhere."""
    now = timezone.now()
    due = (
        Member.unscoped.filter(next_sync_at__lte=now, tenant__is_active=True)
        .filter(Q(vendor_user__client__is_active=True) | Q(vendor_user__business__is_active=True))
        .select_related("tenant")
        .order_by("next_sync_at")[:limit]
    )
    count = 0
    for member in due:
        mine = Member.unscoped.filter(pk=member.pk, next_sync_at=member.next_sync_at)
        with transaction.atomic():
            if mine.update(next_sync_at=connections.next_sync_time()):
                enqueue(
                    member=member, scope=SyncScope.EVERYTHING, kind=RECONCILE_JOB, only_news=True
                )
                count += 1
    return count
