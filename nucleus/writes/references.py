"""Which rows a record may refer to: those that its writer can reach, of the same owner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from nucleus.models import AggregationAccount, BankLink
from nucleus.models.base import api_name
from nucleus.reads.visibility import Viewer, referable_rows
from nucleus.writes import rules
from nucleus.writes.refusals import Item, Refusal


def with_references(
    writer: Viewer, model: Any, targets: Sequence[Any], items: Sequence[Item]
) -> list[Item]:
    """The items, or why one refers to a row that the writer cannot reach; one query per column.

    A reference that is stored already may be repeated, even if the writer cannot reach its row.
    """
    outcomes = list(items)
    for name, referred_model in rules.REFERENCES.get(model, {}).items():
        new_references = {
            position: item[name]
            for position, (row, item) in enumerate(zip(targets, outcomes, strict=True))
            if isinstance(item, dict) and name in item and item[name] != getattr(row, name, None)
        }
        if not new_references:
            continue
        rows = referable_rows(writer, referred_model)
        rows = rows.filter(pk__in=set(new_references.values())).order_by("pk")
        if referred_model is AggregationAccount:
            rows = for_update(rows)
        rows_by_id = {row.pk: row for row in rows}
        for position, referred_id in new_references.items():
            record = targets[position] or outcomes[position]
            refusal = _reference_refusal(
                writer, name, referred_model, record, referred_id, rows_by_id.get(referred_id)
            )
            if refusal is not None:
                outcomes[position] = refusal
    return outcomes


def _reference_refusal(
    writer: Viewer, name: str, referred_model: Any, record: Any, referred_id: UUID, row: Any
) -> Refusal | None:
    """Why the column `name` of the record must not refer to the row; None if it may.

    Args:
        record: the stored row, or the columns of a new one.
        row: what has `referred_id`; None if the writer cannot reach it.
    """
    if row is None:
        message = f"There is no {api_name(referred_model)} {referred_id}."
        return Refusal({name: [message]})
    if referred_model is AggregationAccount and writer.client and not row.is_manual:
        return Refusal({name: [rules.NOT_MANUAL]}, kind="forbidden")
    if referred_model is BankLink and _owner_ids(row) != _owner_ids(record):
        return Refusal({name: ["This bank link belongs to another owner."]})
    return None


def _owner_ids(record: Any) -> tuple[Any, Any]:
    """The ids of the client and the business of a row, or of its columns."""
    if isinstance(record, dict):
        return record.get("client_id"), record.get("business_id")
    return record.client_id, record.business_id


def for_update(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows, to be locked until the transaction ends; always in the same order."""
    return rows.select_for_update(of=("self",)).order_by("pk")
