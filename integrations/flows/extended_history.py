"""Makes the vendor read its extended history before all transactions are read again.

Vendors charge for it, and the bank may ask the person a question. So it is done once for a
connection, and only when somebody asks for the history: never by schedule. The vendor keeps the
transactions that it brings.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from integrations.flows import connections
from integrations.jobs.job_queue import JobRun, Reschedule
from integrations.models import Member
from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import (
    InstitutionUnavailable,
    VendorAccessDenied,
    VendorBusy,
    VendorJobLimited,
    VendorRefused,
)

logger = logging.getLogger(__name__)
MAX_WAIT = timedelta(hours=2)  # after the job began; then it goes on without
REPEAT_REFUSED_AFTER = timedelta(days=30)
REFUSALS = (VendorRefused, VendorAccessDenied, VendorJobLimited)


def ensure(*, run: JobRun, vendor: Vendor, member: Member) -> None:
    """Make the vendor read the connection's extended history, unless it has done so.

    Returns as soon as there is nothing to wait for: it is there, it was refused, a person has to
    act first, or it takes too long. Raises Reschedule while it is read, and VendorError.
    """
    if not capabilities.supports(vendor, capabilities.EXTENDED_HISTORY):
        return
    stored = Member.unscoped.filter(pk=member.pk)
    times = stored.values_list("history_extended_at", "history_refused_at").first()
    if times is None:
        return  # the connection was deleted here
    extended_at, refused_at = times
    now = timezone.now()
    has_time = now < run.job.create_date + MAX_WAIT
    if extended_at is not None:
        if now < extended_at + MAX_WAIT and has_time:
            _wait(vendor, _read(vendor, member))
        return
    if refused_at is not None and now < refused_at + REPEAT_REFUSED_AFTER:
        return
    vendor_member = _read(vendor, member)
    if has_time:
        _wait(vendor, vendor_member)  # another job, after which this one can begin
    if vendor_member.connection.is_connected:
        _start(vendor, member, has_time=has_time)


def remember(member: Member) -> None:
    """Record that the vendor has the extended history of the connection."""
    rows = Member.unscoped.filter(pk=member.pk, history_extended_at=None)
    rows.update(history_extended_at=timezone.now())


def _start(vendor: Vendor, member: Member, *, has_time: bool) -> None:
    """Start the job and remember that, or that the vendor refused. Raises Reschedule."""
    source = capabilities.require(vendor, capabilities.EXTENDED_HISTORY)
    try:
        started = source.start_history(
            user_id=str(member.vendor_user.vendor_user_id), member_id=member.vendor_member_id
        )
    except REFUSALS as error:
        logger.info("connection %s: no extended history: %s", member.pk, error)
        Member.unscoped.filter(pk=member.pk).update(history_refused_at=timezone.now())
    except InstitutionUnavailable as error:
        logger.info("connection %s: no extended history now: %s", member.pk, error)
    except VendorBusy:
        if has_time:
            raise Reschedule(connections.poll_seconds(vendor)) from None
    else:
        remember(member)
        _wait(vendor, started)


def _read(vendor: Vendor, member: Member) -> records.Member:
    return vendor.read_member(
        user_id=str(member.vendor_user.vendor_user_id), member_id=member.vendor_member_id
    )


def _wait(vendor: Vendor, vendor_member: records.Member) -> None:
    if connections.is_in_progress(vendor_member):
        raise Reschedule(connections.poll_seconds(vendor))
