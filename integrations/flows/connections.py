"""Connections of clients and businesses: store their status, wait for the vendor, lock them."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations import vendor_sessions
from integrations.flows import account_links, outbound_webhooks
from integrations.flows.errors import ConnectionGone
from integrations.jobs.job_data import JobData
from integrations.models import AccountLink, Member, VendorUser, VerifiedLink
from integrations.vendors import records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError, VendorNotFound
from nucleus import writes
from nucleus.models import Institution, Tenant
from nucleus.writes.changes import save_changes

INSTITUTION_MAX_AGE = timedelta(days=1)
MISSING = "GONE"  # the gateway's own connection status; no vendor sends it


def store(*, vendor: Vendor, vendor_user: VendorUser, vendor_member: records.Member) -> Member:
    """Store the connection as the vendor reports it; an unchanged row is not written.

    Emits an event if the status has changed and is final.
    """
    member, created = Member.unscoped.get_or_create(
        tenant=vendor_user.tenant,
        vendor_user=vendor_user,
        vendor_member_id=vendor_member.id,
        defaults=_columns(vendor_member) | {"next_sync_at": next_sync_time()},
    )
    changes: dict[str, Any] = {} if created else _columns(vendor_member)
    if member.institution_id is None and vendor_member.institution_code:
        changes["institution"] = _read_institution(
            vendor=vendor, code=vendor_member.institution_code
        )
    with transaction.atomic():
        changed = save_changes(member, changes)
        if "connection_status" in changed and vendor_member.connection.is_settled:
            _emit_status_event(member, vendor_user)
    return member


def _emit_status_event(member: Member, vendor_user: VendorUser) -> None:
    """Report to the tenant that the connection works, or who has to act."""
    links = account_links.current(member.tenant).filter(member=member)
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
            "nucleus_aggregation_account_ids": [str(link.aggregation_account_id) for link in links],
            "widget_link": widget_link_path(member),
        },
    )


def widget_link_path(member: Member) -> str:
    """The path of the API that answers with a widget link for this connection.

    The widget opens with the connection; if the vendor no longer has it, with the search for an
    institution.
    """
    vendor_user = member.vendor_user
    path = f"/integration/v1/widget_link/{vendor_user.client_id or vendor_user.business_id}"
    if member.connection_status == MISSING:
        return path
    return f"{path}?member_id={member.vendor_member_id}"


def mark_missing(member: Member) -> None:
    """Store that the vendor no longer has this connection; emits an event the first time.

    The links of its accounts end: they become inactive and keep their history.
    """
    columns = {
        "connection_status": MISSING,
        "connection_message": "This connection no longer exists. Please link it again.",
        "actor": records.ActionRequiredBy.END_USER.value,
        "next_step": records.NextStep.RECONNECT.value,
        "is_aggregating": False,
        "next_sync_at": next_sync_time(),
    }
    was_missing = member.connection_status == MISSING
    with transaction.atomic():
        save_changes(member, columns)
        if not was_missing:
            _emit_status_event(member, member.vendor_user)
        account_links.end(
            account_links.of_connection(member), AccountLink.EndReason.CONNECTION_MISSING
        )


def delete_if_unused(
    *, tenant: Tenant, member: Member, except_for: AccountLink | VerifiedLink
) -> None:
    """Delete the connection at the vendor and here, unless links other than `except_for` use it."""
    links: list[AccountLink | VerifiedLink] = [
        *account_links.current(tenant).filter(member=member),
        *VerifiedLink.objects.for_tenant(tenant).filter(member=member),
    ]
    if any(link.pk != except_for.pk for link in links):
        return
    delete_at_vendor(member)
    with transaction.atomic():
        account_links.end(
            account_links.of_connection(member), AccountLink.EndReason.CONNECTION_DELETED
        )
        member.delete()


def delete_at_vendor(member: Member) -> None:
    """Delete the connection at the vendor. Raises VendorNotConfigured and VendorError."""
    user = member.vendor_user
    with (
        vendor_sessions.open_for_tenant(
            tenant=member.tenant, vendor=user.vendor, client_id=user.client_id
        ) as vendor,
        suppress(VendorNotFound),  # deleted already
    ):
        vendor.delete_member(user_id=str(user.vendor_user_id), member_id=member.vendor_member_id)


def next_sync_time() -> datetime:
    """When to reconcile a connection next: in RECONCILE_HOURS +/- 20 %, which spreads the load."""
    hours = settings.RECONCILE_HOURS
    return timezone.now() + timedelta(hours=hours * random.uniform(0.8, 1.2))  # noqa: S311


def _read_institution(*, vendor: Vendor, code: str) -> Institution | None:
    """The shared institution with this code, read from the vendor at most once a day.

    If the vendor fails, returns the stored one or None: an account can be stored without it.
    """
    stored = Institution.objects.filter(source=vendor.slug, code=code, tenant=None).first()
    if stored and stored.update_date > timezone.now() - INSTITUTION_MAX_AGE:
        return stored
    try:
        record = vendor.read_institution(code=code)
    except VendorError:
        return stored
    return writes.upsert_institution(
        source=vendor.slug,
        code=record.code,
        name=record.name,
        website_url=record.website_url,
        logo_url_small=record.logo_url_small,
        logo_url_medium=record.logo_url_medium,
    )


def read_member_of_user(*, vendor: Vendor, user_id: str, member_id: str) -> records.Member:
    """Read a member by an id that a browser sent, under the owner's own vendor user.

    Raises VendorNotFound, with advice for the caller, for a member of another user.
    """
    try:
        return vendor.read_member(user_id=user_id, member_id=member_id)
    except VendorNotFound as error:
        raise VendorNotFound(
            f"member_id: this user has no member {member_id} at the vendor. Use the id that the "
            "widget's success callback reported for this client or business.",
            vendor=error.vendor,
            operation=error.operation,
            status=error.status,
        ) from error


def wait_until_settled(
    *, vendor: Vendor, vendor_member: records.Member, seconds: float | None = None
) -> records.Member:
    """Poll the member until no vendor job runs on it or the time is up; returns its latest state.

    Args:
        seconds: the longest wait; defaults to settings.MEMBER_WAIT_SECONDS.
    """
    limit = settings.MEMBER_WAIT_SECONDS if seconds is None else seconds
    deadline = time.monotonic() + limit
    interval = poll_seconds(vendor)
    while is_in_progress(vendor_member) and time.monotonic() + interval <= deadline:
        time.sleep(interval)
        vendor_member = vendor.read_member(
            user_id=vendor_member.user_id, member_id=vendor_member.id
        )
    return vendor_member


def is_in_progress(vendor_member: records.Member) -> bool:
    """Whether a vendor job is running that is not waiting for the person."""
    return (
        vendor_member.is_aggregating
        and vendor_member.connection.actor is not records.ActionRequiredBy.END_USER
    )


def poll_seconds(vendor: Vendor) -> float:
    """Seconds between two reads of a member on which a vendor job runs.

    Those of the vendor's limits, unless settings.MEMBER_POLL_SECONDS is above 0.
    """
    return float(settings.MEMBER_POLL_SECONDS) or vendor.limits.poll_seconds


def lock_key(vendor_user: VendorUser, vendor_member_id: str) -> str:
    """The lock key of a connection's jobs, of which no two run at the same time.

    Args:
        vendor_member_id: the vendor's id, which is unique only at this vendor.
    """
    return f"{vendor_user.tenant_id}:member:{vendor_user.vendor}:{vendor_member_id}"


@dataclass(frozen=True)
class VendorMemberPayload(JobData):
    """Payload of jobs about a connection that may not be stored yet.

    Args:
        vendor_user_id: our id of the VendorUser row.
        vendor_member_id: the vendor's id of the connection.
    """

    vendor_user_id: str
    vendor_member_id: str

    @property
    def key(self) -> str:
        """Names the connection; the vendor's id alone is unique only at its vendor."""
        return f"{self.vendor_user_id}:{self.vendor_member_id}"

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Version 0.1 stored the vendor's id as `member_id`."""
        return super().from_json({"vendor_member_id": stored.get("member_id"), **stored})


def lock(member: Member) -> Member:
    """Lock the connection's row until the transaction ends, which serializes writers of its links.

    Returns the current row: it may have changed since `member` was read. Raises ConnectionGone if
    it was removed.
    """
    rows = Member.unscoped.select_for_update(of=("self",)).select_related(
        "tenant", "institution", "vendor_user__client", "vendor_user__business"
    )
    locked = rows.filter(pk=member.pk).first()
    if locked is None:
        raise ConnectionGone("This connection was removed while it was being read.")
    return locked


def _columns(vendor_member: records.Member) -> dict[str, object]:
    secret = {} if vendor_member.secret is None else {"secret": vendor_member.secret}
    return secret | {
        "name": vendor_member.name,
        "connection_status": vendor_member.connection.status,
        "connection_message": vendor_member.connection.message,
        "actor": vendor_member.connection.actor.value,
        "next_step": vendor_member.connection.next_step.value,
        "is_aggregating": vendor_member.is_aggregating,
        "aggregated_at": vendor_member.aggregated_at,
        "successfully_aggregated_at": vendor_member.successfully_aggregated_at,
    }
