"""Many entries at once, of which only account, source and activity change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connections, router
from django.db.models import QuerySet
from django.utils import timezone

from nucleus.models import AggregationAccount
from nucleus.models.ledger import SourcedEntry

BATCH_ROWS = 5000
SOURCE = ("source_id", "source_updated_at", "source_generation")


def entries(model: Any, account: AggregationAccount) -> QuerySet[Any]:
    """The account's entries of that model."""
    rows: QuerySet[Any] = model.objects.for_tenant(account.tenant_id)
    return rows.filter(aggregation_account=account)


def source_ids(
    model: type[SourcedEntry], account: AggregationAccount, rows: Sequence[SourcedEntry]
) -> set[str]:
    """The source ids of `rows` that entries of the account have as well."""
    values = [row.source_id for row in rows if row.source_id is not None]
    own: set[str] = set()
    for start in range(0, len(values), BATCH_ROWS):
        batch = values[start : start + BATCH_ROWS]
        stored = entries(model, account).filter(source_id__in=batch)
        own.update(stored.values_list("source_id", flat=True))
    return own


def write(model: Any, rows: Iterable[SourcedEntry]) -> None:
    """Write the account, generation and activity of the rows."""
    groups: defaultdict[tuple[UUID, int, bool], list[UUID]] = defaultdict(list)
    for row in rows:
        key = (row.aggregation_account_id, row.source_generation, row.is_active)
        groups[key].append(row.pk)
    now = timezone.now()
    for (account_id, generation, is_active), ids in groups.items():
        model.unscoped.filter(pk__in=ids).update(
            aggregation_account_id=account_id,
            source_generation=generation,
            is_active=is_active,
            update_date=now,
        )


def write_sources(model: Any, rows: Sequence[SourcedEntry]) -> None:
    """Write the sources of rows that stay with their account.

    Not with bulk_update: tens of thousands of rows would keep other writers waiting for seconds.
    """
    if not rows:
        return
    connection = connections[router.db_for_write(model)]
    columns = [model._meta.get_field(name) for name in (*SOURCE, "id")]
    assignments = ", ".join(f"{name} = %s" for name in SOURCE)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {model._meta.db_table} SET {assignments} WHERE id = %s",  # noqa: S608
            [
                [field.get_db_prep_save(getattr(row, field.name), connection) for field in columns]
                for row in rows
            ],
        )
