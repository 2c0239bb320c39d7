"""The holders of bank links: what the bank says, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from integrations.vendors import capabilities
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError
from nucleus.models import BankLink
from nucleus.models.bank_links import (
    HOLDER_PREFIX,
    HOLDER_SOURCE,
    MAX_HOLDERS,
    OMITTED_HOLDERS,
    HolderSource,
)


def read_holders(vendor: Vendor, *, user_id: str, member_id: str) -> dict[str, list[str]]:
    """The holders' names by the vendor's account id; empty if the vendor does not identify them.

    Identification is a product of its own, so a verification does not fail without it. The client's
    name is no substitute: the bank has not confirmed it.
    """
    if not capabilities.supports(vendor, capabilities.IDENTIFICATION):
        return {}
    try:
        owners = capabilities.require(vendor, capabilities.IDENTIFICATION).list_account_owners(
            user_id=user_id, member_id=member_id
        )
    except VendorError:
        return {}
    names: dict[str, dict[str, str]] = {}
    for owner in owners.records:
        if name := " ".join(owner.name.split()):
            names.setdefault(owner.account_id, {}).setdefault(name.casefold(), name)
    return {account_id: list(by_key.values()) for account_id, by_key in names.items()}


def holder_columns(link: BankLink, names: Sequence[str]) -> dict[str, object]:
    """The columns of the holder and its provenance.

    A holder from the bank or the tenant is kept until the bank names another one. The order of
    joint holders is kept while they are the same.
    """
    source = link.metadata.get(HOLDER_SOURCE)
    if not names and source in (HolderSource.BANK, HolderSource.TENANT):
        return {}
    kept = names[:MAX_HOLDERS]
    if source == HolderSource.BANK and set(kept) == set(confirmed_names([link])):
        kept = confirmed_names([link])
    metadata = {
        name: value for name, value in link.metadata.items() if not name.startswith(HOLDER_PREFIX)
    }
    for position, name in enumerate(kept[1:], 2):
        metadata[f"{HOLDER_PREFIX}{position}"] = name
    if len(names) > MAX_HOLDERS:
        metadata[OMITTED_HOLDERS] = str(len(names) - MAX_HOLDERS)
    source = HolderSource.BANK if names else HolderSource.NOT_CONFIRMED
    metadata[HOLDER_SOURCE] = source.value
    return {"bank_account_holder": kept[0] if kept else "", "metadata": metadata}


def confirmed_names(links: Iterable[BankLink]) -> list[str]:
    """The holders that the bank last confirmed for an account, under one of its numbers.

    Args:
        links: those of the account, oldest first.
    """
    for link in reversed(list(links)):
        if link.metadata.get(HOLDER_SOURCE) == HolderSource.BANK:
            positions = range(2, MAX_HOLDERS + 1)
            others = (link.metadata.get(f"{HOLDER_PREFIX}{position}") for position in positions)
            return [link.bank_account_holder, *(name for name in others if name)]
    return []
