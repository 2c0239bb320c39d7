"""Records that tenants write themselves: created, changed and deleted, one or many at a time.

An item is a dict of columns, or the Refusal of an earlier check. Outcomes are rows or refusals, in
the order of the items. The number of queries does not depend on the number of items created.
Writers of one aggregation account wait for each other, retrievals included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from nucleus.encryption import EncryptedTextField
from nucleus.models import (
    AggregationAccount,
    BankLink,
    Client,
    Institution,
    Tenant,
)
from nucleus.models.ledger import AccountEntry
from nucleus.writes import references, rules
from nucleus.writes.bank_links import mark_accounts_unverified
from nucleus.writes.refusals import Item, Refusal

BATCH_ROWS = 500  # of one UPDATE


class Rejected(ValueError):
    """Nothing was written, because of the refusals among `outcomes`."""

    def __init__(self, outcomes: Sequence[Any]) -> None:
        super().__init__("Nothing was written.")
        self.outcomes = outcomes


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: a tenant, or one of its clients with a client token.

    `sees_numbers`: it may read full account numbers.
    """

    tenant: Tenant
    client: Client | None = None
    sees_numbers: bool = False


def create(*, writer: Writer, model: Any, items: Sequence[Item], all_or_nothing: bool) -> list[Any]:
    """Insert rows.

    Args:
        all_or_nothing: insert none if one is refused.

    Raises:
        Rejected: an item was refused, and `all_or_nothing` is set.
    """
    with transaction.atomic():
        items = [_with_owner(writer, model, item) for item in items]
        checked = _checked(writer, model, [None] * len(items), items)
        if all_or_nothing:
            _reject_refusals(checked)
        _set_default_currencies(writer, model, checked)
        rows = [
            item if isinstance(item, Refusal) else model(tenant=writer.tenant, **item)
            for item in checked
        ]
        model._base_manager.bulk_create([row for row in rows if not isinstance(row, Refusal)])
        return rows


def update(
    *,
    writer: Writer,
    rows: QuerySet[Any],
    items: Sequence[tuple[UUID | None, Item]],
    all_or_nothing: bool,
) -> list[Any]:
    """Change rows. Columns that an item does not name stay; a row without a change is not written.

    Args:
        rows: what the writer may change.
        items: ids, each with its changes.
        all_or_nothing: change none if one is refused.

    Raises:
        Rejected: an item was refused, and `all_or_nothing` is set.
    """
    with transaction.atomic():
        rows_by_id = _locked(rows, {record_id for record_id, _ in items if record_id})
        targets = [rows_by_id.get(record_id) if record_id else None for record_id, _ in items]
        checked = _checked(writer, rows.model, targets, _with_existing_ids(targets, items))
        if all_or_nothing:
            _reject_refusals(checked)
        changes: list[tuple[Any, set[str]]] = []
        for row, item in zip(targets, checked, strict=True):
            if row is not None and not isinstance(item, Refusal):
                names = {name for name, value in item.items() if getattr(row, name) != value}
                for name in names:
                    setattr(row, name, item[name])
                if names:
                    changes.append((row, names))
        _save(rows.model, changes)
        return [
            item if isinstance(item, Refusal) else row
            for row, item in zip(targets, checked, strict=True)
        ]


def delete(*, writer: Writer, rows: QuerySet[Any], ids: Sequence[UUID | None]) -> list[Any]:
    """Delete rows; returns their ids, or refusals.

    Args:
        rows: what the writer may delete.
    """
    with transaction.atomic():
        rows_by_id = _locked(rows, {record_id for record_id in ids if record_id})
        refusals = {
            pk: refusal
            for pk, row in rows_by_id.items()
            if (refusal := rules.deletion_refusal(row, confined=bool(writer.client)))
        }
        deletable_ids = [pk for pk in rows_by_id if pk not in refusals]
        if rows.model is BankLink:
            mark_accounts_unverified(deletable_ids)
        rows.model._base_manager.filter(pk__in=deletable_ids).delete()
        return [
            refusals.get(record_id, record_id)
            if record_id in rows_by_id
            else _missing_record(record_id)
            for record_id in ids
        ]


def _with_existing_ids(
    targets: Sequence[Any], items: Sequence[tuple[UUID | None, Item]]
) -> list[Item]:
    """The items, or refusals of those without a row and of those that repeat an id."""
    outcomes: list[Item] = []
    earlier_ids: set[UUID | None] = set()
    for row, (record_id, item) in zip(targets, items, strict=True):
        if isinstance(item, Refusal) or (row and record_id not in earlier_ids):
            outcomes.append(item)
        else:
            outcomes.append(_repeated_record(record_id) if row else _missing_record(record_id))
        earlier_ids.add(record_id)
    return outcomes


def _missing_record(record_id: UUID | None) -> Refusal:
    message = f"There is no record {record_id}." if record_id else "Give the id of the record."
    return Refusal({"id": [message]}, kind="missing")


def _repeated_record(record_id: UUID | None) -> Refusal:
    message = f"Record {record_id} is in this request twice; put all its changes into one item."
    return Refusal({"id": [message]})


def _reject_refusals(outcomes: Sequence[Any]) -> None:
    if any(isinstance(outcome, Refusal) for outcome in outcomes):
        raise Rejected(outcomes)


def _with_owner(writer: Writer, model: Any, item: Item) -> Item:
    """The item with its one owner. A client token need not name its client."""
    if model in (AggregationAccount, BankLink) and not isinstance(item, Refusal):
        if writer.client is not None:
            item.setdefault("client_id", writer.client.pk)
        if "client_id" not in item and "business_id" not in item:
            return Refusal({"client_id": ["Required, unless there is a business_id."]})
        if "client_id" in item and "business_id" in item:
            return Refusal({"business_id": ["Give this or client_id: a record has one owner."]})
        if writer.client and model is AggregationAccount and not item.setdefault("is_manual", True):
            return Refusal({"is_manual": [rules.NOT_MANUAL]}, kind="forbidden")
    return item


def _set_default_currencies(writer: Writer, model: Any, items: Sequence[Item]) -> None:
    """Give new rows without a currency that of their account, else the tenant's."""
    if model is Institution:
        return
    incomplete = [
        item for item in items if not isinstance(item, Refusal) and "currency_code" not in item
    ]
    account_ids: set[Any] = {item.get("aggregation_account_id") for item in incomplete} - {None}
    accounts = AggregationAccount.objects.for_tenant(writer.tenant).filter(pk__in=account_ids)
    currency_codes: dict[Any, str | None] = dict(accounts.values_list("pk", "currency_code"))
    for item in incomplete:
        code = currency_codes.get(item.get("aggregation_account_id"))
        item["currency_code"] = code or writer.tenant.currency_code


def _checked(
    writer: Writer, model: Any, targets: Sequence[Any], items: Sequence[Item]
) -> list[Item]:
    """What to write to each of `targets`, where None stands for a new row."""
    checked_items = references.with_references(writer, model, targets, items)
    if model is Institution:
        checked_items = rules.with_unique_codes(writer.tenant, targets, checked_items)
    new_row, confined = model(tenant=writer.tenant), writer.client is not None
    return [
        item
        if isinstance(item, Refusal)
        else rules.checked(
            row or new_row, item, confined=confined, sees_numbers=writer.sees_numbers
        )
        for row, item in zip(targets, checked_items, strict=True)
    ]


def _locked(rows: QuerySet[Any], ids: set[UUID]) -> dict[UUID, Any]:
    """Those of `rows` by id, locked until the transaction ends; entries after their accounts."""
    rows = rows.filter(pk__in=ids)
    if issubclass(rows.model, AccountEntry):
        account_ids = set(rows.values_list("aggregation_account_id", flat=True))
        list(references.for_update(AggregationAccount.unscoped.filter(pk__in=account_ids)))
        rows = rows.select_related("aggregation_account")
    return {row.pk: row for row in references.for_update(rows)}


def _save(model: Any, changes: Iterable[tuple[Any, set[str]]]) -> None:
    """Write the columns of those names of each row, in as few statements as possible."""
    encrypted_names = {
        field.name for field in model._meta.fields if isinstance(field, EncryptedTextField)
    }
    rows: list[Any] = []
    names: set[str] = {"update_date"}
    for row, changed_names in changes:
        row.update_date = timezone.now()
        if changed_names & encrypted_names:  # bound to their row, so one statement cannot do many
            row.save(update_fields=[*changed_names, "update_date"])
        else:
            rows.append(row)
            names |= changed_names
    if len(rows) == 1:
        rows[0].save(update_fields=names)
    elif rows:
        model._base_manager.bulk_update(rows, sorted(names), batch_size=BATCH_ROWS)
