"""What a vendor listed of an account and could not be stored: kept on the account's link for staff.

A complete read replaces the items of its kind, so the list is empty again when all is well.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Collection, Iterable
from typing import TypedDict

from integrations.models import AccountLink
from integrations.vendors import records

logger = logging.getLogger(__name__)
MAX_ITEMS = 20  # of one account, of all kinds together


class Kind(enum.StrEnum):
    """What an item would have become."""

    ACCOUNT = "account"
    TRANSACTION = "transaction"
    HOLDING = "holding"


class Item(TypedDict):
    """One item; `id` is the vendor's."""

    kind: str
    id: str | None
    reason: str


def replace(link: AccountLink, kind: Kind, rejected: Iterable[records.RejectedItem]) -> None:
    """Keep these items as those of this kind; nothing is written if they are kept already."""
    items: list[Item] = [item for item in link.rejected_items if item["kind"] != kind]
    items += [Item(kind=kind.value, id=item.id, reason=item.reason) for item in rejected]
    items = sorted(items, key=lambda item: item["kind"])[:MAX_ITEMS]
    if items != link.rejected_items:
        link.rejected_items = items
        link.save(update_fields=["rejected_items", "update_date"])


def are_none(link: AccountLink, kind: Kind, rejected: Collection[records.RejectedItem]) -> bool:
    """Whether there are no items of this kind, neither new ones nor kept ones."""
    return not rejected and all(item["kind"] != kind for item in link.rejected_items)


def replace_accounts(
    links: Iterable[AccountLink], rejected: Collection[records.RejectedItem]
) -> None:
    """Keep, on the link of each account, whether the vendor's listing could not represent it.

    An account without a link is only logged: there is nothing yet that it belongs to.
    """
    links = list(links)
    unlinked = {item.id for item in rejected} - {link.vendor_account_id for link in links}
    if unlinked:
        logger.warning("accounts that the vendor listed cannot be stored: %d", len(unlinked))
    for link in links:
        own = [item for item in rejected if item.id == link.vendor_account_id]
        replace(link, Kind.ACCOUNT, own)
