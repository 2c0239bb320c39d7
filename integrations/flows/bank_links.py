"""Bank links: store the verified account numbers of a connection, and disconnect them."""

from __future__ import annotations

from django.db import transaction

from integrations.flows import bank_link_holders, bank_link_numbers, bank_link_state, connections
from integrations.flows.bank_link_numbers import BankLinkOutcome, NumberWriter, TenantAccount
from integrations.models import Member, VerifiedLink
from integrations.vendors import records
from integrations.vendors.base import Vendor
from nucleus.models import BankLink, Tenant
from nucleus.models.bank_links import UnverifiedReason
from nucleus.writes.bank_links import delete_bank_link


def store(
    *,
    vendor: Vendor,
    member: Member,
    vendor_member: records.Member,
    numbers: records.Batch[records.AccountNumber],
    tenant_account: TenantAccount | None,
) -> list[BankLinkOutcome]:
    """Store a bank link for each number of an account that can be verified.

    Args:
        member: the stored connection.
        vendor_member: the same connection as the vendor has it.
        numbers: what the verification returned.
        tenant_account: the tenant's own Nucleus account that the bank links belong to.

    Raises VendorError, and ConnectionGone if the connection was removed in the meantime.
    """
    ids = {"user_id": vendor_member.user_id, "member_id": vendor_member.id}
    listed = vendor.list_accounts(**ids)
    holders = bank_link_holders.read_holders(vendor, **ids)
    outcomes = [BankLinkOutcome(None, item.reason) for item in numbers.rejected]
    with bank_link_numbers.locked(member) as current:
        writer = NumberWriter(current, listed, holders, tenant_account)
        return outcomes + writer.store(numbers.records)


def vendor_of(bank_link: BankLink) -> str | None:
    """The vendor whose verification produced the bank link; None if it is not verified now."""
    if not bank_link.is_link_verified:
        return None
    verified = (
        VerifiedLink.objects.for_tenant(bank_link.tenant_id)
        .filter(bank_link=bank_link)
        .select_related("member__vendor_user")
        .first()
    )
    return verified.member.vendor_user.vendor if verified else None


def disconnect(*, tenant: Tenant, bank_link: BankLink, delete_type: str, erase: bool) -> None:
    """Disconnect a bank link from the vendor; see accounts.disconnect.

    It is not verified any more, because nothing tells of its account from now on.
    """
    links = VerifiedLink.objects.for_tenant(tenant).filter(bank_link=bank_link)
    verified = links.select_related("member__vendor_user").first()
    if verified is not None:
        if delete_type == "delete":
            connections.delete_if_unused(tenant=tenant, member=verified.member, except_for=verified)
        with transaction.atomic():
            bank_link_state.unverify(links, UnverifiedReason.DISCONNECTED)
            links.delete()
    if erase:
        delete_bank_link(bank_link)
