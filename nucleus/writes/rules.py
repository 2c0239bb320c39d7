"""What may be written to a record, beyond what each of its fields accepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from re import fullmatch
from typing import Any, Literal
from unicodedata import normalize

from django.db.models import Model

from nucleus import iso_codes
from nucleus.masking import mask, masked
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
    BankLink,
    Business,
    Client,
    Institution,
    Merchant,
    Tenant,
)
from nucleus.models.bank_links import (
    ACCOUNT_NUMBER,
    HOLDER_PREFIX,
    HOLDER_SOURCE,
    ROUTING_PARTS,
    HolderSource,
)
from nucleus.models.ledger import BANK_CREDIT, AccountEntry

Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record is not written: reasons by field, and what kind of mistake it is."""

    errors: dict[str, Any]
    kind: Literal["invalid", "forbidden", "missing"] = "invalid"


_ENTRY: dict[str, type[Model]] = {"aggregation_account_id": AggregationAccount}
REFERENCES: dict[type[Model], dict[str, type[Model]]] = {  # column → what it names
    AggregationAccount: {
        "client_id": Client,
        "business_id": Business,
        "institution_id": Institution,
        "bank_link_id": BankLink,
    },
    AggregationAccountBalance: _ENTRY,
    AggregationAccountTransaction: _ENTRY | {"merchant_id": Merchant},
    AggregationAccountHolding: _ENTRY,
    BankLink: {"client_id": Client, "business_id": Business, "institution_id": Institution},
}
OWNERS = ("client_id", "business_id", "aggregation_account_id")
VERIFIED_FACTS = (  # of a verified account that the client itself keeps
    "bank_link_id", "account_holder", "account_number", "mask", "account_name", "institution_id",
    "institution_name", "category", "subcategory", "currency_code", "secondary_id",
)  # fmt: skip
CLIENTS_OWN: dict[type[Model], tuple[str, ...]] = {  # how a client wants to see what is not its own
    AggregationAccount: ("account_category_id",),
    AggregationAccountTransaction: ("is_excluded_analysis", "transaction_category_id"),
    BankLink: ("is_default",),  # of a verified one: payments rely on everything else
}
NOT_MANUAL = (
    "This account is kept by the tenant or a vendor. A client's own token writes to accounts that "
    "are `is_manual`."
)
MOST_METADATA = 100  # members; a PUT adds to what there is
NUMBERS = ("bank_account_number", "routing", "routing_wire")
PLAIN_HOLDER = HOLDER_PREFIX.replace("_", "")
PARTS = ("cash", "investment")


def checked(row: Any, item: Columns, *, confined: bool, sees_numbers: bool) -> Columns | Refusal:
    """The columns to write to `row`, which may be new, or why not.

    Args:
        confined: the writer is one client, not the tenant.
        sees_numbers: the writer may read full account numbers.
    """
    if isinstance(row, BankLink) and (refusal := _claims_holder(row, item)):
        return refusal
    if not row._state.adding and "metadata" in item:  # others' members stay
        item = item | {"metadata": row.metadata | item["metadata"]}
    if refusal := untouchable(row, confined=confined) or _refused(row, item, confined=confined):
        return refusal
    if refusal := _unknown_code(row, item):
        return refusal
    if isinstance(row, AggregationAccount):
        return _account(item)
    if isinstance(row, AggregationAccountTransaction) and not row._state.adding:
        return _changed_transaction(row, item)
    if isinstance(row, BankLink):
        if row._state.adding:
            return _new_bank_link(item)
        return _changed_bank_link(row, item, confined=confined, sees_numbers=sees_numbers)
    return item


def _refused(row: Any, item: Columns, *, confined: bool) -> Refusal | None:
    """Why no record of whatever kind can be so."""
    for name in OWNERS:
        if not row._state.adding and name in item and item[name] != getattr(row, name):
            return Refusal({name: ["A record stays where it was made; make a new one instead."]})
    if confined and (kept := _kept_by_others(row, item)):
        return Refusal({kept: [NOT_MANUAL]}, kind="forbidden")
    if confined and (claim := _claims_verification(row, item)):
        words = f"{claim}: only the tenant's own token can say or change what is verified."
        return Refusal({claim: [words]}, kind="forbidden")
    if "metadata" in item and len(item["metadata"]) > max(MOST_METADATA, len(row.metadata)):
        words = f"At most {MOST_METADATA} members, those included that are there already."
        return Refusal({"metadata": [words]})
    return None


def _unknown_code(row: Any, item: Columns) -> Refusal | None:
    """Why a code in the item is refused, if it is.

    The code that the row already has may be repeated, because vendors use codes of their own.
    """
    changed = {name for name, value in item.items() if value != getattr(row, name)}
    if "currency_code" in changed and not iso_codes.is_currency(item["currency_code"]):
        words = "Use a currency code of ISO 4217 such as USD; GET /resource/currency lists them."
        return Refusal({"currency_code": [words]})
    return None


def undeletable(row: Any, *, confined: bool) -> Refusal | None:
    """Why the row must not be deleted."""
    if confined and (account := _account_of(row)) and not account.is_manual:
        return Refusal({"id": [NOT_MANUAL]}, kind="forbidden")
    if confined and isinstance(row, BankLink) and row.is_link_verified:
        words = "Only the tenant's own token can delete what is verified."
        return Refusal({"id": [words]}, kind="forbidden")
    return untouchable(row, confined=confined)


def untouchable(row: Any, *, confined: bool) -> Refusal | None:
    """Why the row must stay as it is; only institutions can be others' than the writer's."""
    if not isinstance(row, Institution):
        return None
    if row.tenant_id is None:
        words = "This institution comes from the vendor and is shared; it cannot be changed."
        return Refusal({"id": [words]}, kind="forbidden")
    if confined:
        words = "This token is confined to one client; institutions are the tenant's."
        return Refusal({"id": [words]}, kind="forbidden")
    return None


def with_unique_codes(
    tenant: Tenant, held: Sequence[Any], items: Sequence[Columns | Refusal]
) -> list[Columns | Refusal]:
    """Institutions to write, or why one repeats the code of another one of the tenant's."""
    codes = [item["code"] for item in items if isinstance(item, dict) and item.get("code")]
    rows = Institution.objects.filter(tenant=tenant, code__in=codes)
    users: dict[str | None, Any] = dict(rows.values_list("code", "pk"))  # code → who has it
    answers: list[Columns | Refusal] = []
    for at, (row, item) in enumerate(zip(held, items, strict=True)):
        code = item.get("code") if isinstance(item, dict) else None
        own = row.pk if row else at
        if code and users.setdefault(code, own) != own:
            item = Refusal({"code": ["Another institution of yours has this code."]})  # noqa: PLW2901
        answers.append(item)
    return answers


def _account_of(row: Any) -> AggregationAccount | None:
    """The account that a stored row is or belongs to."""
    if row._state.adding:
        return None
    if isinstance(row, AggregationAccount):
        return row
    return row.aggregation_account if isinstance(row, AccountEntry) else None


def _kept_by_others(row: Any, item: Columns) -> str | None:
    """The column, if there is one, that is not for the client itself to change."""
    account = _account_of(row)
    if account is None:
        return None
    changed = [name for name, value in item.items() if value != getattr(row, name)]
    if account.is_manual:
        return "is_manual" if "is_manual" in changed else None
    own = CLIENTS_OWN.get(type(row), ())
    return next((name for name in changed if name not in own), None)


def _claims_verification(row: Any, item: Columns) -> str | None:
    """The column, if there is one, in which the item says or changes what is verified."""
    names: tuple[str, ...] = ("is_link_verified", "link_verified_date")
    if getattr(row, "is_link_verified", False):
        if isinstance(row, BankLink):  # its numbers may be repeated masked; see _changed_bank_link
            names += tuple(item.keys() - {*CLIENTS_OWN[BankLink], *NUMBERS})
        else:
            names += VERIFIED_FACTS
    for name in names:
        if name in item and item[name] != getattr(row, name):
            return name
    return None


def _claims_holder(row: BankLink, item: Columns) -> Refusal | None:
    """Who the holder is according to whom is not for any caller to say in `metadata`."""
    for name, value in item.get("metadata", {}).items():
        if _is_holders(name) and (row._state.adding or value != row.metadata.get(name)):
            words = f"{name} is written by the gateway alone; leave it out."
            return Refusal({"metadata": [words]})
    return None


def _is_holders(name: str) -> bool:
    """Whether a reader could take the name for one of the gateway's, however it is written."""
    plain = "".join(filter(str.isalnum, normalize("NFKC", name).casefold()))
    is_alike = plain.startswith(PLAIN_HOLDER) and plain != PLAIN_HOLDER
    return is_alike or name.startswith(HOLDER_PREFIX)


def _account(item: Columns) -> Columns:
    if number := item.get("account_number"):
        return {"mask": mask(number)} | item
    return item


def _changed_transaction(row: AggregationAccountTransaction, item: Columns) -> Columns | Refusal:
    """A transaction stays what it is; what is not named of it stays too."""
    kind = next((name for name in PARTS if getattr(row, name)), "bank_credit")
    changed = dict(item)
    for name in PARTS:
        if name in item and name != kind:
            return Refusal({name: [f"This transaction is a {kind}; make a new one instead."]})
        if name in item:
            changed[name] = getattr(row, name) | item[name]
    if kind != "bank_credit" and any(name in item for name in BANK_CREDIT):
        return Refusal({"bank_credit": [f"This transaction is a {kind}; make a new one instead."]})
    return changed


def _new_bank_link(item: Columns) -> Columns | Refusal:
    for name in NUMBERS:
        if name in item and not fullmatch(ACCOUNT_NUMBER, item[name]):
            return Refusal({name: ["Use the whole number: digits, letters, spaces, . and -."]})
    if not item["bank_account_holder"]:
        return Refusal({"bank_account_holder": ["This field may not be blank."]})
    return {"mask": mask(item["bank_account_number"])} | item


def _changed_bank_link(
    row: BankLink, item: Columns, *, confined: bool, sees_numbers: bool
) -> Columns | Refusal:
    """Refuse changed numbers; they may be repeated as they are answered, masked or whole.

    A caller who does not see the numbers must not be able to find them out by trying, either.
    The parts of a routing number in `metadata` do not change either; not every caller sees them.
    """
    changed = {name: value for name, value in item.items() if name not in NUMBERS}
    for name in NUMBERS:
        stored = getattr(row, name)
        answered = (stored, masked(stored)) if sees_numbers else (masked(stored),)
        if name in item and item[name] not in answered:
            words = "The numbers of a bank link never change. Make a new bank link instead."
            return Refusal({name: [words]})
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
