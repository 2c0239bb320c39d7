"""What may be written to bank links, and to accounts that are paid through them."""

from __future__ import annotations

from re import fullmatch
from typing import Any
from unicodedata import normalize

from nucleus.masking import mask, masked
from nucleus.models import AggregationAccount, BankLink
from nucleus.models.bank_links import (
    ACCOUNT_NUMBER,
    HOLDER_PREFIX,
    HOLDER_SOURCE,
    ROUTING_PARTS,
    HolderSource,
)
from nucleus.writes.refusals import Columns, Refusal

NUMBERS = ("bank_account_number", "routing", "routing_wire")
PLAIN_HOLDER_PREFIX = HOLDER_PREFIX.replace("_", "")


def unverified_refusal(row: Any, item: Columns) -> Refusal | None:
    """Why the item cannot declare verified what the gateway knows to be verified no more.

    Args:
        row: a record, such as a bank link or an account that is paid through one.
    """
    link: BankLink | None = None
    claims: list[str] = []
    if isinstance(row, BankLink):
        link = row
        claims = [name for name in ("is_link_verified", "is_active") if item.get(name)]
    elif isinstance(row, AggregationAccount):
        is_claimed = item.get("is_link_verified", row.is_link_verified)
        names = ("is_link_verified", "bank_link_id") if is_claimed else ()
        claims = [
            name for name in names if item.get(name, getattr(row, name)) != getattr(row, name)
        ]
        if row._state.adding and is_claimed and item.get("bank_link_id"):
            claims = ["is_link_verified"]
        link_id = item.get("bank_link_id", row.bank_link_id)
        link = BankLink.unscoped.filter(pk=link_id).first() if claims and link_id else None
    if not claims or link is None or link.unverified_reason is None:
        return None
    message = (
        f"This bank link is not verified any more ({link.unverified_reason}). "
        "POST /integration/v1/iav verifies it again while its number is the bank's."
    )
    return Refusal({claims[0]: [message]})


def was_verified(row: Any) -> bool:
    """Whether the gateway or the tenant has verified the row, and the tenant has not undone it."""
    return bool(getattr(row, "is_link_verified", False) or getattr(row, "unverified_reason", None))


def holder_refusal(row: BankLink, item: Columns) -> Refusal | None:
    """Why `metadata` is refused; callers must not set the gateway's own members about holders."""
    for name, value in item.get("metadata", {}).items():
        if _is_holder_name(name) and (row._state.adding or value != row.metadata.get(name)):
            message = f"Only the gateway writes {name}; leave it out."
            return Refusal({"metadata": [message]})
    return None


def _is_holder_name(name: str) -> bool:
    """Whether the name can be mistaken for one of the gateway's, in whatever spelling."""
    plain = "".join(filter(str.isalnum, normalize("NFKC", name).casefold()))
    is_alike = plain.startswith(PLAIN_HOLDER_PREFIX) and plain != PLAIN_HOLDER_PREFIX
    return is_alike or name.startswith(HOLDER_PREFIX)


def new_columns(item: Columns) -> Columns | Refusal:
    """The columns of a new bank link."""
    for name in NUMBERS:
        if name in item and not fullmatch(ACCOUNT_NUMBER, item[name]):
            return Refusal({name: ["Use the whole number: digits, letters, spaces, . and -."]})
    if not item["bank_account_holder"]:
        return Refusal({"bank_account_holder": ["This field may not be blank."]})
    return {"mask": mask(item["bank_account_number"])} | item


def changed_columns(
    row: BankLink, item: Columns, *, confined: bool, sees_numbers: bool
) -> Columns | Refusal:
    """Refuse changed numbers; they may be repeated as responses show them, masked or whole.

    A caller who does not see the numbers must not be able to find them out by trying, either.
    The parts of a routing number in `metadata` do not change either; not every caller sees them.
    """
    changed = {name: value for name, value in item.items() if name not in NUMBERS}
    for name in NUMBERS:
        stored = getattr(row, name)
        readable = (stored, masked(stored)) if sees_numbers else (masked(stored),)
        if name in item and item[name] not in readable:
            message = "The numbers of a bank link never change. Create a new bank link instead."
            return Refusal({name: [message]})
    for name, stored in row.metadata.items():
        if name.endswith(ROUTING_PARTS) and "metadata" in item:
            changed["metadata"][name] = stored
    if item.get("bank_account_holder", row.bank_account_holder) == row.bank_account_holder:
        return changed
    if not item["bank_account_holder"]:
        return Refusal({"bank_account_holder": ["This field may not be blank."]})
    if HOLDER_SOURCE in row.metadata:
        rest = changed.get("metadata", row.metadata).items()
        source = HolderSource.CLIENT if confined else HolderSource.TENANT
        changed["metadata"] = {
            name: value for name, value in rest if not name.startswith(HOLDER_PREFIX)
        } | {HOLDER_SOURCE: source.value}
    return changed
