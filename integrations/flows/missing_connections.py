"""Connections that the vendor no longer has, or serves no data of: find out, and store it once."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from integrations.flows import account_links, bank_link_state, connection_events, connections
from integrations.flows.connection_state import MISSING, USER_DISABLED
from integrations.flows.errors import ConnectionGone
from integrations.models import AccountLink, Member, VendorUser
from integrations.vendors import records, registry
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorBadResponse, VendorNotFound
from integrations.vendors.records import ActionRequiredBy
from nucleus.models.bank_links import UnverifiedReason
from nucleus.writes.changes import save_changes

DISABLED_CHECK_INTERVAL = timedelta(hours=1)  # vendors do not report that a user was enabled
MISSING_CHECK_FACTOR = 4  # missing connections are checked less often


def read_or_mark_missing(
    *, vendor: Vendor, vendor_user: VendorUser, vendor_member_id: str
) -> records.Member | None:
    """Read a connection; None if the vendor does not have it, which is stored if we have it.

    A single wrong 404 must not end a connection, so the listing has to confirm it.
    """
    user_id = str(vendor_user.vendor_user_id)
    try:
        return vendor.read_member(user_id=user_id, member_id=vendor_member_id)
    except VendorNotFound:
        listed = vendor.list_members(user_id=user_id)
    for record in listed.records:
        if record.id == vendor_member_id:
            return record
    if any(item.id in (vendor_member_id, None) for item in listed.rejected):
        raise VendorBadResponse(vendor=vendor.slug, operation="list_members")
    stored = Member.objects.for_tenant(vendor_user.tenant).filter(
        vendor_user=vendor_user, vendor_member_id=vendor_member_id
    )
    for member in stored:
        mark_missing(member)
    return None


def mark_missing(member: Member) -> None:
    """Store that the vendor no longer has this connection; emits events the first time.

    The links of its accounts end: they become inactive and keep their history. Its bank links are
    unverified.
    """
    with transaction.atomic():
        try:
            member = connections.lock(member)
        except ConnectionGone:
            return
        was_missing = member.connection_status == MISSING
        columns = {
            "connection_status": MISSING,
            "connection_message": "This connection no longer exists. Please link it again.",
            "actor": ActionRequiredBy.END_USER.value,
            "next_step": records.NextStep.RECONNECT.value,
            "is_aggregating": False,
            "broken_since": member.broken_since or timezone.now(),
            "synced_through": None,  # if it comes back, everything is read
            "next_sync_at": connections.next_sync_time(MISSING_CHECK_FACTOR),
        }
        if was_missing:  # who must act may have been settled meanwhile
            columns = {"synced_through": None, "next_sync_at": columns["next_sync_at"]}
        save_changes(member, columns)
        if not was_missing:
            connection_events.emit_status(member)
            connection_events.emit_gone(member)
        bank_link_state.unverify(
            bank_link_state.of_connection(member), UnverifiedReason.CONNECTION_MISSING
        )
        account_links.end(
            account_links.of_connection(member), AccountLink.EndReason.CONNECTION_MISSING
        )


def mark_user_missing(vendor_user: VendorUser) -> None:
    """Store that the vendor no longer has this user, and so none of its connections.

    Its id is cleared, so POST /user creates it again; user_sessions.restore_user takes it back if
    the vendor has it after all. Nothing happens if either was done meanwhile.
    """
    with transaction.atomic():
        rows = VendorUser.unscoped.select_for_update(of=("self",)).filter(
            pk=vendor_user.pk, vendor_user_id=vendor_user.vendor_user_id
        )
        if vendor_user.vendor_user_id is None or rows.first() is None:
            return
        VendorUser.unscoped.filter(pk=vendor_user.pk).update(
            vendor_user_id=None,
            missing_vendor_user_id=vendor_user.vendor_user_id,
            update_date=timezone.now(),
        )
        for member in vendor_user.members.exclude(connection_status=MISSING).order_by("pk"):
            mark_missing(member)


def settle_replaced(vendor_user: VendorUser) -> None:
    """Nobody has to act on missing connections whose accounts all go on under others."""
    links = AccountLink.unscoped.filter(member=OuterRef("pk"))
    current = AccountLink.unscoped.filter(
        aggregation_account=OuterRef("aggregation_account"), ended_at=None
    )
    without_link = links.filter(~Exists(current), aggregation_account__merged_into=None)
    vendor_user.members.filter(
        Exists(links),
        ~Exists(without_link),
        connection_status=MISSING,
        next_step=records.NextStep.RECONNECT.value,
    ).update(
        actor=ActionRequiredBy.NOBODY.value,
        next_step=records.NextStep.NONE.value,
        connection_message="",
        update_date=timezone.now(),
    )


def check_later(vendor_user: VendorUser) -> None:
    """Postpone the next check of the connections of a missing user."""
    vendor_user.members.update(next_sync_at=connections.next_sync_time(MISSING_CHECK_FACTOR))


def mark_user_disabled(vendor_user: VendorUser) -> None:
    """Store that the vendor serves no data of this user; an event for each connection, once."""
    for member in vendor_user.members.exclude(connection_status=MISSING).order_by("pk"):
        _mark_user_disabled(member)


def check_disabled_soon(vendor_user: VendorUser) -> None:
    """Make connections due for a sync that were disabled with their user, which works again."""
    rows = vendor_user.members.filter(connection_status=USER_DISABLED)
    rows.update(next_sync_at=timezone.now())


def _mark_user_disabled(member: Member) -> None:
    with transaction.atomic():
        try:
            member = connections.lock(member)
        except ConnectionGone:
            return
        if member.connection_status == MISSING:
            return
        was_disabled = member.connection_status == USER_DISABLED
        is_ours = member.vendor_user.disabled_at is not None
        name = registry.get(member.vendor_user.vendor).name
        columns = {
            "connection_status": USER_DISABLED,
            "connection_message": (
                "Nothing is imported while the account holder is deactivated here."
                if is_ours
                else f"Nothing is imported, because the user is disabled at {name}. "
                "Please contact us."
            ),
            "actor": ActionRequiredBy.STAFF.value,
            "next_step": records.NextStep.NONE.value,
            "is_aggregating": False,
            "broken_since": member.broken_since or timezone.now(),
            "next_sync_at": timezone.now() + DISABLED_CHECK_INTERVAL,
        }
        save_changes(member, columns)
        if not was_disabled:
            connection_events.emit_status(member)
