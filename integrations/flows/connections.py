"""Connections of clients and businesses: storing their status, waiting for the vendor, locks."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations import vendor_sessions
from integrations.flows import outbound_webhooks
from integrations.jobs.job_queue import JobRun
from integrations.models import AccountLink, Member, VendorUser, VerifiedLink
from integrations.vendors import records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError, VendorNotFound
from nucleus import writes
from nucleus.models import Institution, Tenant
from nucleus.writes.changes import save_changes

INSTITUTION_MAX_AGE = timedelta(days=1)
GONE = "GONE"  # a status of ours; no vendor sends it


def store(*, vendor: Vendor, vendor_user: VendorUser, vendor_member: records.Member) -> Member:
    """Store the connection as the vendor has it now; an unchanged row is not written.

    Emits the event of a status change once the new status is final.
    """
    member, created = Member.unscoped.get_or_create(
        tenant=vendor_user.tenant,
        vendor_user=vendor_user,
        vendor_member_id=vendor_member.id,
        defaults=_columns(vendor_member) | {"next_sync_at": next_sync_time()},
    )
    changes: dict[str, Any] = {} if created else _columns(vendor_member)
    if member.institution_id is None and vendor_member.institution_code:
        changes["institution"] = institution(vendor=vendor, code=vendor_member.institution_code)
    with transaction.atomic():
        changed = save_changes(member, changes)
        if "connection_status" in changed and vendor_member.connection.is_settled:
            _emit_status(member, vendor_user)
    return member


def _emit_status(member: Member, vendor_user: VendorUser) -> None:
    """Tell the tenant that the connection works again, or who has to act."""
    account_ids = member.account_links.values_list("aggregation_account_id", flat=True)
    widget_link = f"/integration/v1/widget_link/{vendor_user.client_id or vendor_user.business_id}"
    outbound_webhooks.emit(
        tenant_id=member.tenant_id,
        event=outbound_webhooks.STATUS,
        client_id=vendor_user.client_id,
        business_id=vendor_user.business_id,
        data={
            "member_id": member.vendor_member_id,
            "institution_name": member.name,
            "connection_status": member.connection_status,
            "message": member.connection_message,
            "actor": member.actor,
            "next_step": member.next_step,
            "nucleus_aggregation_account_ids": [str(account_id) for account_id in account_ids],
            "widget_link": f"{widget_link}?member_id={member.vendor_member_id}",
        },
    )


def mark_missing(member: Member) -> None:
    """Store that the vendor no longer has this connection, and tell the tenant once."""
    columns = {
        "connection_status": GONE,
        "connection_message": "This connection no longer exists. Please link it again.",
        "actor": records.ActionRequiredBy.END_USER.value,
        "next_step": records.NextStep.RECONNECT.value,
        "is_aggregating": False,
        "next_sync_at": next_sync_time(),
    }
    was_gone = member.connection_status == GONE
    with transaction.atomic():
        save_changes(member, columns)
        if not was_gone:
            _emit_status(member, member.vendor_user)


def delete_if_unused(
    *, tenant: Tenant, member: Member, except_for: AccountLink | VerifiedLink
) -> None:
    """Delete the connection at the vendor and here, unless links other than `except_for` use it."""
    links: list[AccountLink | VerifiedLink] = [
        *AccountLink.objects.for_tenant(tenant).filter(member=member),
        *VerifiedLink.objects.for_tenant(tenant).filter(member=member),
    ]
    if any(link.pk != except_for.pk for link in links):
        return
    user = member.vendor_user
    with (
        vendor_sessions.open_for_tenant(
            tenant=tenant, vendor=user.vendor, client_id=user.client_id
        ) as vendor,
        suppress(VendorNotFound),  # it was deleted before
    ):
        vendor.delete_member(user_id=str(user.vendor_user_id), member_id=member.vendor_member_id)
    member.delete()


def next_sync_time() -> datetime:
    """When to reconcile a connection next: RECONCILE_HOURS +/- 20 %, which spreads the load."""
    hours = settings.RECONCILE_HOURS
    return timezone.now() + timedelta(hours=hours * random.uniform(0.8, 1.2))  # noqa: S311


def institution(*, vendor: Vendor, code: str) -> Institution | None:
    """The shared institution with this code, read from the vendor at most once a day.

    Returns what is stored, or None, when the vendor fails: an account is stored without it.
    """
    stored = Institution.objects.filter(code=code, tenant=None).first()
    if stored and stored.update_date > timezone.now() - INSTITUTION_MAX_AGE:
        return stored
    try:
        record = vendor.read_institution(code=code)
    except VendorError:
        return stored
    return writes.upsert_institution(
        code=record.code,
        name=record.name,
        website_url=record.website_url,
        logo_url_small=record.logo_url_small,
        logo_url_medium=record.logo_url_medium,
    )


def read_member_of_user(*, vendor: Vendor, user_id: str, member_id: str) -> records.Member:
    """The member with an id that came from a browser, read under the owner's own vendor user.

    Raises VendorNotFound, with advice for the caller, for a member of anybody else.
    """
    try:
        return vendor.read_member(user_id=user_id, member_id=member_id)
    except VendorNotFound as error:
        raise VendorNotFound(
            f"member_id: this user has no member {member_id} at the vendor. Use the one that the "
            "widget's success callback gave for this client or business.",
            vendor=error.vendor,
            operation=error.operation,
            status=error.status,
        ) from error


def wait_until_settled(
    *, vendor: Vendor, vendor_member: records.Member, seconds: float | None = None
) -> records.Member:
    """Poll the member until no vendor job runs on it or the time is up; returns its last state.

    Args:
        seconds: the longest wait; defaults to settings.MEMBER_WAIT_SECONDS.
    """
    limit = settings.MEMBER_WAIT_SECONDS if seconds is None else seconds
    deadline = time.monotonic() + limit
    while is_in_progress(vendor_member) and time.monotonic() + poll_seconds() <= deadline:
        time.sleep(poll_seconds())
        vendor_member = vendor.read_member(
            user_id=vendor_member.user_id, member_id=vendor_member.id
        )
    return vendor_member


def is_in_progress(vendor_member: records.Member) -> bool:
    """Whether a vendor job runs that does not wait for an answer of the person."""
    return (
        vendor_member.is_aggregating
        and vendor_member.connection.actor is not records.ActionRequiredBy.END_USER
    )


def poll_seconds() -> float:
    """Seconds between two reads of a member on which a vendor job runs."""
    return float(settings.MEMBER_POLL_SECONDS)


def lock_key(tenant: Tenant, member_id: str) -> str:
    """The lock key of a connection's jobs: no two run at the same time.

    Args:
        member_id: the vendor's id; it is unique within the tenant at most.
    """
    return f"{tenant.pk}:member:{member_id}"


def vendor_member_id_of(run: JobRun) -> str:
    """The vendor's id of the member in a job's payload."""
    payload = run.payload
    # Jobs enqueued by version 0.1 call it member_id, which elsewhere is our own id.
    return str(payload.get("vendor_member_id") or payload["member_id"])


def lock_row(member: Member) -> None:
    """Lock the connection's row until the transaction ends: writers of its links take turns.

    Raises AccountGone when the connection was removed in the meantime.
    """
    rows = Member.unscoped.select_for_update().filter(pk=member.pk)
    if not rows.values_list("pk", flat=True).first():
        raise writes.AccountGone("This connection was removed while it was being read.")


def _columns(vendor_member: records.Member) -> dict[str, object]:
    return {
        "name": vendor_member.name,
        "connection_status": vendor_member.connection.status,
        "connection_message": vendor_member.connection.message,
        "actor": vendor_member.connection.actor.value,
        "next_step": vendor_member.connection.next_step.value,
        "is_aggregating": vendor_member.is_aggregating,
        "aggregated_at": vendor_member.aggregated_at,
        "successfully_aggregated_at": vendor_member.successfully_aggregated_at,
    }
