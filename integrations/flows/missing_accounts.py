"""Find out which linked accounts the vendor no longer has, and end their links."""

from __future__ import annotations

import logging
from contextlib import suppress

from integrations.flows import account_identity, account_links, missing_connections
from integrations.flows.account_identity import KnownAccounts
from integrations.models import AccountLink, Member, VendorUser
from integrations.vendors import records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError, VendorNotFound, VendorUserError

logger = logging.getLogger(__name__)


def known_accounts(vendor_user: VendorUser) -> KnownAccounts:
    """The accounts of the vendor user's owner that its vendor has provided."""
    owner = {
        f"aggregation_account__{name}": row for name, row in vendor_user.owner.reference.items()
    }
    links = AccountLink.objects.for_tenant(vendor_user.tenant_id).filter(
        vendor=vendor_user.vendor, **owner
    )
    rows = links.select_related(
        "aggregation_account__tenant", "aggregation_account__merged_into__tenant", "member"
    ).order_by("create_date", "id")
    return KnownAccounts.of_links(rows)


def end_missing_links(
    vendor: Vendor, member: Member, listed: records.Batch[records.Account]
) -> None:
    """End the links of accounts that the listing lacks and the vendor does not have any more.

    A listing may lack an account by mistake, so each one is read singly before.
    """
    present = {record.id for record in listed.records} | {item.id for item in listed.rejected}
    for link in account_links.of_connection(member):
        if link.vendor_account_id not in present:
            end_if_missing(vendor, member, link)


def end_if_missing(vendor: Vendor, member: Member, link: AccountLink) -> None:
    """Read the account singly, and end its link if the vendor does not have it."""
    if is_gone(vendor, member, link.vendor_account_id):
        logger.info("the vendor no longer has the account of link %s", link.pk)
        account_links.end([link], AccountLink.EndReason.ACCOUNT_MISSING)


def recheck(vendor: Vendor, link: AccountLink) -> None:
    """Find out, after the vendor answered that it has no such account, what is missing.

    Either the connection, or the account, or nothing: a single answer may be wrong.
    """
    member = link.connection
    vendor_member = missing_connections.read_or_mark_missing(
        vendor=vendor, vendor_user=member.vendor_user, vendor_member_id=member.vendor_member_id
    )
    if vendor_member is not None:
        end_if_missing(vendor, member, link)


def is_gone(vendor: Vendor, member: Member, vendor_account_id: str) -> bool:
    """Whether the vendor says that it does not have the account; False if it does not answer."""
    try:
        vendor.read_account(
            user_id=str(member.vendor_user.vendor_user_id), account_id=vendor_account_id
        )
    except VendorNotFound:
        return True
    except VendorUserError:
        raise
    except VendorError:  # nobody knows; the next sync asks again
        return False
    return False


def check_rivals(vendor: Vendor, member: Member, listed: records.Batch[records.Account]) -> None:
    """Ask the vendor whether other connections still have the accounts that seem to be listed here.

    A person who connects a bank again is often quicker than the news that the old connection is
    gone; without this the old account would look like a second one.
    """
    listed_ids = {record.id for record in listed.records}
    links = AccountLink.objects.for_tenant(member.tenant).filter(member=member, ended_at=None)
    if listed_ids <= set(links.values_list("vendor_account_id", flat=True)):
        return  # as most imports: nothing is new
    accounts = known_accounts(member.vendor_user)
    rivals: dict[str, Member] = {}
    for record in listed.records:
        if record.id in accounts.by_vendor_id:
            continue
        for link in accounts.resembling(account_identity.traits_of_record(record, member)):
            if link.ended_at is None and link.member_id not in (None, member.pk):
                rivals[link.vendor_member_id] = link.connection
    if not rivals:
        return
    with suppress(VendorError):
        user_id = str(member.vendor_user.vendor_user_id)
        present = {row.id for row in vendor.list_members(user_id=user_id).records}
        for vendor_member_id, rival in rivals.items():
            if vendor_member_id in present:
                listing = vendor.list_accounts(user_id=user_id, member_id=vendor_member_id)
                end_missing_links(vendor, rival, listing)
            else:
                missing_connections.mark_missing(rival)
