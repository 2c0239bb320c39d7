"""Instant account verification: account and routing numbers become bank links."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.conf import settings

from integrations import audit_context, vendor_sessions
from integrations.flows import bank_links, connections, user_sessions, users, verification_job
from integrations.flows.bank_link_numbers import BankLinkOutcome, TenantAccount
from integrations.flows.errors import ConnectionGone
from integrations.models import VendorUser
from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorBusy, VendorError, VendorRefused, VendorUserError
from nucleus.models import Owner, Tenant


@dataclass(frozen=True, slots=True)
class VerificationOutcome:
    """The bank links; `message` says what is still missing and who has to act."""

    vendor: str
    bank_links: list[BankLinkOutcome]
    message: str | None = None


@dataclass(frozen=True, slots=True)
class VerificationAttempt:
    """What the vendor returned for one connection; `refusal` is its reason not to verify it."""

    vendor_member: records.Member
    numbers: records.Batch[records.AccountNumber]
    is_started: bool = False
    refusal: str | None = None


def verify(
    *,
    tenant: Tenant,
    owner: Owner,
    member_id: str | None = None,
    vendor_name: str | None = None,
    tenant_account: TenantAccount | None = None,
) -> VerificationOutcome:
    """Create verified bank links for the checking and savings accounts of the owner.

    If the vendor has the account numbers already, no paid verification is started. Otherwise it is
    started and awaited for settings.MEMBER_WAIT_SECONDS; then a job finishes it.

    Args:
        member_id: the vendor's id, as the widget's success callback reports it, read under the
            owner's own vendor user; None verifies all connections, within the same time.
        vendor_name: the vendor's slug; defaults to that of the tenant's settings.
        tenant_account: the tenant's own Nucleus account that the bank links belong to.

    Raises FlowError, UnknownVendor, VendorNotConfigured, and for a single member VendorError and
    ConnectionGone. With several members, the error of one is part of `message`.
    """
    slug = vendor_sessions.verification_vendor(tenant, vendor_name)
    vendor_user = users.require(tenant=tenant, owner=owner, vendor=slug)
    user_id = str(vendor_user.vendor_user_id)
    with user_sessions.open_for_user(
        vendor_user, integration_type=audit_context.VERIFICATION
    ) as vendor:
        capabilities.require(vendor, capabilities.VERIFICATION)
        if member_id is None:
            return _verify_all_members(vendor, vendor_user, tenant_account)
        vendor_member = connections.read_member_of_user(
            vendor=vendor, user_id=user_id, member_id=member_id
        )
        outcomes, message = _verify_member(
            vendor, vendor_user, vendor_member, tenant_account, settings.MEMBER_WAIT_SECONDS
        )
    return VerificationOutcome(vendor=slug, bank_links=outcomes, message=message)


def _verify_all_members(
    vendor: Vendor, vendor_user: VendorUser, tenant_account: TenantAccount | None
) -> VerificationOutcome:
    """One member that fails does not stop the others; each message names its member."""
    listed = vendor.list_members(user_id=str(vendor_user.vendor_user_id))
    outcomes = [BankLinkOutcome(None, item.reason) for item in listed.rejected]
    messages = []
    deadline = time.monotonic() + settings.MEMBER_WAIT_SECONDS
    for vendor_member in listed.records:
        remaining = max(0.0, deadline - time.monotonic())
        try:
            links, message = _verify_member(
                vendor, vendor_user, vendor_member, tenant_account, remaining
            )
        except VendorUserError:
            raise
        except (VendorError, ConnectionGone) as error:
            links, message = [], str(error)
        outcomes += links
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
    """The bank links of one connection, or a message that says why there are none."""
    attempt = _read_or_start(vendor, vendor_member, wait_seconds)
    vendor_member, numbers = attempt.vendor_member, attempt.numbers
    member = connections.store(vendor=vendor, vendor_user=vendor_user, vendor_member=vendor_member)
    if attempt.refusal is not None:
        return [], f"This institution cannot be verified: {attempt.refusal}"
    if numbers.records or numbers.rejected:
        outcomes = bank_links.store(
            vendor=vendor,
            member=member,
            vendor_member=vendor_member,
            numbers=numbers,
            tenant_account=tenant_account,
        )
        return outcomes, None
    if verification_job.is_pending(vendor_member):
        verification_job.enqueue(
            vendor_user, vendor_member, tenant_account, is_started=attempt.is_started
        )
    return [], _reason_without_numbers(vendor_member)


def _read_or_start(
    vendor: Vendor, vendor_member: records.Member, wait_seconds: float
) -> VerificationAttempt:
    """Read the account numbers; if there are none, start a verification and wait for it."""
    ids = {"user_id": vendor_member.user_id, "member_id": vendor_member.id}
    deadline = time.monotonic() + wait_seconds

    def wait(vendor_member: records.Member) -> records.Member:
        remaining = max(0.0, deadline - time.monotonic())
        return connections.wait_until_settled(
            vendor=vendor, vendor_member=vendor_member, seconds=remaining
        )

    verifier = capabilities.require(vendor, capabilities.VERIFICATION)
    numbers = verifier.list_account_numbers(**ids)
    if not numbers.records and connections.is_in_progress(vendor_member):
        vendor_member = wait(vendor_member)  # an import, or a verification started elsewhere
        numbers = verifier.list_account_numbers(**ids)
    if numbers.records or not verification_job.can_start(vendor_member):
        return VerificationAttempt(vendor_member, numbers)
    is_started = False
    try:
        vendor_member, is_started = verifier.start_verification(**ids), True
    except VendorRefused as error:
        return VerificationAttempt(vendor_member, numbers, refusal=str(error))
    except VendorBusy:  # another vendor job has just started; wait for it
        vendor_member = vendor.read_member(**ids)
    vendor_member = wait(vendor_member)
    numbers = verifier.list_account_numbers(**ids)
    return VerificationAttempt(vendor_member, numbers, is_started=is_started)


def _reason_without_numbers(vendor_member: records.Member) -> str:
    connection = vendor_member.connection
    if vendor_member.is_aggregating and connection.is_connected:
        return (
            "The verification is still running. The bank link is created as soon as it ends; "
            "call again to read it."
        )
    if not connection.is_connected:
        return (
            f"{connection.message or connection.meaning} Next: {connection.next_step.value}. "
            f"A widget link with mode=iav and member_id={vendor_member.id} lets the user continue."
        )
    return "The institution provided no account numbers: only checking and savings accounts verify."
