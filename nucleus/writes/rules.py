"""What may be written to a record, beyond what each of its fields accepts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Model

from nucleus import iso_codes
from nucleus.masking import mask
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
from nucleus.models.ledger import BANK_CREDIT, AccountEntry
from nucleus.writes import bank_link_rules, transactions
from nucleus.writes.refusals import Columns, Refusal

_REFERENCES_OF_ENTRIES: dict[str, type[Model]] = {"aggregation_account_id": AggregationAccount}
REFERENCES: dict[type[Model], dict[str, type[Model]]] = {  # column → model it refers to
    AggregationAccount: {
        "client_id": Client,
        "business_id": Business,
        "institution_id": Institution,
        "bank_link_id": BankLink,
    },
    AggregationAccountBalance: _REFERENCES_OF_ENTRIES,
    AggregationAccountTransaction: _REFERENCES_OF_ENTRIES | {"merchant_id": Merchant},
    AggregationAccountHolding: _REFERENCES_OF_ENTRIES,
    BankLink: {"client_id": Client, "business_id": Business, "institution_id": Institution},
}
OWNER_COLUMNS = ("client_id", "business_id", "aggregation_account_id")
VERIFIED_COLUMNS = (  # of a verified account: the client cannot change them itself
    "bank_link_id", "account_holder", "account_number", "mask", "account_name", "institution_id",
    "institution_name", "category", "subcategory", "currency_code", "secondary_id",
)  # fmt: skip
CLIENT_COLUMNS: dict[type[Model], tuple[str, ...]] = {  # a client's preferences, on any record
    AggregationAccount: ("account_category_id",),
    AggregationAccountTransaction: ("is_excluded_analysis", "transaction_category_id"),
    BankLink: ("is_default",),  # of a verified one: payments rely on everything else
}
NOT_MANUAL = (
    "This account is maintained by the tenant or a vendor. A client token can only write to "
    "accounts that are `is_manual`."
)
MAX_METADATA_MEMBERS = 100  # a PUT adds to those stored
PARTS = ("cash", "investment")


def checked(row: Any, item: Columns, *, confined: bool, sees_numbers: bool) -> Columns | Refusal:
    """The columns to write to `row`, which may be new, or the refusal.

    Args:
        confined: the writer has a client token.
        sees_numbers: the writer may read full account numbers.
    """
    if isinstance(row, BankLink) and (refusal := bank_link_rules.holder_refusal(row, item)):
        return refusal
    if not row._state.adding and "metadata" in item:  # members not sent stay
        item = item | {"metadata": row.metadata | item["metadata"]}
    if refusal := change_refusal(row, confined=confined) or _general_refusal(
        row, item, confined=confined
    ):
        return refusal
    if refusal := _currency_refusal(row, item) or bank_link_rules.unverified_refusal(row, item):
        return refusal
    if isinstance(row, AggregationAccount):
        return _account_columns(row, item)
    if isinstance(row, AggregationAccountTransaction):
        item = transactions.with_booking_date(row, item)
        return item if row._state.adding else _transaction_changes(row, item)
    if isinstance(row, BankLink):
        if row._state.adding:
            return bank_link_rules.new_columns(item)
        return bank_link_rules.changed_columns(
            row, item, confined=confined, sees_numbers=sees_numbers
        )
    return item


def _general_refusal(row: Any, item: Columns, *, confined: bool) -> Refusal | None:
    """Why the item is refused by a rule for all kinds of records."""
    for name in OWNER_COLUMNS:
        if not row._state.adding and name in item and item[name] != getattr(row, name):
            return Refusal(
                {name: ["A record cannot be moved to another owner or account. Create a new one."]}
            )
    if confined and (column := _column_of_others(row, item)):
        return Refusal({column: [NOT_MANUAL]}, kind="forbidden")
    if confined and (column := _verification_column(row, item)):
        message = f"{column}: only the tenant's own token can set or change what is verified."
        return Refusal({column: [message]}, kind="forbidden")
    if "metadata" in item and len(item["metadata"]) > max(MAX_METADATA_MEMBERS, len(row.metadata)):
        message = f"At most {MAX_METADATA_MEMBERS} members, including the stored ones."
        return Refusal({"metadata": [message]})
    return None


def _currency_refusal(row: Any, item: Columns) -> Refusal | None:
    """Why a code in the item is refused, if it is.

    The code that the row already has may be repeated, because vendors use codes of their own.
    """
    changed = {name for name, value in item.items() if value != getattr(row, name)}
    if "currency_code" in changed and not iso_codes.is_currency(item["currency_code"]):
        message = "Use a currency code of ISO 4217 such as USD; GET /resource/currency lists them."
        return Refusal({"currency_code": [message]})
    return None


def deletion_refusal(row: Any, *, confined: bool) -> Refusal | None:
    """Why the row must not be deleted; None if it may be."""
    if confined and (account := _account_of(row)) and not account.is_manual:
        return Refusal({"id": [NOT_MANUAL]}, kind="forbidden")
    if confined and isinstance(row, BankLink) and bank_link_rules.was_verified(row):
        message = "Only the tenant's own token can delete a verified bank link."
        return Refusal({"id": [message]}, kind="forbidden")
    return change_refusal(row, confined=confined)


def change_refusal(row: Any, *, confined: bool) -> Refusal | None:
    """Why the row must not be changed; None if it may be.

    Only institutions can be visible to a writer who must not change them.
    """
    if not isinstance(row, Institution):
        return None
    if row.tenant_id is None:
        message = "This institution comes from a vendor and is shared; it cannot be changed."
        return Refusal({"id": [message]}, kind="forbidden")
    if confined:
        message = "This token is confined to one client; institutions are the tenant's."
        return Refusal({"id": [message]}, kind="forbidden")
    return None


def with_unique_codes(
    tenant: Tenant, targets: Sequence[Any], items: Sequence[Columns | Refusal]
) -> list[Columns | Refusal]:
    """Institutions to write, or why one has the code of another institution of the tenant."""
    codes = [item["code"] for item in items if isinstance(item, dict) and item.get("code")]
    rows = Institution.objects.filter(tenant=tenant, code__in=codes)
    holders: dict[str | None, Any] = dict(rows.values_list("code", "pk"))  # code → row or position
    outcomes: list[Columns | Refusal] = []
    for position, (row, item) in enumerate(zip(targets, items, strict=True)):
        code = item.get("code") if isinstance(item, dict) else None
        holder = row.pk if row else position
        if code and holders.setdefault(code, holder) != holder:
            item = Refusal({"code": ["Another institution of yours has this code."]})  # noqa: PLW2901
        outcomes.append(item)
    return outcomes


def _account_of(row: Any) -> AggregationAccount | None:
    """The account that a stored row is or belongs to."""
    if row._state.adding:
        return None
    if isinstance(row, AggregationAccount):
        return row
    return row.aggregation_account if isinstance(row, AccountEntry) else None


def _column_of_others(row: Any, item: Columns) -> str | None:
    """The changed column that a client token must not change; None if there is none."""
    account = _account_of(row)
    if account is None:
        return None
    changed = [name for name, value in item.items() if value != getattr(row, name)]
    if account.is_manual:
        return "is_manual" if "is_manual" in changed else None
    client_columns = CLIENT_COLUMNS.get(type(row), ())
    return next((name for name in changed if name not in client_columns), None)


def _verification_column(row: Any, item: Columns) -> str | None:
    """The column in which the item sets or changes what is verified; None if there is none."""
    names: tuple[str, ...] = ("is_link_verified", "link_verified_date")
    if bank_link_rules.was_verified(row):
        if isinstance(row, BankLink):  # its numbers may be repeated masked; see bank_link_rules
            names += tuple(item.keys() - {*CLIENT_COLUMNS[BankLink], *bank_link_rules.NUMBERS})
        else:
            names += VERIFIED_COLUMNS
    for name in names:
        if name in item and item[name] != getattr(row, name):
            return name
    return None


def _account_columns(row: AggregationAccount, item: Columns) -> Columns | Refusal:
    if row.merged_into_id is not None and item.get("is_active"):
        message = f"This account was merged into {row.merged_into_id}. Undo the merge instead."
        return Refusal({"is_active": [message]})
    if number := item.get("account_number"):
        return {"mask": mask(number)} | item
    return item


def _transaction_changes(row: AggregationAccountTransaction, item: Columns) -> Columns | Refusal:
    """The columns of a change, which keeps the kind of the transaction and members not sent."""
    kind = next((name for name in PARTS if getattr(row, name)), "bank_credit")
    changed = dict(item)
    for name in PARTS:
        if name in item and name != kind:
            return Refusal({name: [f"This transaction is a {kind}. Create a new one."]})
        if name in item:
            changed[name] = getattr(row, name) | item[name]
    if kind != "bank_credit" and any(name in item for name in BANK_CREDIT):
        return Refusal({"bank_credit": [f"This transaction is a {kind}. Create a new one."]})
    return changed
