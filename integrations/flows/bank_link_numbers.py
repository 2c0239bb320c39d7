"""Store the account numbers of a connection as bank links.

A number belongs to one bank link of its owner for as long as it lives: after a reconnect, when the
vendor's account has a new id, the link goes on under its id.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from re import fullmatch
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from integrations.flows import (
    account_links,
    bank_link_holders,
    bank_link_state,
    connections,
    record_mapping,
)
from integrations.models import Member, VendorUser, VerifiedLink
from integrations.vendors import records
from nucleus.encryption import DecryptionFailed
from nucleus.masking import mask
from nucleus.models import AggregationAccount, BankLink
from nucleus.models.bank_links import ACCOUNT_NUMBER, HOLDER_SOURCE, UnverifiedReason
from nucleus.writes.bank_links import mark_account_verified, save_bank_link

ONLY_DEMAND_DEPOSITS = "Only checking and savings accounts verify."
ACCOUNT_CLOSED = "The bank has closed this account."
NUMBER_INCOMPLETE = "The vendor sent an incomplete number."
NUMBER_INVALID = "The vendor's check of this number failed, so it must not be paid to."
NUMBER_OUTDATED = (
    "The bank has replaced this number and the vendor has not verified the new one yet. A widget "
    "link with mode=iav lets the user verify the account again."
)
ACCOUNT_STAYS = "Only the tenant's own token changes the account_id of a verified bank link."
# Links that are verified again without being asked as soon as their number is there again …
RESTORABLE = (
    UnverifiedReason.ACCOUNT_CLOSED,
    UnverifiedReason.ACCOUNT_MISSING,
    UnverifiedReason.CONNECTION_MISSING,
    UnverifiedReason.NUMBER_REPLACED,
    UnverifiedReason.NUMBER_INVALID,
)
# … also under another account of the vendor, because it took theirs away.
LOST = (UnverifiedReason.ACCOUNT_MISSING, UnverifiedReason.CONNECTION_MISSING)


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


@contextmanager
def locked(member: Member) -> Iterator[Member]:
    """The current row of the connection, locked together with its owner's vendor user.

    Two connections of one owner take turns, so that both cannot store the same number. Raises
    ConnectionGone.
    """
    with transaction.atomic():
        VendorUser.unscoped.select_for_update().filter(pk=member.vendor_user_id).first()
        yield connections.lock(member)


@dataclass(frozen=True, slots=True)
class NumberWriter:
    """Stores account numbers of a connection, under the lock of its owner.

    Args:
        listed: the connection's accounts.
        holders: the holders' names by the vendor's account id.
        is_requested: somebody asked for the verification. Otherwise only accounts are verified
            that were verified before, and nothing that the tenant has undone is done again.
    """

    member: Member
    listed: records.Batch[records.Account]
    holders: Mapping[str, list[str]]
    tenant_account: TenantAccount | None = None
    is_requested: bool = True

    def store(self, numbers: Iterable[records.AccountNumber]) -> list[BankLinkOutcome]:
        """Store the numbers; those that an account does not have any more are unverified."""
        accounts = {account.id: account for account in self.listed.records}
        by_account: dict[str, list[records.AccountNumber]] = {}
        for number in numbers:
            by_account.setdefault(number.account_id, []).append(number)
        outcomes = []
        for account_id, rows in by_account.items():
            account = accounts.get(account_id)
            if account is None or not account.can_verify:
                outcomes += [BankLinkOutcome(None, ONLY_DEMAND_DEPOSITS)] * len(rows)
            elif account.is_closed:
                links = bank_link_state.of_vendor_account(self.member.vendor_user, account_id)
                bank_link_state.unverify(links, UnverifiedReason.ACCOUNT_CLOSED)
                outcomes += [BankLinkOutcome(None, ACCOUNT_CLOSED)] * len(rows)
            else:
                outcomes += self._store_account(account, rows)
        return outcomes

    def _store_account(
        self, account: records.Account, numbers: Sequence[records.AccountNumber]
    ) -> list[BankLinkOutcome]:
        readable = [row for row in numbers if fullmatch(ACCOUNT_NUMBER, row.account_number)]
        complete = [row for row in readable if row.is_valid]
        invalid = [row for row in readable if not row.is_valid]
        outcomes = [BankLinkOutcome(None, NUMBER_INCOMPLETE)] * (len(numbers) - len(readable))
        outcomes += [BankLinkOutcome(None, NUMBER_INVALID)] * len(invalid)
        related = account_links.account_of(self.member, account.id)
        earlier = self._earlier_links(account, related)
        verified_before = {link.pk for link in earlier if link.is_link_verified}
        stored: list[BankLink] = []
        for number in complete:
            link = self._find(account, number, earlier)
            if link is not None and _is_outdated(link, account):
                bank_link_state.unverify_link(link, UnverifiedReason.NUMBER_REPLACED)
                outcomes.append(BankLinkOutcome(None, NUMBER_OUTDATED))
            elif self._may_store(link, earlier):
                stored_link, message = self._store_number(account, number, link, earlier)
                outcomes.append(BankLinkOutcome(stored_link, message))
                stored.append(stored_link)
        if related is not None:
            self._relate(related, stored, earlier, verified_before)
        for link in earlier:
            if any(_has_number(link, number) for number in invalid):
                bank_link_state.unverify_link(link, UnverifiedReason.NUMBER_INVALID)
            elif complete and not any(_has_number(link, number) for number in complete):
                bank_link_state.unverify_link(link, UnverifiedReason.NUMBER_REPLACED)
        return outcomes

    def _earlier_links(
        self, account: records.Account, related: AggregationAccount | None
    ) -> list[BankLink]:
        """The bank links of the account under all its numbers, oldest first; locked.

        That of an aggregation account that is continued under another account of the vendor is one.
        """
        verified = (
            bank_link_state.of_vendor_account(self.member.vendor_user, account.id)
            .select_related("bank_link")
            .select_for_update(of=("self", "bank_link"))
            .order_by("bank_link_id")
        )
        links = {row.bank_link_id: row.bank_link for row in verified}
        before = related.bank_link if related else None
        if before is not None and before.unverified_reason in LOST:
            links.setdefault(before.pk, before)
        return sorted(links.values(), key=lambda link: link.create_date)

    def _find(
        self, account: records.Account, number: records.AccountNumber, earlier: Sequence[BankLink]
    ) -> BankLink | None:
        """The bank link of the owner that has this number, unless it is of another account."""
        own = next((link for link in earlier if _has_number(link, number)), None)
        if own is not None:
            return own
        present = {row.id for row in self.listed.records} | {row.id for row in self.listed.rejected}
        occupied = VerifiedLink.unscoped.filter(
            member__vendor_user=self.member.vendor_user, vendor_account_id__in=present
        )
        links = (
            BankLink.objects.for_tenant(self.member.tenant)
            .filter(**self.member.vendor_user.owner.reference, metadata__has_key=HOLDER_SOURCE)
            .exclude(pk__in=occupied.values("bank_link_id"))
            .select_for_update()
            .order_by("create_date", "id")
        )
        same = [link for link in links if _may_have_number(link, number)]
        traits = (account.name, account.kind)  # numbers of accounts that share one
        same.sort(key=lambda link: (link.bank_account_name, link.type) != traits)
        return next(iter(same), None)

    def _may_store(self, link: BankLink | None, earlier: Sequence[BankLink]) -> bool:
        if self.is_requested:
            return True
        if link is None:
            return any(row.is_link_verified or _is_restorable(row) for row in earlier)
        return link in earlier or link.unverified_reason in LOST

    def _store_number(
        self,
        account: records.Account,
        number: records.AccountNumber,
        link: BankLink | None,
        earlier: Sequence[BankLink],
    ) -> tuple[BankLink, str | None]:
        """Update the bank link with this number, or create it; with a message for the caller."""
        names = self.holders.get(account.id, [])
        is_new = link is None
        if link is None:
            link = self._new_bank_link(number, earlier)
            names = names or bank_link_holders.confirmed_names(earlier)
        columns = record_mapping.bank_link_columns(account, self.member, link)
        columns |= bank_link_holders.holder_columns(link, names)
        columns["mask"] = mask(number.account_number)
        was_verified = link.is_link_verified
        if self.is_requested or is_new or _is_restorable(link):
            columns |= {"is_active": True, "is_link_verified": True, "unverified_reason": None}
            if not was_verified:
                columns["link_verified_date"] = timezone.now().date()
        message = None
        if self.tenant_account and self.tenant_account.id != link.account_id:
            if is_new or not self.tenant_account.named_by_client:
                columns["account_id"] = self.tenant_account.id
            else:
                message = ACCOUNT_STAYS
        save_bank_link(link, columns)
        self._attach(link, account)
        if link.is_link_verified and not was_verified:
            bank_link_state.emit_verified(link)
        return link, message

    def _new_bank_link(
        self, number: records.AccountNumber, earlier: Sequence[BankLink]
    ) -> BankLink:
        return BankLink(
            tenant=self.member.tenant,
            **self.member.vendor_user.owner.reference,
            account_id=next((link.account_id for link in reversed(earlier)), None),
            bank_account_number=number.account_number,
            routing=number.routing,
            metadata=dict(number.metadata),
        )

    def _attach(self, link: BankLink, account: records.Account) -> None:
        """Store that the bank link comes from this account of this connection."""
        columns: dict[str, Any] = {"member_id": self.member.pk, "vendor_account_id": account.id}
        if account.mask and account.mask == link.mask:
            columns["listed_mask"] = account.mask
        row = VerifiedLink.unscoped.filter(bank_link=link)
        if not row.exists():
            VerifiedLink.unscoped.create(tenant=self.member.tenant, bank_link=link, **columns)
        else:
            row.exclude(**columns).update(update_date=timezone.now(), **columns)

    def _relate(
        self,
        account: AggregationAccount,
        stored: Sequence[BankLink],
        earlier: Sequence[BankLink],
        verified_before: Container[UUID],
    ) -> None:
        """State that the aggregation account is paid through one of the stored links.

        Without a request, a bank link of the tenant's own choice stays.
        """
        before = account.bank_link
        verified = [link for link in stored if link.is_link_verified]
        chosen = next((link for link in verified if link == before), None)
        is_free = before is None or before in earlier or before.unverified_reason is not None
        if chosen is None and verified and (self.is_requested or is_free):
            chosen = verified[0]
        if chosen is None:
            return
        if self.is_requested or chosen != before or chosen.pk not in verified_before:
            mark_account_verified(account, chosen)


def _is_outdated(link: BankLink, account: records.Account) -> bool:
    row = VerifiedLink.unscoped.filter(bank_link=link).select_related("bank_link").first()
    return row is not None and bank_link_state.has_another_number(row, account.mask)


def _is_restorable(link: BankLink) -> bool:
    return link.unverified_reason in RESTORABLE


def _has_number(link: BankLink, number: records.AccountNumber) -> bool:
    """Whether the link has this number, however it is punctuated."""
    own = (link.bank_account_number, link.routing)
    return _compact(*own) == _compact(number.account_number, number.routing)


def _compact(*numbers: str) -> list[str]:
    return ["".join(filter(str.isalnum, number)).casefold() for number in numbers]


def _may_have_number(link: BankLink, number: records.AccountNumber) -> bool:
    """Likewise; False for a link whose numbers are damaged."""
    try:
        return _has_number(link, number)
    except DecryptionFailed:
        return False
