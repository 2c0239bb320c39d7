"""The job that finishes a verification which took longer than its request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from integrations import audit_context
from integrations.flows import (
    bank_links,
    connections,
    missing_connections,
    user_sessions,
    users,
)
from integrations.flows.bank_link_numbers import TenantAccount
from integrations.jobs.job_data import JobData
from integrations.jobs.job_kind import JobKind, Queue
from integrations.jobs.job_queue import JobRun, Reschedule
from integrations.models import VendorUser
from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorBusy, VendorRefused

VERIFY_JOB_TIMEOUT = timedelta(hours=2)


def enqueue(
    vendor_user: VendorUser,
    vendor_member: records.Member,
    tenant_account: TenantAccount | None,
    *,
    is_started: bool,
) -> None:
    """Enqueue the job that finishes the verification of a connection.

    Args:
        is_started: the caller has started the verification at the vendor.
    """
    VERIFY_MEMBER.enqueue(
        tenant=vendor_user.tenant,
        payload=VerifyPayload(
            vendor_user_id=str(vendor_user.id),
            vendor_member_id=vendor_member.id,
            is_started=is_started,
            account_id=str(tenant_account.id) if tenant_account else None,
            account_named_by_client=bool(tenant_account and tenant_account.named_by_client),
        ),
        lock_key=connections.lock_key(vendor_user, vendor_member.id),
    )


@dataclass(frozen=True)
class VerifyPayload(connections.VendorMemberPayload):
    """Payload of the job; rows of version 0.1 lack the keys that have defaults.

    Args:
        is_started: the request has started the verification.
        account_id: the tenant's own Nucleus account of the bank links.
        account_named_by_client: a client token chose it, so it is set on new bank links only.
    """

    is_started: bool = True
    account_id: str | None = None
    account_named_by_client: bool = True

    @property
    def tenant_account(self) -> TenantAccount | None:
        if self.account_id is None:
            return None
        return TenantAccount(UUID(self.account_id), named_by_client=self.account_named_by_client)


@dataclass(frozen=True)
class VerifyProgress(JobData):
    """Whether the job has started the verification itself."""

    is_started: bool = False


def run_job(run: JobRun, payload: VerifyPayload) -> None:
    """Finish a verification that took longer than its request; polls until the vendor is done."""
    vendor_user = users.by_id(run.tenant, payload.vendor_user_id)
    if vendor_user is None or vendor_user.vendor_user_id is None:
        return
    with user_sessions.open_for_user(
        vendor_user, interactive=False, integration_type=audit_context.VERIFICATION
    ) as vendor:
        vendor_member = missing_connections.read_or_mark_missing(
            vendor=vendor, vendor_user=vendor_user, vendor_member_id=payload.vendor_member_id
        )
        if vendor_member is None:
            return
        member = connections.store(
            vendor=vendor, vendor_user=vendor_user, vendor_member=vendor_member
        )
        verifier = capabilities.require(vendor, capabilities.VERIFICATION)
        numbers = verifier.list_account_numbers(
            user_id=vendor_member.user_id, member_id=vendor_member.id
        )
        if numbers.records:
            bank_links.store(
                vendor=vendor,
                member=member,
                vendor_member=vendor_member,
                numbers=numbers,
                tenant_account=payload.tenant_account,
            )
            return
        if timezone.now() > run.job.create_date + VERIFY_JOB_TIMEOUT:
            return
        is_started = payload.is_started or run.progress(VerifyProgress).is_started
        if (not is_started and _start(run, vendor, vendor_member)) or is_pending(vendor_member):
            raise Reschedule(connections.poll_seconds(vendor))


VERIFY_MEMBER = JobKind(
    name="verify_member",
    label="Verify bank accounts",
    queue=Queue.INTERACTIVE,
    payload_type=VerifyPayload,
    handler=run_job,
    key=lambda payload: payload.key,
)


def _start(run: JobRun, vendor: Vendor, vendor_member: records.Member) -> bool:
    """Start the verification that the request could not start because an import was running."""
    if not can_start(vendor_member):
        return False
    try:
        capabilities.require(vendor, capabilities.VERIFICATION).start_verification(
            user_id=vendor_member.user_id, member_id=vendor_member.id
        )
    except VendorRefused:  # the next POST /iav says why
        return False
    except VendorBusy:
        return True
    run.renew(VerifyProgress(is_started=True))
    return True


def is_pending(vendor_member: records.Member) -> bool:
    """Whether numbers may still come without anybody acting."""
    return vendor_member.is_aggregating or not vendor_member.connection.is_settled


def can_start(vendor_member: records.Member) -> bool:
    """Vendors run one job on a member at a time, and none while the person has to act."""
    return vendor_member.connection.is_connected and not vendor_member.is_aggregating
