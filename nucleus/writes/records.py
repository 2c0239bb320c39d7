"""Records that tenants write themselves: made, changed and deleted, one or many at a time.

Items are columns by name, or a Refusal that an earlier check gave them; outcomes come in the order
of the items, each a row or a Refusal. Queries do not grow with the number of items made. Writers of
one aggregation account take turns, retrievals among them.
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
from nucleus.reads.visibility import referable_rows
from nucleus.writes import rules
from nucleus.writes.bank_links import mark_accounts_unverified
from nucleus.writes.rules import Refusal

Columns = dict[str, Any]
Item = Columns | Refusal
BATCH_ROWS = 500  # of one UPDATE


class Rejected(ValueError):
    """Nothing was written, because of the refusals among `outcomes`."""

    def __init__(self, outcomes: Sequence[Any]) -> None:
        super().__init__("Nothing was written.")
        self.outcomes = outcomes


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: a tenant, or one of its clients with a token that is confined to it.

    `sees_numbers`: it may read full account numbers.
    """

    tenant: Tenant
    client: Client | None = None
    sees_numbers: bool = False


def create(*, writer: Writer, model: Any, items: Sequence[Item], whole: bool) -> list[Any]:
    """New rows.

    Args:
        whole: one refusal refuses all. Raises Rejected.
    """
    with transaction.atomic():
        completed = [_completed(writer, model, item) for item in items]
        checked = _checked(writer, model, [None] * len(items), completed)
        _judge(checked, whole=whole)
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
    whole: bool,
) -> list[Any]:
    """Change rows; what is not named stays, and an unchanged row is not written.

    Args:
        rows: what the writer may change.
        items: ids, each with what to change.
        whole: one refusal refuses all. Raises Rejected.
    """
    with transaction.atomic():
        found = _locked(rows, {record_id for record_id, _ in items if record_id})
        held = [found.get(record_id) if record_id else None for record_id, _ in items]
        known: list[Item] = []
        seen: set[UUID | None] = set()
        for row, (record_id, item) in zip(held, items, strict=True):
            if isinstance(item, Refusal) or (row and record_id not in seen):
                known.append(item)
            else:
                known.append(_twice(record_id) if row else _missing(record_id))
            seen.add(record_id)
        checked = _checked(writer, rows.model, held, known)
        _judge(checked, whole=whole)
        changed: list[tuple[Any, set[str]]] = []
        for row, item in zip(held, checked, strict=True):
            if row is not None and not isinstance(item, Refusal):
                names = {name for name, value in item.items() if getattr(row, name) != value}
                for name in names:
                    setattr(row, name, item[name])
                if names:
                    changed.append((row, names))
        _save(rows.model, changed)
        return [
            item if isinstance(item, Refusal) else row
            for row, item in zip(held, checked, strict=True)
        ]


def delete(*, writer: Writer, rows: QuerySet[Any], ids: Sequence[UUID | None]) -> list[Any]:
    """Delete rows; their ids come back."""
    with transaction.atomic():
        found = _locked(rows, {record_id for record_id in ids if record_id})
        refused = {
            pk: refusal
            for pk, row in found.items()
            if (refusal := rules.undeletable(row, confined=bool(writer.client)))
        }
        doomed = [pk for pk in found if pk not in refused]
        if rows.model is BankLink:
            mark_accounts_unverified(doomed)
        rows.model._base_manager.filter(pk__in=doomed).delete()
        return [
            refused.get(record_id, record_id) if record_id in found else _missing(record_id)
            for record_id in ids
        ]


def _missing(record_id: UUID | None) -> Refusal:
    words = f"There is no record {record_id}." if record_id else "Give the id of the record."
    return Refusal({"id": [words]}, kind="missing")


def _twice(record_id: UUID | None) -> Refusal:
    return Refusal({"id": [f"Record {record_id} is in this request twice; say it all at once."]})


def _judge(outcomes: Sequence[Any], *, whole: bool) -> None:
    if whole and any(isinstance(outcome, Refusal) for outcome in outcomes):
        raise Rejected(outcomes)


def _completed(writer: Writer, model: Any, item: Item) -> Item:
    """A confined token need not say whose record it is."""
    if model in (AggregationAccount, BankLink) and not isinstance(item, Refusal):
        if writer.client is not None:
            item.setdefault("client_id", writer.client.pk)
        if "client_id" not in item and "business_id" not in item:
            return Refusal({"client_id": ["Required: whose it is, or a business_id."]})
        if "client_id" in item and "business_id" in item:
            return Refusal({"business_id": ["Give this or client_id: a record has one owner."]})
        if writer.client and model is AggregationAccount and not item.setdefault("is_manual", True):
            return Refusal({"is_manual": [rules.NOT_MANUAL]}, kind="forbidden")
    return item


def _set_default_currencies(writer: Writer, model: Any, items: Sequence[Columns | Refusal]) -> None:
    """New rows without a currency take that of their account, else the tenant's."""
    if model is Institution:
        return
    incomplete = [
        item for item in items if not isinstance(item, Refusal) and "currency_code" not in item
    ]
    account_ids: set[Any] = {item.get("aggregation_account_id") for item in incomplete} - {None}
    accounts = AggregationAccount.objects.for_tenant(writer.tenant).filter(pk__in=account_ids)
    codes: dict[Any, str | None] = dict(accounts.values_list("pk", "currency_code"))
    for item in incomplete:
        code = codes.get(item.get("aggregation_account_id"))
        item["currency_code"] = code or writer.tenant.currency_code


def _checked(
    writer: Writer, model: Any, held: Sequence[Any], items: Sequence[Item]
) -> list[Columns | Refusal]:
    """What to write to `held`, where None stands for a new row."""
    answers = _with_references(writer, model, held, items)
    if model is Institution:
        answers = rules.with_unique_codes(writer.tenant, held, answers)
    new, confined = model(tenant=writer.tenant), writer.client is not None
    sees = writer.sees_numbers
    return [
        item
        if isinstance(item, Refusal)
        else rules.checked(row or new, item, confined=confined, sees_numbers=sees)
        for row, item in zip(held, answers, strict=True)
    ]


def _with_references(
    writer: Writer, model: Any, held: Sequence[Any], items: Sequence[Item]
) -> list[Item]:
    """The items, or why one refers to what the writer cannot reach; one query for each column.

    What a row refers to already may be repeated, also by whoever cannot reach it.
    """
    answers = list(items)
    for name, target in rules.REFERENCES.get(model, {}).items():
        asking = {
            position: item[name]
            for position, (row, item) in enumerate(zip(held, answers, strict=True))
            if isinstance(item, dict) and name in item and item[name] != getattr(row, name, None)
        }
        if not asking:
            continue
        rows = referable_rows(writer, target).filter(pk__in=set(asking.values())).order_by("pk")
        known = {row.pk: row for row in (_held(rows) if target is AggregationAccount else rows)}
        for position, wanted in asking.items():
            if wanted not in known:
                words = f"There is no {target._meta.verbose_name} {wanted}."
                answers[position] = Refusal({name: [words]})
            elif target is AggregationAccount and writer.client and not known[wanted].is_manual:
                answers[position] = Refusal({name: [rules.NOT_MANUAL]}, kind="forbidden")
            elif target is BankLink and _owners(known[wanted]) != _owners(
                held[position] or answers[position]
            ):
                answers[position] = Refusal({name: ["This bank link is of another owner."]})
    return answers


def _owners(record: Any) -> tuple[Any, Any]:
    """Whose a row is, or columns of one."""
    if isinstance(record, dict):
        return record.get("client_id"), record.get("business_id")
    return record.client_id, record.business_id


def _held(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Locked until the transaction ends, always in the same order."""
    return rows.select_for_update(of=("self",)).order_by("pk")


def _locked(rows: QuerySet[Any], ids: set[UUID]) -> dict[UUID, Any]:
    """The rows by id, held until the transaction ends; entries behind their accounts."""
    wanted = rows.filter(pk__in=ids)
    if issubclass(rows.model, AccountEntry):
        accounts = set(wanted.values_list("aggregation_account_id", flat=True))
        list(_held(AggregationAccount.unscoped.filter(pk__in=accounts)))
        wanted = wanted.select_related("aggregation_account")
    return {row.pk: row for row in _held(wanted)}


def _save(model: Any, changed: Iterable[tuple[Any, set[str]]]) -> None:
    """Write those columns of those rows."""
    encrypted = {one.name for one in model._meta.fields if isinstance(one, EncryptedTextField)}
    together: list[Any] = []
    names: set[str] = {"update_date"}
    for row, own in changed:
        row.update_date = timezone.now()
        if own & encrypted:  # bound to their row, so they cannot be part of one statement
            row.save(update_fields=[*own, "update_date"])
        else:
            together.append(row)
            names |= own
    if len(together) == 1:
        together[0].save(update_fields=names)
    elif together:
        model._base_manager.bulk_update(together, sorted(names), batch_size=BATCH_ROWS)
