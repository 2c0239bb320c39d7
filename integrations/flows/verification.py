"""Instant account verification: account and routing numbers become bank links."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from integrations import connect, job_queue, subject
from integrations.flows import accounts, members, outbox, users
from integrations.job_queue import JobRun, Reschedule
from integrations.models import AccountLink, Member, VendorUser, VerifiedLink
from integrations.vendors import records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorBusy, VendorError, VendorRefused
from nucleus.models import BankLink, Owner, Tenant
from nucleus.writes.records import unverify

VERIFY_JOB = "verify_member"
VERIFY_JOB_PATIENCE = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class BankLinkOutcome:
    """One verified account: stored, or why not."""

    bank_link: BankLink | None
    message: str | None = None


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
    member_id: str,
    vendor_name: str | None = None,
    account_id: UUID | None = None,
) -> VerificationOutcome:
    """Turn the checking and savings accounts of a member into verified bank links.

    Numbers that are there already spare the paid verification. Otherwise it is started and
    awaited briefly; if it takes longer, a job finishes it.

    Args:
        member_id: the vendor's id from the widget's success, read under the owner's own user.
        account_id: the tenant's own Nucleus account that the bank links belong to.
    """
    slug = connect.verification_vendor(tenant, vendor_name)
    vendor_user = users.require(tenant=tenant, owner=owner, vendor=slug)
    user_id = str(vendor_user.vendor_user_id)
    with connect.for_tenant(
        tenant=tenant,
        vendor=slug,
        client_id=vendor_user.client_id,
        integration_type=subject.VERIFICATION,
    ) as vendor:
        seen = members.read_named(vendor=vendor, user_id=user_id, member_id=member_id)
        outcomes, message = _verify_member(vendor, vendor_user, seen, account_id)
    return VerificationOutcome(vendor=slug, bank_links=outcomes, message=message)


def release(*, tenant: Tenant, bank_link: BankLink, delete_type: str, erase: bool) -> None:
    """Let go of a bank link; see accounts.release."""
    verified = (
        VerifiedLink.objects.for_tenant(tenant)
        .filter(bank_link=bank_link)
        .select_related("member__vendor_user")
        .first()
    )
    if verified is not None:
        if delete_type == "delete":
            accounts.delete_member_if_unused(
                tenant=tenant, member=verified.member, other_than=verified
            )
        VerifiedLink.objects.for_tenant(tenant).filter(pk=verified.pk).delete()
    if erase:
        with transaction.atomic():
            unverify([bank_link.pk])
            bank_link.delete()


def run_job(run: JobRun) -> None:
    """Finish a verification that outlasted its request; looks again until MX's job is over."""
    vendor_user = users.of_job(run)
    if vendor_user is None:
        return
    account_id = run.payload.get("account_id")
    with connect.for_tenant(
        tenant=run.tenant,
        vendor=vendor_user.vendor,
        interactive=False,
        client_id=vendor_user.client_id,
        integration_type=subject.VERIFICATION,
    ) as vendor:
        seen = vendor.read_member(
            user_id=str(vendor_user.vendor_user_id), member_id=run.payload["member_id"]
        )
        members.record(vendor=vendor, vendor_user=vendor_user, seen=seen)
        numbers = vendor.list_account_numbers(user_id=seen.user_id, member_id=seen.id)
        if numbers.records:
            _store(vendor, vendor_user, seen, numbers, UUID(account_id) if account_id else None)
            return
    if _may_still_come(seen) and timezone.now() < run.job.create_date + VERIFY_JOB_PATIENCE:
        raise Reschedule(members.poll_seconds())


def _verify_member(
    vendor: Vendor, vendor_user: VendorUser, seen: records.Member, account_id: UUID | None
) -> tuple[list[BankLinkOutcome], str | None]:
    numbers = vendor.list_account_numbers(user_id=seen.user_id, member_id=seen.id)
    if not numbers.records:
        if seen.connection.is_connected and not seen.is_aggregating:
            try:
                seen = vendor.start_verification(user_id=seen.user_id, member_id=seen.id)
            except VendorRefused as error:
                members.record(vendor=vendor, vendor_user=vendor_user, seen=seen)
                return [], f"This institution cannot be verified: {error}"
            except VendorBusy:
                pass  # another job runs; its end is awaited below
        seen = members.settle(vendor=vendor, seen=seen)
        numbers = vendor.list_account_numbers(user_id=seen.user_id, member_id=seen.id)
    members.record(vendor=vendor, vendor_user=vendor_user, seen=seen)
    if numbers.records or numbers.rejected:
        return _store(vendor, vendor_user, seen, numbers, account_id), None
    if _may_still_come(seen):
        _enqueue(vendor_user, seen, account_id)
    return [], _missing(seen)


def _may_still_come(seen: records.Member) -> bool:
    return seen.is_aggregating or not seen.connection.is_settled


def _missing(seen: records.Member) -> str:
    if seen.is_aggregating and seen.connection.is_connected:
        return "The verification is running; the bank link follows by itself, or call again."
    if not seen.connection.is_connected:
        reason = seen.connection.message or seen.connection.meaning
        return (
            f"{reason} Next: {seen.connection.next_step.value}. A widget link with mode=iav and "
            f"member_id={seen.id} lets the user continue."
        )
    return "The institution gave no account numbers: only checking and savings accounts verify."


def _enqueue(vendor_user: VendorUser, seen: records.Member, account_id: UUID | None) -> None:
    job_queue.enqueue(
        tenant=vendor_user.tenant,
        kind=VERIFY_JOB,
        payload={
            "vendor_user_id": str(vendor_user.id),
            "member_id": seen.id,
            "account_id": str(account_id) if account_id else None,
        },
        lock_key=members.lock_key(vendor_user.tenant, seen.id),
        pending_key=f"{vendor_user.tenant_id}:{VERIFY_JOB}:{seen.id}",
    )


def _store(
    vendor: Vendor,
    vendor_user: VendorUser,
    seen: records.Member,
    numbers: records.Batch[records.AccountNumber],
    account_id: UUID | None,
) -> list[BankLinkOutcome]:
    """Bank links for the numbers of accounts that can be verified; each number once."""
    member = members.record(vendor=vendor, vendor_user=vendor_user, seen=seen)
    listed = vendor.list_accounts(user_id=seen.user_id, member_id=seen.id)
    by_id = {account.id: account for account in listed.records if account.can_verify}
    holders = _holders(vendor, seen)
    outcomes = [BankLinkOutcome(None, item.reason) for item in numbers.rejected]
    with transaction.atomic():
        members.lock(member)
        for number in numbers.records:
            account = by_id.get(number.account_id)
            if account is None:
                outcomes.append(BankLinkOutcome(None, "Only checking and savings accounts verify."))
                continue
            holder = holders.get(account.id) or vendor_user.owner.holder_name
            outcomes.append(
                BankLinkOutcome(_bank_link(member, account, number, holder, account_id))
            )
        current = {number.account_id for number in numbers.records}
        kept = {outcome.bank_link.pk for outcome in outcomes if outcome.bank_link}
        _deactivate_replaced(member, current, kept)
    return outcomes


def _holders(vendor: Vendor, seen: records.Member) -> dict[str, str]:
    try:
        owners = vendor.list_account_owners(user_id=seen.user_id, member_id=seen.id)
    except VendorError:  # identity is an extra product; without it the owner's own name is used
        return {}
    names: dict[str, str] = {}
    for owner in owners.records:
        names.setdefault(owner.account_id, owner.name)
    return names


def _bank_link(
    member: Member,
    account: records.Account,
    number: records.AccountNumber,
    holder: str,
    account_id: UUID | None,
) -> BankLink:
    verified = (
        VerifiedLink.objects.for_tenant(member.tenant)
        .filter(member=member, vendor_account_id=account.id)
        .select_related("bank_link")
    )
    link = next((one.bank_link for one in verified if _same_number(one.bank_link, number)), None)
    if link is None:
        link = BankLink(
            tenant=member.tenant,
            **member.vendor_user.owner.reference,
            bank_account_number=number.account_number,
            routing=number.routing,
            mask=number.account_number[-4:],
            metadata=dict(number.metadata),
        )
        columns: dict[str, object] = {"link_verified_date": timezone.now().date()}
    else:
        columns = {}
    institution = member.institution
    columns |= {
        "bank_account_holder": holder,
        "institution": institution,
        "institution_name": (institution.name if institution else member.name) or "Unknown",
        "bank_account_name": account.name,
        "type": account.kind,
        "currency_code": account.currency_code or member.tenant.currency_code,
        "balance": account.balance.current,
        "available_balance": account.balance.available,
        "is_active": not account.is_closed,
        "is_link_verified": True,
    }
    if account_id is not None:
        columns["account_id"] = account_id
    is_new = link._state.adding
    _save_changes(link, columns)
    if is_new:
        VerifiedLink.unscoped.create(
            tenant=member.tenant, member=member, vendor_account_id=account.id, bank_link=link
        )
        outbox.emit(
            tenant_id=member.tenant_id,
            event=outbox.VERIFIED,
            client_id=link.client_id,
            business_id=link.business_id,
            data={"nucleus_bank_link_id": str(link.pk), "mask": link.mask, "type": link.type},
        )
    _mark_verified(member, account.id, link)
    return link


def _same_number(link: BankLink, number: records.AccountNumber) -> bool:
    return (link.bank_account_number, link.routing) == (number.account_number, number.routing)


def _save_changes(link: BankLink, columns: dict[str, object]) -> None:
    changed = [name for name, value in columns.items() if getattr(link, name) != value]
    for name in changed:
        setattr(link, name, columns[name])
    if changed:
        link.save()


def _mark_verified(member: Member, vendor_account_id: str, link: BankLink) -> None:
    account_link = (
        AccountLink.objects.for_tenant(member.tenant)
        .filter(member=member, vendor_account_id=vendor_account_id)
        .select_related("aggregation_account")
        .first()
    )
    if account_link is None:
        return
    account = account_link.aggregation_account
    if account.bank_link_id != link.pk or not account.is_link_verified:
        account.bank_link = link
        account.is_link_verified = True
        account.save(update_fields=["bank_link", "is_link_verified", "update_date"])


def _deactivate_replaced(member: Member, current: Iterable[str], kept: set[UUID]) -> None:
    """A number that the bank replaced must not be paid to any more."""
    replaced = (
        VerifiedLink.objects.for_tenant(member.tenant)
        .filter(member=member, vendor_account_id__in=current, bank_link__is_active=True)
        .exclude(bank_link_id__in=kept)
        .select_related("bank_link")
    )
    for verified in replaced:
        verified.bank_link.is_active = False
        verified.bank_link.is_link_verified = False
        verified.bank_link.save(update_fields=["is_active", "is_link_verified", "update_date"])
