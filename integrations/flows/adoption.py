"""Adoption: connect what a person has linked in the widget and the app has not reported.

A page that is closed before the widget's success callback leaves a connection at the vendor that
nothing here refers to. The vendor's webhooks name it; what is stored is read under the tenant's own
vendor user.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from integrations import audit_context, vendor_sessions
from integrations.flows import (
    account_linking,
    connections,
    missing_connections,
    user_sessions,
    users,
)
from integrations.flows.connections import VendorMemberPayload
from integrations.jobs import job_queue
from integrations.jobs.job_kind import JobKind, Queue
from integrations.jobs.job_queue import JobRun, Reschedule
from integrations.models import AccountLink, InboundWebhook, Job, VendorUser, VerifiedLink
from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError, VendorNotFound, VendorUserError
from nucleus import writes

IMPORT_TIMEOUT = timedelta(hours=2)  # then accounts are connected although the import runs
CONNECT = (
    "Call POST /integration/v1/aggregation/account with this member_id to connect its accounts, or "
    "DELETE /integration/v1/connection/{id}."
)
VERIFY = (
    "It was opened for a verification. Call POST /integration/v1/iav with this member_id, or POST "
    "/integration/v1/aggregation/account to connect its accounts."
)
HANDLED, QUARANTINED = InboundWebhook.State.HANDLED, InboundWebhook.State.QUARANTINED
EARLY, GONE = InboundWebhook.State.EARLY, InboundWebhook.State.GONE
Outcome = tuple[InboundWebhook.State, str]  # of the webhooks, and their note


def enqueue(*, vendor_user: VendorUser, vendor_member_id: str, delay: float) -> Job:
    """Enqueue the adoption of a connection, in the caller's transaction.

    Args:
        delay: seconds for the app to report it.
    """
    return ADOPT_MEMBER.enqueue(
        tenant=vendor_user.tenant,
        payload=VendorMemberPayload(str(vendor_user.pk), vendor_member_id),
        lock_key=connections.lock_key(vendor_user, vendor_member_id),
        delay=delay,
    )


def enqueue_unreported(*, vendor: Vendor, vendor_user: VendorUser) -> None:
    """Enqueue the adoption of all connections that the vendor lists and nothing here refers to.

    Called when a connection is gone: the person may have made another one, of which neither the app
    nor a webhook has told. Raises VendorError.
    """
    listed = vendor.list_members(user_id=str(vendor_user.vendor_user_id)).records
    stored = set(vendor_user.members.values_list("vendor_member_id", flat=True))
    for record in listed:
        if record.id not in stored:
            enqueue(vendor_user=vendor_user, vendor_member_id=record.id, delay=0)


def run_job(run: JobRun, payload: VendorMemberPayload) -> None:
    """Read the connection, connect its accounts, and note on the webhooks what was done."""
    reading_since = job_queue.database_now()
    vendor_user = users.by_id(run.tenant, payload.vendor_user_id)
    if vendor_user is None:
        return
    try:
        state, note = _adopt(run, vendor_user, payload.vendor_member_id)
    except VendorUserError as error:
        state, note = GONE, str(error)
    with run.completion():
        InboundWebhook.objects.filter(
            tenant=run.job.tenant_id,
            vendor=vendor_user.vendor,
            vendor_member_id=payload.vendor_member_id,
            state=InboundWebhook.State.RECEIVED,
            create_date__lte=reading_since,
        ).update(state=state, note=note[:255], handled_at=timezone.now())


ADOPT_MEMBER = JobKind(
    name="adopt_member",
    label="Take over a connection that was not reported",
    queue=Queue.WEBHOOK,
    payload_type=VendorMemberPayload,
    handler=run_job,
    key=lambda payload: payload.key,
)


def _adopt(run: JobRun, vendor_user: VendorUser, vendor_member_id: str) -> Outcome:
    owner = vendor_user.owner
    if vendor_user.vendor_user_id is None or not owner.is_active or owner.is_being_erased:
        return GONE, f"The {users.owner_label(owner)} is not active."
    if _is_reported(vendor_user, vendor_member_id):
        return HANDLED, "The app has reported the connection meanwhile."
    with user_sessions.open_for_user(vendor_user, interactive=False) as vendor:
        vendor_member = missing_connections.read_or_mark_missing(
            vendor=vendor, vendor_user=vendor_user, vendor_member_id=vendor_member_id
        )
        if vendor_member is None:
            return QUARANTINED, "This user has no such connection at the vendor."
        has_time = timezone.now() < run.job.create_date + IMPORT_TIMEOUT
        interval = connections.poll_seconds(vendor)
        if has_time and connections.is_in_progress(vendor_member):
            raise Reschedule(interval)
        status = vendor_member.connection.status
        if not (vendor_member.connection.is_connected or vendor_member.successfully_aggregated_at):
            return EARLY, f"The person has not finished connecting it ({status})."
        try:
            return _store(vendor, vendor_user, vendor_member)
        except (VendorNotFound, writes.AccountGone) as error:  # of what was deleted meanwhile
            if not has_time:
                raise
            raise Reschedule(interval) from error


def _store(vendor: Vendor, vendor_user: VendorUser, vendor_member: records.Member) -> Outcome:
    """Connect the accounts, or only report the connection to the tenant."""
    config = vendor_sessions.aggregation_settings(vendor_user.tenant)
    is_for_verification = _is_for_verification(vendor, vendor_user, vendor_member)
    if is_for_verification or not config.adopt_connections:
        connections.store(
            vendor=vendor,
            vendor_user=vendor_user,
            vendor_member=vendor_member,
            advice=VERIFY if is_for_verification else CONNECT,
        )
        reason = "it was opened for a verification" if is_for_verification else "a setting says so"
        return HANDLED, f"The connection was reported to the tenant and not connected: {reason}."
    account_linking.link_accounts(
        vendor=vendor,
        vendor_user=vendor_user,
        vendor_member=vendor_member,
        config=config,
        adopted=True,
    )
    return HANDLED, "The gateway has connected it, because the app did not report it."


def _is_reported(vendor_user: VendorUser, vendor_member_id: str) -> bool:
    """Whether accounts of the connection were linked or verified before."""
    of_connection = {
        "member__vendor_user": vendor_user, "member__vendor_member_id": vendor_member_id
    }  # fmt: skip
    return any(
        model.objects.for_tenant(vendor_user.tenant).filter(**of_connection).exists()
        for model in (AccountLink, VerifiedLink)
    )


def _is_for_verification(
    vendor: Vendor, vendor_user: VendorUser, vendor_member: records.Member
) -> bool:
    """Whether the person was to verify accounts, and not to share their data.

    The owner's last widget link tells. Without one, account numbers do: vendors have them after a
    verification.
    """
    if vendor_user.last_widget_mode:
        return vendor_user.last_widget_mode == audit_context.VERIFICATION
    if not capabilities.supports(vendor, capabilities.VERIFICATION):
        return False
    verifier = capabilities.require(vendor, capabilities.VERIFICATION)
    try:
        numbers = verifier.list_account_numbers(
            user_id=vendor_member.user_id, member_id=vendor_member.id
        )
    except VendorUserError:
        raise
    except VendorError:
        return False
    return bool(numbers.records)
