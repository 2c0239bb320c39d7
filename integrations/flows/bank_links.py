"""Bank links: what a verification found, stored with who says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from integrations.flows import connections, outbound_webhooks
from integrations.models import AccountLink, Member, VendorUser, VerifiedLink
from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError
from nucleus.masking import mask
from nucleus.models import BankLink
from nucleus.models.bank_links import HOLDER_PREFIX, HOLDER_SOURCE, MOST_HOLDERS, HolderSource
from nucleus.writes.changes import save_changes

ONLY_DEMAND_DEPOSITS = "Only checking and savings accounts verify."
ACCOUNT_STAYS = "Only the tenant's own token changes the account_id of a verified bank link."


@dataclass(frozen=True, slots=True)
class BankLinkOutcome:
    """One verified account: stored, or why not."""

    bank_link: BankLink | None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class TenantAccount:
    """The tenant's own Nucleus account that bank links are to belong to.

    `named_by_client`: by a token confined to one client, which sets it for new links only.
    """

    id: UUID
    named_by_client: bool = False


def store(
    *,
    vendor: Vendor,
    vendor_user: VendorUser,
    vendor_member: records.Member,
    numbers: records.Batch[records.AccountNumber],
    tenant_account: TenantAccount | None,
) -> list[BankLinkOutcome]:
    """Bank links for the numbers of accounts that can be verified; each number once."""
    member = connections.store(vendor=vendor, vendor_user=vendor_user, vendor_member=vendor_member)
    listed = vendor.list_accounts(user_id=vendor_member.user_id, member_id=vendor_member.id)
    by_id = {account.id: account for account in listed.records if account.can_verify}
    holders = _holders(vendor, vendor_member)
    outcomes = [BankLinkOutcome(None, item.reason) for item in numbers.rejected]
    with transaction.atomic():
        connections.lock_row(member)
        for number in numbers.records:
            account = by_id.get(number.account_id)
            if account is None:
                outcomes.append(BankLinkOutcome(None, ONLY_DEMAND_DEPOSITS))
                continue
            names = holders.get(account.id, [])
            outcomes.append(_bank_link(member, account, number, names, tenant_account))
        current = {number.account_id for number in numbers.records}
        kept = {outcome.bank_link.pk for outcome in outcomes if outcome.bank_link}
        _deactivate_replaced(member, current, kept)
    return outcomes


def _holders(vendor: Vendor, vendor_member: records.Member) -> dict[str, list[str]]:
    """The holders' names by account, as far as the bank gives them.

    Identity is a product of its own, so a verification does not fail without it. Nothing takes the
    place of names that the bank does not give: those of the client are the client's own words.
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
        of_account = names.setdefault(owner.account_id, [])
        if owner.name not in of_account and len(of_account) < MOST_HOLDERS:
            of_account.append(owner.name)
    return names


def _bank_link(
    member: Member,
    account: records.Account,
    number: records.AccountNumber,
    names: Sequence[str],
    tenant_account: TenantAccount | None,
) -> BankLinkOutcome:
    of_account = [
        verified.bank_link
        for verified in VerifiedLink.objects.for_tenant(member.tenant)
        .filter(member=member, vendor_account_id=account.id)
        .select_related("bank_link")
        .select_for_update(of=("self", "bank_link"))
        .order_by("create_date")
    ]
    link = next((stored for stored in of_account if _same_number(stored, number)), None)
    is_new = link is None
    if link is None:
        link = BankLink(
            tenant=member.tenant,
            **member.vendor_user.owner.reference,
            bank_account_number=number.account_number,
            routing=number.routing,
            metadata=dict(number.metadata),
            link_verified_date=timezone.now().date(),
        )
        names = names or _confirmed_names(of_account)
    institution = member.institution
    columns = _holder_columns(link, names) | {
        "institution": institution,
        "institution_name": (institution.name if institution else member.name) or "Unknown",
        "bank_account_name": account.name,
        "type": account.kind,
        "mask": mask(number.account_number),
        "currency_code": account.currency_code or member.tenant.currency_code,
        "balance": account.balance.current,
        "available_balance": account.balance.available,
        "is_active": not account.is_closed,
        "is_link_verified": True,
    }
    message = None
    if tenant_account and tenant_account.id != link.account_id:
        if is_new or not tenant_account.named_by_client:
            columns["account_id"] = tenant_account.id
        else:
            message = ACCOUNT_STAYS
    save_changes(link, columns)
    if is_new:
        VerifiedLink.unscoped.create(
            tenant=member.tenant, member=member, vendor_account_id=account.id, bank_link=link
        )
        outbound_webhooks.emit(
            tenant_id=member.tenant_id,
            event=outbound_webhooks.VERIFIED,
            client_id=link.client_id,
            business_id=link.business_id,
            data={"nucleus_bank_link_id": str(link.pk), "mask": link.mask, "type": link.type},
        )
    _mark_verified(member, account.id, link)
    return BankLinkOutcome(link, message)


def _holder_columns(link: BankLink, names: Sequence[str]) -> dict[str, object]:
    """The columns of the holder and its source.

    What the bank or the tenant has set stays until the bank reports another holder.
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
    """The holders that the bank confirmed for the account under an earlier number, newest first."""
    for link in reversed(links):
        if link.metadata.get(HOLDER_SOURCE) == HolderSource.BANK:
            positions = range(2, MOST_HOLDERS + 1)
            others = (link.metadata.get(f"{HOLDER_PREFIX}{position}") for position in positions)
            return [link.bank_account_holder, *(name for name in others if name)]
    return []


def _same_number(link: BankLink, number: records.AccountNumber) -> bool:
    return (link.bank_account_number, link.routing) == (number.account_number, number.routing)


def _mark_verified(member: Member, vendor_account_id: str, link: BankLink) -> None:
    account_link = (
        AccountLink.objects.for_tenant(member.tenant)
        .filter(member=member, vendor_account_id=vendor_account_id)
        .select_related("aggregation_account")
        .first()
    )
    if account_link is None:
        return
    save_changes(
        account_link.aggregation_account, {"bank_link_id": link.pk, "is_link_verified": True}
    )


def _deactivate_replaced(member: Member, current: Iterable[str], kept: set[UUID]) -> None:
    """A number that the bank replaced must not be paid to any more."""
    replaced = (
        VerifiedLink.objects.for_tenant(member.tenant)
        .filter(member=member, vendor_account_id__in=current, bank_link__is_active=True)
        .exclude(bank_link_id__in=kept)
        .select_related("bank_link")
    )
    for verified in replaced:
        save_changes(verified.bank_link, {"is_active": False, "is_link_verified": False})
