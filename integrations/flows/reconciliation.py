"""Reconciliation: sync connections by schedule, also when no webhook has come."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.flows import connections, sync
from integrations.models import Member
from integrations.vendors.records import SyncScope


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
                    kind=sync.RECONCILE_MEMBER,
                    only_if_changed=True,
                )
                count += 1
    return count
