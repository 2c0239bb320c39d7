"""Keep the bank links of a connection up to date with its imports."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import Q

from integrations import audit_context
from integrations.flows import (
    bank_link_holders,
    bank_link_numbers,
    bank_link_state,
    missing_accounts,
    record_mapping,
)
from integrations.flows.bank_link_numbers import LOST, NumberWriter
from integrations.models import Member
from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError, VendorUserError
from integrations.vendors.records import SyncScope
from nucleus.encryption import DecryptionFailed
from nucleus.models import BankLink
from nucleus.models.bank_links import HOLDER_SOURCE, UnverifiedReason
from nucleus.writes.bank_links import save_bank_link

logger = logging.getLogger(__name__)
BALANCES = ("balance", "available_balance")


def concern(member: Member) -> bool:
    """Whether bank links depend on the connection, or may go on under it after a reconnect."""
    if bank_link_state.of_connection(member).exists():
        return True
    same_institution = Q(institution=member.institution_id) | Q(institution=None)
    return (
        BankLink.objects.for_tenant(member.tenant)
        .filter(**member.vendor_user.owner.reference, unverified_reason__in=LOST)
        .filter(same_institution if member.institution_id else Q(), metadata__has_key=HOLDER_SOURCE)
        .exists()
    )


def update(
    vendor: Vendor, member: Member, listed: records.Batch[records.Account], scope: SyncScope | None
) -> None:
    """Make the bank links of a connection those of its listed accounts.

    Args:
        scope: unless it is BALANCES, the account numbers are read again; None if they have been.
    """
    if not concern(member):
        return
    _end_missing(vendor, member, listed)
    for record in listed.records:
        _follow_account(member, record)
    reads_numbers = scope not in (None, SyncScope.BALANCES)
    if reads_numbers and capabilities.supports(vendor, capabilities.VERIFICATION):
        _look_at_numbers(vendor, member, listed)


def _end_missing(vendor: Vendor, member: Member, listed: records.Batch[records.Account]) -> None:
    """Unverify the bank links of accounts that the vendor does not have any more."""
    present = {item.id for item in listed.rejected} | {record.id for record in listed.records}
    links = bank_link_state.of_connection(member).filter(bank_link__unverified_reason=None)
    account_ids = set(links.values_list("vendor_account_id", flat=True))
    for account_id in sorted(account_ids - present):
        if missing_accounts.is_gone(vendor, member, account_id):
            bank_link_state.unverify(
                bank_link_state.of_vendor_account(member.vendor_user, account_id),
                UnverifiedReason.ACCOUNT_MISSING,
            )


def _follow_account(member: Member, record: records.Account) -> None:
    """Give bank links the name, type and balances of their account, while it is open."""
    links = bank_link_state.of_vendor_account(member.vendor_user, record.id)
    if record.is_closed:
        bank_link_state.unverify(links, UnverifiedReason.ACCOUNT_CLOSED)
        return
    with transaction.atomic():
        for link in bank_link_state.lock(links):
            if bank_link_state.has_another_number(link, record.mask):
                bank_link_state.unverify_link(link.bank_link, UnverifiedReason.NUMBER_REPLACED)
                continue
            columns = record_mapping.bank_link_columns(record, member, link.bank_link)
            if not record.can_verify:  # as after an answer without a type
                columns = {name: columns[name] for name in BALANCES}
            save_bank_link(link.bank_link, columns)


def _look_at_numbers(
    vendor: Vendor, member: Member, listed: records.Batch[records.Account]
) -> None:
    """Read the account numbers again, and verify new and returned ones of verified accounts.

    If the vendor does not answer, or has no numbers, all stays as it is: that is no proof.
    """
    ids = {"user_id": str(member.vendor_user.vendor_user_id), "member_id": member.vendor_member_id}
    verifier = capabilities.require(vendor, capabilities.VERIFICATION)
    try:
        with audit_context.audit_subject(integration_type=audit_context.VERIFICATION):
            numbers = verifier.list_account_numbers(**ids)
            if not numbers.records:
                return
            holders = bank_link_holders.read_holders(vendor, **ids)
        with bank_link_numbers.locked(member) as locked:
            NumberWriter(locked, listed, holders, is_requested=False).store(numbers.records)
    except VendorUserError:
        raise
    except (VendorError, DecryptionFailed) as error:
        logger.warning("numbers of connection %s were not read again: %s", member.pk, error)
