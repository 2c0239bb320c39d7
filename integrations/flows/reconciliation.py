"""Reconciliation: sync connections by schedule, also when no webhook has come.

Some connections are not imported by the vendor itself, such as those made for verification. Their
imports are started here, once a day, so that their accounts go on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.flows import account_links, connections, sync
from integrations.flows.sync_state import SyncPayload
from integrations.jobs.job_kind import Queue
from integrations.jobs.job_queue import JobRun
from integrations.models import Member
from integrations.vendors.errors import VendorRefused
from integrations.vendors.records import NextStep, SyncScope

IMPORT_INTERVAL = timedelta(hours=20)  # by the next reconciliation it is about a day


def reconcile_due(limit: int = 100) -> int:
    """Enqueue the reconciliation of connections that are due; returns how many.

    Several processes may call it at the same time: each due connection is enqueued once.
    """
    now = timezone.now()
    due = (
        Member.unscoped.filter(next_sync_at__lte=now, tenant__is_active=True)
        # Without either id the vendor's user was never created.
        .exclude(vendor_user__vendor_user_id=None, vendor_user__missing_vendor_user_id=None)
        .filter(Q(vendor_user__client__is_active=True) | Q(vendor_user__business__is_active=True))
        .select_related("tenant", "vendor_user")
        .order_by("next_sync_at")[:limit]
    )
    count = 0
    for member in due:
        still_due = Member.unscoped.filter(pk=member.pk, next_sync_at=member.next_sync_at)
        with transaction.atomic():
            if still_due.update(next_sync_at=connections.next_sync_time()):
                sync.enqueue(
                    member=member,
                    scope=SyncScope.EVERYTHING,
                    kind=RECONCILE_MEMBER,
                    only_if_changed=True,
                )
                count += 1
    return count


def run_job(run: JobRun, payload: SyncPayload) -> None:
    """Sync; before that, make the vendor import if nobody else does."""
    member = sync.member_of_job(run, payload)
    if member is None or not _needs_import(member):
        sync.run_job(run, payload)
        return
    try:
        sync.run_refresh_job(run, payload)
    except VendorRefused:  # what it has can be read all the same
        sync.run_job(run, payload)


def _needs_import(member: Member) -> bool:
    """Whether accounts depend on a working connection that the vendor does not refresh."""
    if member.is_refreshed_by_vendor or member.declines_imports:
        return False
    if member.next_step != NextStep.NONE or member.broken_since is not None:
        return False
    imported_at = member.aggregated_at
    is_old = imported_at is None or imported_at < timezone.now() - IMPORT_INTERVAL
    return is_old and bool(account_links.of_connection(member))


RECONCILE_MEMBER = replace(
    sync.SYNC_MEMBER,
    name="reconcile_member",
    label="Check a connection by schedule",
    queue=Queue.BULK,
    handler=run_job,
)
