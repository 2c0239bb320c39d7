"""Members: what is known about the connections of clients and businesses."""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations.flows import outbound_webhooks
from integrations.jobs.job_queue import JobRun
from integrations.models import Member, VendorUser
from integrations.vendors import records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError, VendorNotFound
from nucleus import writes
from nucleus.models import Institution, Tenant

INSTITUTION_FRESH = timedelta(days=1)
GONE = "GONE"  # our own word: no vendor sends it


def record(*, vendor: Vendor, vendor_user: VendorUser, seen: records.Member) -> Member:
    """Store what the vendor just said about a member; unchanged rows are not written."""
    member, created = Member.unscoped.get_or_create(
        tenant=vendor_user.tenant,
        vendor_user=vendor_user,
        vendor_member_id=seen.id,
        defaults=_columns(seen) | {"next_sync_at": next_look()},
    )
    changed = [] if created else _differences(member, _columns(seen))
    if member.institution_id is None and seen.institution_code:
        member.institution = institution(vendor=vendor, code=seen.institution_code)
        changed.append("institution")
    if changed:
        with transaction.atomic():
            member.save(update_fields=[*changed, "update_date"])
            if "connection_status" in changed and seen.connection.is_settled:
                _tell_status(member, vendor_user)
    return member


def _tell_status(member: Member, vendor_user: VendorUser) -> None:
    """The connection works again, or somebody has to do something about it."""
    accounts = member.account_links.values_list("aggregation_account_id", flat=True)
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
            "nucleus_aggregation_account_ids": [str(one) for one in accounts],
            "widget_link": f"{widget_link}?member_id={member.vendor_member_id}",
        },
    )


def record_gone(member: Member) -> None:
    """The vendor has no such member any more."""
    columns = {
        "connection_status": GONE,
        "connection_message": "This connection no longer exists. Please link it again.",
        "actor": records.ActionRequiredBy.END_USER.value,
        "next_step": records.NextStep.RECONNECT.value,
        "is_aggregating": False,
        "next_sync_at": next_look(),
    }
    was_gone = member.connection_status == GONE
    changed = _differences(member, columns)
    with transaction.atomic():
        member.save(update_fields=[*changed, "update_date"])
        if not was_gone:
            _tell_status(member, member.vendor_user)


def next_look() -> datetime:
    """When a member is reconciled next: spread out, so that they never come all at once."""
    hours = settings.RECONCILE_HOURS
    return timezone.now() + timedelta(hours=hours * random.uniform(0.8, 1.2))  # noqa: S311


def institution(*, vendor: Vendor, code: str) -> Institution | None:
    """The institution called `code`, read from the vendor at most once a day; None on failure."""
    known = Institution.objects.filter(code=code, tenant=None).first()
    if known and known.update_date > timezone.now() - INSTITUTION_FRESH:
        return known
    try:
        seen = vendor.read_institution(code=code)
    except VendorError:  # its name is an extra; the account must not fail for it
        return known
    return writes.upsert_institution(
        code=seen.code,
        name=seen.name,
        website_url=seen.website_url,
        logo_url_small=seen.logo_url_small,
        logo_url_medium=seen.logo_url_medium,
    )


def read_named(*, vendor: Vendor, user_id: str, member_id: str) -> records.Member:
    """The member that a caller names by the vendor's id. Raises VendorNotFound that says so."""
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


def settle(*, vendor: Vendor, seen: records.Member, seconds: float | None = None) -> records.Member:
    """Wait, on the vendor's polling cadence, until no job runs on the member or time is up.

    Args:
        seconds: the most to wait; defaults to settings.MEMBER_WAIT_SECONDS.
    """
    limit = settings.MEMBER_WAIT_SECONDS if seconds is None else seconds
    until = time.monotonic() + limit
    while is_moving(seen) and time.monotonic() + poll_seconds() <= until:
        time.sleep(poll_seconds())
        seen = vendor.read_member(user_id=seen.user_id, member_id=seen.id)
    return seen


def is_moving(seen: records.Member) -> bool:
    """A job runs that nobody has to answer first."""
    return seen.is_aggregating and seen.connection.actor is not records.ActionRequiredBy.END_USER


def poll_seconds() -> float:
    """How long to wait before asking about a running vendor job again."""
    return float(settings.MEMBER_POLL_SECONDS)


def lock_key(tenant: Tenant, member_id: str) -> str:
    """Jobs of one member never run at the same time. The prefix keeps tenants apart."""
    return f"{tenant.pk}:member:{member_id}"


def vendor_member_id_of(run: JobRun) -> str:
    """The vendor's id of the member that a job is about."""
    payload = run.payload
    # Jobs of version 0.1 that are waiting still call it member_id, which elsewhere is our own id.
    return str(payload.get("vendor_member_id") or payload["member_id"])


def lock(member: Member) -> Member:
    """Hold the member's row until the transaction ends; writers of its links take turns.

    Raises AccountGone when the connection was removed in the meantime.
    """
    found = Member.unscoped.select_for_update().filter(pk=member.pk).first()
    if found is None:
        raise writes.AccountGone("This connection was removed while it was being read.")
    return found


def _columns(seen: records.Member) -> dict[str, object]:
    return {
        "name": seen.name,
        "connection_status": seen.connection.status,
        "connection_message": seen.connection.message,
        "actor": seen.connection.actor.value,
        "next_step": seen.connection.next_step.value,
        "is_aggregating": seen.is_aggregating,
        "aggregated_at": seen.aggregated_at,
        "successfully_aggregated_at": seen.successfully_aggregated_at,
    }


def _differences(member: Member, columns: dict[str, object]) -> list[str]:
    changed = [name for name, value in columns.items() if getattr(member, name) != value]
    for name in changed:
        setattr(member, name, columns[name])
    return changed
