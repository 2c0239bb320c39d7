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
from integrations.flows import account_links, bank_link_state, connection_events
from integrations.flows.errors import ConnectionGone
from integrations.jobs.job_data import JobData
from integrations.models import AccountLink, Member, VendorUser, VerifiedLink
from integrations.vendors import records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError, VendorNotFound, VendorUserNotFound
from nucleus import writes
from nucleus.models import Institution, Tenant
from nucleus.models.bank_links import UnverifiedReason
from nucleus.writes.changes import save_changes

INSTITUTION_MAX_AGE = timedelta(days=1)


def store(
    *,
    vendor: Vendor,
    vendor_user: VendorUser,
    vendor_member: records.Member,
    adopted: bool = False,
    advice: str | None = None,
) -> Member:
    """Store the connection as the vendor reports it; an unchanged row is not written.

    Emits an event if the connection is new, was repaired, or its status has changed and is final.

    Args:
        adopted, advice: of the event about a new connection, see connection_events.emit_created.

    Raises ConnectionGone.
    """
    with transaction.atomic():
        member, created = Member.unscoped.get_or_create(
            tenant=vendor_user.tenant,
            vendor_user=vendor_user,
            vendor_member_id=vendor_member.id,
            defaults=_columns(vendor_member, None)
            | {
                "next_sync_at": next_sync_time(),
                "checked_at": timezone.now(),
                "declines_imports": vendor_user.last_widget_declines_imports,
            },
        )
        if created:
            connection_events.emit_created(member, adopted=adopted, advice=advice)
    institution = member.institution
    if institution is None and vendor_member.institution_code:
        institution = _read_institution(vendor=vendor, code=vendor_member.institution_code)
    columns = _columns(vendor_member, member) | {"institution": institution}
    if all(getattr(member, name) == value for name, value in columns.items()):
        return member
    with transaction.atomic():
        member = lock(member)
        columns |= _columns(vendor_member, member)
        changed = save_changes(member, columns)
        if "connection_status" in changed and vendor_member.connection.is_settled:
            connection_events.emit_status(member)
        if "broken_since" in changed and member.broken_since is None:
            connection_events.emit_repaired(member)
    return member


def delete_if_unused(
    *, tenant: Tenant, member: Member, except_for: AccountLink | VerifiedLink
) -> None:
    """Delete the connection at the vendor and here, unless links other than `except_for` use it."""
    links: list[AccountLink | VerifiedLink] = [
        *account_links.current(tenant).filter(member=member),
        *VerifiedLink.objects.for_tenant(tenant).filter(
            member=member, bank_link__unverified_reason=None
        ),
    ]
    if any(link.pk != except_for.pk for link in links):
        return
    delete_at_vendor(member)
    delete_here(member)


def delete_here(member: Member) -> None:
    """Delete the connection, which its accounts and bank links lose."""
    with transaction.atomic():
        try:
            member = lock(member)
        except ConnectionGone:
            return
        bank_link_state.unverify(
            bank_link_state.of_connection(member), UnverifiedReason.CONNECTION_DELETED
        )
        account_links.end(
            account_links.of_connection(member), AccountLink.EndReason.CONNECTION_DELETED
        )
        member.delete()


def delete_at_vendor(member: Member) -> None:
    """Delete the connection at the vendor. Raises VendorNotConfigured and VendorError."""
    user = member.vendor_user
    if user.vendor_user_id is None:
        return  # the vendor no longer has the user
    with (
        vendor_sessions.open_for_tenant(
            tenant=member.tenant, vendor=user.vendor, client_id=user.client_id
        ) as vendor,
        suppress(VendorNotFound, VendorUserNotFound),  # deleted already
    ):
        vendor.delete_member(user_id=user.vendor_user_id, member_id=member.vendor_member_id)


def next_sync_time(factor: float = 1.0) -> datetime:
    """When to reconcile a connection next: in RECONCILE_HOURS +/- 20 %, which spreads the load.

    Args:
        factor: multiplies the interval.
    """
    hours = settings.RECONCILE_HOURS * factor
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


def _columns(vendor_member: records.Member, member: Member | None) -> dict[str, Any]:
    """The columns that the vendor's report determines.

    Args:
        member: the stored row; None for a new one.
    """
    connection = vendor_member.connection
    secret = {} if vendor_member.secret is None else {"secret": vendor_member.secret}
    broken_since = member.broken_since if member else None
    if connection.is_connected:
        broken_since = None
    elif connection.is_settled and connection.actor is not records.ActionRequiredBy.NOBODY:
        broken_since = broken_since or timezone.now()
    return secret | {
        "name": vendor_member.name,
        "connection_status": connection.status,
        "connection_message": connection.message,
        "actor": connection.actor.value,
        "next_step": connection.next_step.value,
        "is_aggregating": vendor_member.is_aggregating,
        "aggregated_at": vendor_member.aggregated_at,
        "successfully_aggregated_at": vendor_member.successfully_aggregated_at,
        "is_refreshed_by_vendor": vendor_member.is_refreshed_by_vendor,
        "broken_since": broken_since,
    }
