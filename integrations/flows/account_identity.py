"""Which aggregation account a vendor's account is; no I/O.

An aggregation account is one real account of one owner for as long as it lives. The vendor's ids
are those of a connection: a person who connects the same bank again gets new ones. Rules, in this
order:

1. the account that was linked to this vendor account before;
2. the only account without a current link that has the same institution, number, type, currency
   and name, if no other listed account has them too;
3. a new account. Accounts that look like it become possible duplicates, for people to decide.

An account that was merged into another one stands for that one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from integrations.flows import record_mapping
from integrations.models import AccountLink, Member
from integrations.vendors import records
from nucleus.models import AggregationAccount


@dataclass(frozen=True, slots=True)
class Traits:
    """What an account is at its bank, as far as the vendor tells. `mask` ends its number."""

    institution_id: UUID | None
    mask: str | None
    category: str
    subcategory: str | None
    currency_code: str | None  # None: not stated
    name: str

    def are_those_of(self, other: Traits) -> bool:
        """Whether both are the same account; without institution and number nobody knows."""
        if self.institution_id is None or not self.mask:
            return False
        return self == (other if self.currency_code else replace(other, currency_code=None))

    def resemble(self, other: Traits, *, is_lost: bool = False) -> bool:
        """Whether both may be the same account: renamed, renumbered, or without a number.

        Args:
            is_lost: no connection has the other account now, so it may have another number.
        """
        if self.institution_id != other.institution_id:
            return False
        if self.currency_code and other.currency_code and self.currency_code != other.currency_code:
            return False
        if self.category != other.category:
            return False
        if self.mask and other.mask and not is_lost:
            return self.mask == other.mask
        is_renamed = bool(self.mask) and self.mask == other.mask
        return is_renamed or self.name == other.name


def traits_of_account(account: AggregationAccount) -> Traits:
    return Traits(
        institution_id=account.institution_id,
        mask=account.mask,
        category=account.category,
        subcategory=account.subcategory,
        currency_code=account.currency_code,
        name=_comparable(account.account_name),
    )


def listed_as(record: records.Account) -> dict[str, str | None]:
    """What a link remembers of its account, to know it again."""
    return {
        "name": record.name,
        "mask": record.mask,
        "category": record.category,
        "subcategory": record.subcategory,
        "currency_code": record_mapping.stated_currency(record.currency_code),
    }


def traits_of_link(link: AccountLink) -> Traits:
    """The traits of the account as the vendor last listed it under this link."""
    traits = traits_of_account(link.aggregation_account)
    if not link.listed_as:  # linked by a version that did not remember them
        return traits
    listed = dict(link.listed_as)
    return replace(
        traits,
        mask=listed["mask"],
        category=listed["category"],
        subcategory=listed["subcategory"],
        currency_code=listed["currency_code"] or traits.currency_code,
        name=_comparable(listed["name"]),
    )


def traits_of_record(record: records.Account, member: Member) -> Traits:
    return Traits(
        institution_id=member.institution_id,
        mask=record.mask,
        category=record.category,
        subcategory=record.subcategory,
        currency_code=record_mapping.stated_currency(record.currency_code),
        name=_comparable(record.name),
    )


def _comparable(name: str) -> str:
    return " ".join(name.split()).casefold()


@dataclass(slots=True)
class KnownAccounts:
    """The accounts of one owner that one vendor has provided, by their latest links."""

    latest: dict[UUID, AccountLink] = field(default_factory=dict)  # by aggregation account
    by_vendor_id: dict[str, AccountLink] = field(default_factory=dict)

    @classmethod
    def of_links(cls, links: Iterable[AccountLink]) -> KnownAccounts:
        """Sort the links of an owner, given with the oldest first."""
        accounts = cls()
        for link in links:
            account_id = link.aggregation_account_id
            earlier = accounts.latest.get(account_id)
            if earlier is None or earlier.ended_at is not None:
                accounts.latest[account_id] = link
            earlier = accounts.by_vendor_id.get(link.vendor_account_id)
            if earlier is None or earlier.ended_at is not None:
                accounts.by_vendor_id[link.vendor_account_id] = link
        return accounts

    def without_link(self) -> list[AccountLink]:
        """The last links of accounts that have no current one."""
        return [link for link in self.latest.values() if link.ended_at]

    def resembling(self, traits: Traits) -> list[AccountLink]:
        """The latest links of accounts that may be the one with these traits."""
        return [
            link
            for link in self.latest.values()
            if traits.resemble(traits_of_link(link), is_lost=link.ended_at is not None)
        ]


def find_counterparts(
    traits_by_id: dict[str, Traits], accounts: KnownAccounts
) -> dict[str, AccountLink]:
    """Rule 2 for the vendor's accounts that rule 1 does not find.

    Args:
        traits_by_id: of those accounts, by the vendor's id.

    Returns the last link of the account that goes on, by the vendor's id; ambiguous ones are not
    in it.
    """
    lost: dict[UUID, AccountLink] = {}
    for link in accounts.without_link():
        lost.setdefault(
            link.aggregation_account.merged_into_id or link.aggregation_account_id, link
        )
    pairs = [
        (vendor_id, account_id)
        for vendor_id, traits in traits_by_id.items()
        for account_id, link in lost.items()
        if traits.are_those_of(traits_of_link(link))
    ]
    times_listed = Counter(account_id for _, account_id in pairs)
    times_lost = Counter(vendor_id for vendor_id, _ in pairs)
    return {
        vendor_id: lost[account_id]
        for vendor_id, account_id in pairs
        if times_listed[account_id] == times_lost[vendor_id] == 1
    }
