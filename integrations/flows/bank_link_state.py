"""When bank links stop being verified: their account or number at the bank is gone.

A bank link that came from a verification is verified only while the vendor has its account, the
account is open, and this is its number.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from integrations.flows import outbound_webhooks
from integrations.models import Member, VendorUser, VerifiedLink
from nucleus.models import BankLink
from nucleus.models.bank_links import UnverifiedReason
from nucleus.writes.bank_links import unverify_bank_link


def of_connection(member: Member) -> QuerySet[VerifiedLink]:
    """The verified links of a connection."""
    return VerifiedLink.unscoped.filter(member=member)


def of_vendor_account(vendor_user: VendorUser, vendor_account_id: str) -> QuerySet[VerifiedLink]:
    """The verified links of one of the vendor's accounts, under all its numbers."""
    return VerifiedLink.unscoped.filter(
        member__vendor_user=vendor_user, vendor_account_id=vendor_account_id
    )


def lock(links: QuerySet[VerifiedLink]) -> list[VerifiedLink]:
    """Those whose bank link has not been unverified, locked with it until the transaction ends."""
    return list(
        links.filter(bank_link__unverified_reason=None)
        .select_related("bank_link")
        .select_for_update(of=("self", "bank_link"))
        .order_by("bank_link_id")
    )


def has_another_number(link: VerifiedLink, mask: str | None) -> bool:
    """Whether the account has another number now than the bank link, as its mask tells.

    Vendors may list accounts with their new number before they verify it. Where the list never
    fitted the verified number, it proves nothing.

    Args:
        mask: the end of the account's number in the vendor's list of accounts.
    """
    verified = link.bank_link.mask
    if not mask or not verified or link.listed_mask != verified:
        return False
    return not mask.endswith(verified) and not verified.endswith(mask)


def unverify(links: QuerySet[VerifiedLink], reason: UnverifiedReason) -> None:
    """Unverify the bank links of these verified links, and tell the tenant of each once."""
    with transaction.atomic():
        for link in lock(links):
            unverify_link(link.bank_link, reason)


def unverify_link(bank_link: BankLink, reason: UnverifiedReason) -> None:
    """Unverify a bank link whose row the caller has locked."""
    if unverify_bank_link(bank_link, reason):
        _emit(outbound_webhooks.UNVERIFIED, bank_link, reason=reason.value)


def emit_verified(bank_link: BankLink) -> None:
    """Report to the tenant that a bank link is verified, for the first time or again."""
    _emit(outbound_webhooks.VERIFIED, bank_link)


def _emit(event: str, bank_link: BankLink, **data: str) -> None:
    identity = {
        "nucleus_bank_link_id": str(bank_link.pk),
        "mask": bank_link.mask,
        "type": bank_link.type,
    }
    outbound_webhooks.emit(
        tenant_id=bank_link.tenant_id,
        event=event,
        client_id=bank_link.client_id,
        business_id=bank_link.business_id,
        data=identity | data,
    )


def verified_bank_link(member: Member, vendor_account_id: str) -> BankLink | None:
    """The bank link of an account that was verified before it is connected."""
    verified = (
        VerifiedLink.objects.for_tenant(member.tenant)
        .filter(member=member, vendor_account_id=vendor_account_id)
        .filter(bank_link__is_active=True, bank_link__is_link_verified=True)
        .select_related("bank_link")
        .first()
    )
    return verified.bank_link if verified else None
