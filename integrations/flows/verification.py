"""Instant account verification: account and routing numbers become bank links."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations import audit_context, vendor_sessions
from integrations.flows import bank_links, connections, users
from integrations.flows.bank_links import BankLinkOutcome, TenantAccount
from integrations.jobs import job_queue
from integrations.jobs.job_queue import JobRun, Reschedule
from integrations.models import VendorUser, VerifiedLink
from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorBusy, VendorError, VendorRefused
from nucleus.models import BankLink, Owner, Tenant
from nucleus.writes import AccountGone
from nucleus.writes.records import unverify

VERIFY_JOB = "verify_member"
VERIFY_JOB_PATIENCE = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class VerificationOutcome:
    """Bank links, or in `message` what is still missing and who has to act."""

    vendor: str
    bank_links: list[BankLinkOutcome]
    message: str | None = None


def verify(
    *,
    tenant: Tenant,
    owner: Owner,
    member_id: str | None = None,
    vendor_name: str | None = None,
    tenant_account: TenantAccount | None = None,
) -> VerificationOutcome:
    """Turn the checking and savings accounts of the owner's member(s) into verified bank links.

    Numbers that are there already spare the paid verification. Otherwise it is started and
    awaited briefly; if it takes longer, a job finishes it.

    Args:
        member_id: the vendor's id from the widget's success, read under the owner's own user;
            without it every member of the user, which wait no longer together than one does.
        tenant_account: the tenant's own Nucleus account that the bank links belong to.
    """
    slug = vendor_sessions.verification_vendor(tenant, vendor_name)
    vendor_user = users.require(tenant=tenant, owner=owner, vendor=slug)
    user_id = str(vendor_user.vendor_user_id)
    with vendor_sessions.open_for_tenant(
        tenant=tenant,
        vendor=slug,
        client_id=vendor_user.client_id,
        integration_type=audit_context.VERIFICATION,
    ) as vendor:
        capabilities.require(vendor, capabilities.VERIFICATION)
        if member_id is None:
            return _verify_every_member(vendor, vendor_user, tenant_account)
        vendor_member = connections.read_member_of_user(
            vendor=vendor, user_id=user_id, member_id=member_id
        )
        outcomes, message = _verify_member(
            vendor, vendor_user, vendor_member, tenant_account, settings.MEMBER_WAIT_SECONDS
        )
    return VerificationOutcome(vendor=slug, bank_links=outcomes, message=message)


def vendor_of(bank_link: BankLink) -> str | None:
    """The vendor whose verification produced the bank link; None when nothing connects them."""
    verified = (
        VerifiedLink.objects.for_tenant(bank_link.tenant_id)
        .filter(bank_link=bank_link)
        .select_related("member__vendor_user")
        .first()
    )
    return verified.member.vendor_user.vendor if verified else None


def disconnect(*, tenant: Tenant, bank_link: BankLink, delete_type: str, erase: bool) -> None:
    """Disconnect a bank link from the vendor; see accounts.disconnect."""
    verified = (
        VerifiedLink.objects.for_tenant(tenant)
        .filter(bank_link=bank_link)
        .select_related("member__vendor_user")
        .first()
    )
    if verified is not None:
        if delete_type == "delete":
            connections.delete_if_unused(tenant=tenant, member=verified.member, except_for=verified)
        VerifiedLink.objects.for_tenant(tenant).filter(pk=verified.pk).delete()
    if erase:
        with transaction.atomic():
            unverify([bank_link.pk])
            bank_link.delete()


def run_job(run: JobRun) -> None:
    """Finish a verification that outlasted its request; looks again until MX's job is over."""
    vendor_user = users.vendor_user_of_job(run)
    if vendor_user is None:
        return
    with vendor_sessions.open_for_tenant(
        tenant=run.tenant,
        vendor=vendor_user.vendor,
        interactive=False,
        client_id=vendor_user.client_id,
        integration_type=audit_context.VERIFICATION,
    ) as vendor:
        vendor_member = vendor.read_member(
            user_id=str(vendor_user.vendor_user_id), member_id=connections.vendor_member_id_of(run)
        )
        connections.store(vendor=vendor, vendor_user=vendor_user, vendor_member=vendor_member)
        verifier = capabilities.require(vendor, capabilities.VERIFICATION)
        numbers = verifier.list_account_numbers(
            user_id=vendor_member.user_id, member_id=vendor_member.id
        )
        if numbers.records:
            bank_links.store(
                vendor=vendor,
                vendor_user=vendor_user,
                vendor_member=vendor_member,
                numbers=numbers,
                tenant_account=_tenant_account_of(run),
            )
            return
        if timezone.now() > run.job.create_date + VERIFY_JOB_PATIENCE:
            return
        if _start_once(run, vendor, vendor_member) or _may_still_come(vendor_member):
            raise Reschedule(connections.poll_seconds())


def _start_once(run: JobRun, vendor: Vendor, vendor_member: records.Member) -> bool:
    """Start the verification that the request could not start because an import was running."""
    is_started = run.payload.get("is_started", True) or run.job.progress.get("is_started")
    if is_started or not _can_start(vendor_member):
        return False
    try:
        capabilities.require(vendor, capabilities.VERIFICATION).start_verification(
            user_id=vendor_member.user_id, member_id=vendor_member.id
        )
    except VendorRefused:  # the next POST /iav says why
        return False
    except VendorBusy:
        return True
    run.renew({"is_started": True})
    return True


def _verify_every_member(
    vendor: Vendor, vendor_user: VendorUser, tenant_account: TenantAccount | None
) -> VerificationOutcome:
    """All members, whatever becomes of one of them; each message names its member."""
    listed = vendor.list_members(user_id=str(vendor_user.vendor_user_id))
    outcomes = [BankLinkOutcome(None, item.reason) for item in listed.rejected]
    messages = []
    deadline = time.monotonic() + settings.MEMBER_WAIT_SECONDS
    for vendor_member in listed.records:
        remaining = max(0.0, deadline - time.monotonic())
        try:
            found, message = _verify_member(
                vendor, vendor_user, vendor_member, tenant_account, remaining
            )
        except (VendorError, AccountGone) as error:
            found, message = [], str(error)
        outcomes += found
        if message:
            messages.append(f"{vendor_member.name or vendor_member.id}: {message}")
    if not listed.records and not outcomes:
        messages.append(
            f"This {users.owner_label(vendor_user.owner)} has not linked an institution yet. "
            "Open a widget link with mode=iav first."
        )
    return VerificationOutcome(vendor.slug, outcomes, " ".join(messages) or None)


def _verify_member(
    vendor: Vendor,
    vendor_user: VendorUser,
    vendor_member: records.Member,
    tenant_account: TenantAccount | None,
    wait_seconds: float,
) -> tuple[list[BankLinkOutcome], str | None]:
    ids = {"user_id": vendor_member.user_id, "member_id": vendor_member.id}
    deadline = time.monotonic() + wait_seconds

    def settled() -> records.Member:
        remaining = max(0.0, deadline - time.monotonic())
        return connections.wait_until_settled(
            vendor=vendor, vendor_member=vendor_member, seconds=remaining
        )

    verifier = capabilities.require(vendor, capabilities.VERIFICATION)
    numbers = verifier.list_account_numbers(**ids)
    if not numbers.records and connections.is_in_progress(vendor_member):
        vendor_member = settled()  # an import, or a verification that was started elsewhere
        numbers = verifier.list_account_numbers(**ids)
    is_started = False
    if not numbers.records and _can_start(vendor_member):
        try:
            vendor_member, is_started = verifier.start_verification(**ids), True
        except VendorRefused as error:
            connections.store(vendor=vendor, vendor_user=vendor_user, vendor_member=vendor_member)
            return [], f"This institution cannot be verified: {error}"
        except VendorBusy:  # another job has just begun; its end is awaited
            vendor_member = vendor.read_member(**ids)
        vendor_member = settled()
        numbers = verifier.list_account_numbers(**ids)
    connections.store(vendor=vendor, vendor_user=vendor_user, vendor_member=vendor_member)
    if numbers.records or numbers.rejected:
        outcomes = bank_links.store(
            vendor=vendor,
            vendor_user=vendor_user,
            vendor_member=vendor_member,
            numbers=numbers,
            tenant_account=tenant_account,
        )
        return outcomes, None
    if _may_still_come(vendor_member):
        _enqueue(vendor_user, vendor_member, tenant_account, is_started=is_started)
    return [], _missing(vendor_member)


def _may_still_come(vendor_member: records.Member) -> bool:
    return vendor_member.is_aggregating or not vendor_member.connection.is_settled


def _missing(vendor_member: records.Member) -> str:
    connection = vendor_member.connection
    if vendor_member.is_aggregating and connection.is_connected:
        return "The verification is running; the bank link follows by itself, or call again."
    if not connection.is_connected:
        return (
            f"{connection.message or connection.meaning} Next: {connection.next_step.value}. "
            f"A widget link with mode=iav and member_id={vendor_member.id} lets the user continue."
        )
    return "The institution gave no account numbers: only checking and savings accounts verify."


def _can_start(vendor_member: records.Member) -> bool:
    """MX runs one job on a member at a time, and none where the user has to act first."""
    return vendor_member.connection.is_connected and not vendor_member.is_aggregating


def _enqueue(
    vendor_user: VendorUser,
    vendor_member: records.Member,
    tenant_account: TenantAccount | None,
    *,
    is_started: bool,
) -> None:
    job_queue.enqueue(
        tenant=vendor_user.tenant,
        kind=VERIFY_JOB,
        payload={
            "vendor_user_id": str(vendor_user.id),
            "vendor_member_id": vendor_member.id,
            "is_started": is_started,
            "account_id": str(tenant_account.id) if tenant_account else None,
            "account_named_by_client": bool(tenant_account and tenant_account.named_by_client),
        },
        lock_key=connections.lock_key(vendor_user.tenant, vendor_member.id),
        pending_key=f"{vendor_user.tenant_id}:{VERIFY_JOB}:{vendor_member.id}",
    )


def _tenant_account_of(run: JobRun) -> TenantAccount | None:
    account_id = run.payload.get("account_id")
    if account_id is None:
        return None
    # Jobs from before this was recorded may have been a client's own.
    return TenantAccount(
        UUID(account_id), named_by_client=run.payload.get("account_named_by_client", True)
    )
