"""Bank links: store the verified account numbers with their holders and their provenance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from integrations.flows import account_links, connections, outbound_webhooks, record_mapping
from integrations.models import Member, VerifiedLink
from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError
from nucleus.masking import mask
from nucleus.models import BankLink, Tenant
from nucleus.models.bank_links import HOLDER_PREFIX, HOLDER_SOURCE, MAX_HOLDERS, HolderSource
from nucleus.writes.bank_links import (
    deactivate_bank_link,
    delete_bank_link,
    mark_account_verified,
    save_bank_link,
)

ONLY_DEMAND_DEPOSITS = "Only checking and savings accounts verify."
ACCOUNT_STAYS = "Only the tenant's own token changes the account_id of a verified bank link."


@dataclass(frozen=True, slots=True)
class BankLinkOutcome:
    """One number of a verification. `message` says why it was not stored (`bank_link` is None)."""

    bank_link: BankLink | None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class TenantAccount:
    """The tenant's own Nucleus account that bank links belong to.

    `named_by_client`: the request had a client token, which may set the account of new links only.
    """

    id: UUID
    named_by_client: bool = False


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
    listed = vendor.list_accounts(user_id=vendor_member.user_id, member_id=vendor_member.id)
    verifiable = {account.id: account for account in listed.records if account.can_verify}
    holders = _read_holders(vendor, vendor_member)
    outcomes = [BankLinkOutcome(None, item.reason) for item in numbers.rejected]
    with transaction.atomic():
        member = connections.lock(member)
        for number in numbers.records:
            account = verifiable.get(number.account_id)
            if account is None:
                outcomes.append(BankLinkOutcome(None, ONLY_DEMAND_DEPOSITS))
                continue
            names = holders.get(account.id, [])
            outcomes.append(_store_bank_link(member, account, number, names, tenant_account))
        current = {number.account_id for number in numbers.records}
        stored = {outcome.bank_link.pk for outcome in outcomes if outcome.bank_link}
        _deactivate_replaced(member, current, stored)
    return outcomes


def vendor_of(bank_link: BankLink) -> str | None:
    """The vendor whose verification produced the bank link; None for a disconnected one."""
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
        delete_bank_link(bank_link)


def _read_holders(vendor: Vendor, vendor_member: records.Member) -> dict[str, list[str]]:
    """The holders' names by the vendor's account id; empty if the vendor does not identify them.

    Identification is a product of its own, so a verification does not fail without it. The client's
    name is no substitute: the bank has not confirmed it.
    """
    if not capabilities.supports(vendor, capabilities.IDENTIFICATION):
        return {}
    try:
        owners = capabilities.require(vendor, capabilities.IDENTIFICATION).list_account_owners(
            user_id=vendor_member.user_id, member_id=vendor_member.id
        )
    except VendorError:
        return {}
    names: dict[str, list[str]] = {}
    for owner in owners.records:
        account_names = names.setdefault(owner.account_id, [])
        if owner.name not in account_names and len(account_names) < MAX_HOLDERS:
            account_names.append(owner.name)
    return names


def _store_bank_link(
    member: Member,
    account: records.Account,
    number: records.AccountNumber,
    names: Sequence[str],
    tenant_account: TenantAccount | None,
) -> BankLinkOutcome:
    """Update the bank link with this number, or create it."""
    earlier = _bank_links_of(member, account)
    link = next((row for row in earlier if _has_number(row, number)), None)
    is_new = link is None
    if link is None:
        link = _new_bank_link(member, number)
        names = names or _confirmed_names(earlier)
    columns = _account_columns(member, account) | _holder_columns(link, names)
    columns["mask"] = mask(number.account_number)
    message = None
    if tenant_account and tenant_account.id != link.account_id:
        if is_new or not tenant_account.named_by_client:
            columns["account_id"] = tenant_account.id
        else:
            message = ACCOUNT_STAYS
    save_bank_link(link, columns)
    if is_new:
        VerifiedLink.unscoped.create(
            tenant=member.tenant, member=member, vendor_account_id=account.id, bank_link=link
        )
        _emit_verified(link)
    _mark_verified(member, account.id, link)
    return BankLinkOutcome(link, message)


def _bank_links_of(member: Member, account: records.Account) -> list[BankLink]:
    """The bank links of the vendor's account under all its numbers, oldest first; locked."""
    verified_links = (
        VerifiedLink.objects.for_tenant(member.tenant)
        .filter(member=member, vendor_account_id=account.id)
        .select_related("bank_link")
        .select_for_update(of=("self", "bank_link"))
        .order_by("create_date")
    )
    return [verified.bank_link for verified in verified_links]


def _new_bank_link(member: Member, number: records.AccountNumber) -> BankLink:
    return BankLink(
        tenant=member.tenant,
        **member.vendor_user.owner.reference,
        bank_account_number=number.account_number,
        routing=number.routing,
        metadata=dict(number.metadata),
        link_verified_date=timezone.now().date(),
    )


def _account_columns(member: Member, account: records.Account) -> dict[str, object]:
    institution = member.institution
    return {
        "institution": institution,
        "institution_name": (institution.name if institution else member.name) or "Unknown",
        "bank_account_name": account.name,
        "type": account.kind,
        "currency_code": record_mapping.stated_currency(account.currency_code)
        or member.tenant.currency_code,
        "balance": account.balance.current,
        "available_balance": account.balance.available,
        "is_active": not account.is_closed,
        "is_link_verified": True,
    }


def _emit_verified(link: BankLink) -> None:
    outbound_webhooks.emit(
        tenant_id=link.tenant_id,
        event=outbound_webhooks.VERIFIED,
        client_id=link.client_id,
        business_id=link.business_id,
        data={"nucleus_bank_link_id": str(link.pk), "mask": link.mask, "type": link.type},
    )


def _holder_columns(link: BankLink, names: Sequence[str]) -> dict[str, object]:
    """The columns of the holder and its provenance.

    A holder from the bank or the tenant is kept until the bank names another one.
    """
    source = link.metadata.get(HOLDER_SOURCE)
    if not names and source in (HolderSource.BANK, HolderSource.TENANT):
        return {}
    metadata = {
        name: value for name, value in link.metadata.items() if not name.startswith(HOLDER_PREFIX)
    }
    for position, name in enumerate(names[1:], 2):
        metadata[f"{HOLDER_PREFIX}{position}"] = name
    source = HolderSource.BANK if names else HolderSource.NOT_CONFIRMED
    metadata[HOLDER_SOURCE] = source.value
    return {"bank_account_holder": names[0] if names else "", "metadata": metadata}


def _confirmed_names(links: Sequence[BankLink]) -> list[str]:
    """The holders that the bank last confirmed for the account, under an earlier number."""
    for link in reversed(links):
        if link.metadata.get(HOLDER_SOURCE) == HolderSource.BANK:
            positions = range(2, MAX_HOLDERS + 1)
            others = (link.metadata.get(f"{HOLDER_PREFIX}{position}") for position in positions)
            return [link.bank_account_holder, *(name for name in others if name)]
    return []


def _has_number(link: BankLink, number: records.AccountNumber) -> bool:
    return (link.bank_account_number, link.routing) == (number.account_number, number.routing)


def _mark_verified(member: Member, vendor_account_id: str, link: BankLink) -> None:
    """Relate the aggregation account to its bank link, if the account is connected."""
    account_link = (
        account_links.current(member.tenant)
        .filter(member=member, vendor_account_id=vendor_account_id)
        .select_related("aggregation_account")
        .first()
    )
    if account_link is None:
        return
    mark_account_verified(account_link.aggregation_account, link)


def _deactivate_replaced(member: Member, current: Iterable[str], stored: set[UUID]) -> None:
    """Deactivate links with numbers that the bank replaced: nobody must pay to them."""
    replaced = (
        VerifiedLink.objects.for_tenant(member.tenant)
        .filter(member=member, vendor_account_id__in=current, bank_link__is_active=True)
        .exclude(bank_link_id__in=stored)
        .select_related("bank_link")
    )
    for verified in replaced:
        deactivate_bank_link(verified.bank_link)
