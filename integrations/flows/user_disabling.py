"""Disable the vendor's user of a deactivated client or business, and enable it on return.

A vendor goes on importing a user's data, and billing it, until it is told not to. The schedule
compares both sides, so it does not matter who deactivated the owner, or whether a job was lost.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from integrations import vendor_sessions
from integrations.flows import billed_holdings, missing_connections, user_sessions, users
from integrations.jobs.job_kind import JobKind, Queue
from integrations.jobs.job_queue import JobRun
from integrations.models import VendorUser
from integrations.vendors import capabilities
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorNotFound, VendorUserError, VendorUserNotFound

RETRY_INTERVAL = timedelta(hours=1)  # after a job that could not do it


def enqueue_due(limit: int = 100) -> int:
    """Enqueue jobs for users who are not what their owner is; returns how many.

    Several processes may call it at the same time: each user is enqueued once.
    """
    now = timezone.now()
    count = 0
    for vendor_user in _mismatched().filter(_is_due(now - RETRY_INTERVAL))[:limit]:
        claimed = VendorUser.unscoped.filter(
            pk=vendor_user.pk, activity_checked_at=vendor_user.activity_checked_at
        )
        with transaction.atomic():
            if claimed.update(activity_checked_at=now):
                payload = users.UserPayload(vendor_user_id=str(vendor_user.pk))
                FOLLOW_OWNER.enqueue(tenant=vendor_user.tenant, payload=payload)
                count += 1
    return count


def _mismatched() -> QuerySet[VendorUser]:
    active = Q(client__is_active=True) | Q(business__is_active=True)
    # Erasure deactivates the client and deletes the user.
    inactive = Q(client__is_active=False, client__erase_requested_at=None) | Q(
        business__is_active=False
    )
    return (
        VendorUser.unscoped.filter(
            inactive & Q(disabled_at=None) | active & Q(disabled_at__isnull=False),
            vendor_user_id__isnull=False,
            tenant__is_active=True,
        )
        .select_related("tenant")
        .order_by("pk")
    )


def _is_due(before: object) -> Q:
    """Not tried lately, or not since the owner was changed."""
    return (
        Q(activity_checked_at=None)
        | Q(activity_checked_at__lt=before)
        | Q(activity_checked_at__lt=F("client__update_date"))
        | Q(activity_checked_at__lt=F("business__update_date"))
    )


def run_job(run: JobRun, payload: users.UserPayload) -> None:
    """Make the vendor's user what its owner is."""
    vendor_user = users.by_id(run.tenant, payload.vendor_user_id)
    if vendor_user is None or vendor_user.vendor_user_id is None:
        return
    is_disabled = not vendor_user.owner.is_active
    if vendor_user.owner.is_being_erased or is_disabled == (vendor_user.disabled_at is not None):
        return
    with vendor_sessions.open_for_tenant(
        tenant=run.tenant,
        vendor=vendor_user.vendor,
        interactive=False,
        client_id=vendor_user.client_id,
    ) as vendor:
        try:
            if is_disabled and vendor_user.holdings_check_at is not None:
                billed_holdings.deactivate(vendor, vendor_user.vendor_user_id)
            _set_disabled(vendor, vendor_user.vendor_user_id, is_disabled=is_disabled)
        except (VendorNotFound, VendorUserNotFound) as error:
            missing = VendorUserNotFound(str(error), vendor=vendor.slug)
            user_sessions.stored(missing, vendor_user)
            return
        except VendorUserError:
            if not is_disabled:
                raise
    with run.completion():
        _store(vendor_user, is_disabled=is_disabled)


def _set_disabled(vendor: Vendor, user_id: str, *, is_disabled: bool) -> None:
    """Tell the vendor, if it can be told. Otherwise we only stop calling it for this user."""
    if capabilities.supports(vendor, capabilities.USER_DISABLING):
        switch = capabilities.require(vendor, capabilities.USER_DISABLING)
        switch.set_user_disabled(user_id=user_id, is_disabled=is_disabled)


def _store(vendor_user: VendorUser, *, is_disabled: bool) -> None:
    now = timezone.now()
    columns = {"disabled_at": now if is_disabled else None, "update_date": now}
    VendorUser.unscoped.filter(pk=vendor_user.pk).update(**columns)
    vendor_user.disabled_at = columns["disabled_at"]
    if is_disabled:
        missing_connections.mark_user_disabled(vendor_user)
    else:
        missing_connections.check_disabled_soon(vendor_user)


FOLLOW_OWNER = JobKind(
    name="follow_owner",
    label="Switch a user on or off at the vendor",
    queue=Queue.BULK,
    payload_type=users.UserPayload,
    handler=run_job,
    key=lambda payload: payload.vendor_user_id,
)
