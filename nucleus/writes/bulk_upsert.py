"""A set-based upsert that writes only what differs.

The batch is staged in a temporary table (COPY on PostgreSQL), joined with what is stored, and only
new or changed rows reach the real table: a re-sync of unchanged data writes nothing at all. The
same statement serves SQLite and PostgreSQL; the differences are in Dialect.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import connections, models, router, transaction
from django.utils import timezone

from nucleus.models import AggregationAccount
from nucleus.writes.accounts import lock

MANY_ROWS = 1000  # fewer are quick with any plan
BATCH_ROWS = 5000
KEYS = ("source_id", "source_updated_at")
BEFORE_ALL_ROWS = datetime(1970, 1, 1, tzinfo=UTC)
FOLLOWING = "CASE WHEN t.{name} IS NULL OR t.{name} = t.{source} THEN s.{source} ELSE t.{name} END"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one database says what the upsert needs."""

    differs: str  # a null-safe inequality
    merged: str  # stored JSON object {0} with the members of {1} on top
    as_json: str  # a JSON value in comparable form
    stored: str  # table {0} joined with the staged rows by key; its one parameter is the account


DIALECTS = {
    "postgresql": Dialect(
        "IS DISTINCT FROM",
        "COALESCE({0}, '{{}}'::jsonb) || {1}",
        "{0}",
        # OFFSET 0 keeps this a lookup per staged row; the planner, who knows nothing of either
        # table's size yet, would rather read all of the account for every batch. As a subquery the
        # account counts as a mean one. A plain value that statistics lack, because the account is
        # new, counts as one row, and each lookup may read the account by another index.
        "LATERAL (SELECT * FROM {0} WHERE aggregation_account_id = (SELECT %s::uuid) "
        "AND source_id = s.source_id OFFSET 0) t ON true",
    ),
    "sqlite": Dialect(
        "IS NOT",
        "json_patch(COALESCE({0}, '{{}}'), {1})",
        "json({0})",
        "{0} t ON t.aggregation_account_id = %s AND t.source_id = s.source_id",
    ),
}


def upsert_in_batches(
    model: type[models.Model],
    *,
    account: AggregationAccount,
    rows: Iterable[Any],
    prepare: Callable[[AggregationAccount, Sequence[Any]], None],
    **rules: Any,
) -> int:
    """Write rows in batches, each in a transaction.

    Args:
        prepare: called with each batch before it is written, in its transaction.
        rules: those of `upsert`.
    """
    written = 0
    batch: dict[str, Any] = {}  # by source id: of two equally old versions the later one is used
    for row in rows:
        if not _is_older(row, batch.get(row.source_id)):
            batch[row.source_id] = row
        if len(batch) >= BATCH_ROWS:
            written += _upsert_batch(model, account, batch, prepare, rules)
            batch = {}
    return written + (_upsert_batch(model, account, batch, prepare, rules) if batch else 0)


def _upsert_batch(
    model: type[models.Model],
    account: AggregationAccount,
    batch: dict[str, Any],
    prepare: Callable[[AggregationAccount, Sequence[Any]], None],
    rules: dict[str, Any],
) -> int:
    with transaction.atomic():
        lock(account)
        prepare(account, list(batch.values()))
        return upsert(model, account=account, rows=list(batch.values()), **rules)


def _is_older(row: Any, other: Any) -> bool:
    if other is None or row.source_updated_at is None or other.source_updated_at is None:
        return False
    return bool(row.source_updated_at < other.source_updated_at)


def upsert(
    model: type[models.Model],
    *,
    account: AggregationAccount,
    rows: Sequence[Any],
    read_at: datetime | None = None,
    keep: tuple[str, ...] = (),
    follow: Mapping[str, str] | None = None,
    on_insert: Mapping[str, Any] | None = None,
) -> int:
    """Insert new rows and update changed ones, on (aggregation_account, source_id).

    Args:
        rows: dataclasses whose fields are columns of `model`; each source_id once.
        read_at: when reading the rows began; None: before anything that is stored was written.
        keep: columns whose stored value stays when the incoming one is null.
        follow: tenant column → source column; the tenant column is updated along with the source
            column until the tenant sets another value.
        on_insert: constants for columns that only an insertion sets.

    A row whose stored `source_updated_at` is newer is left alone if it was written after `read_at`;
    otherwise the source has changed its mind, or its clock. Members of `metadata` that are stored
    and not sent stay. Returns how many rows were written.
    """
    connection = connections[router.db_for_write(model)]
    dialect = DIALECTS[connection.vendor]
    columns = [field.name for field in fields(rows[0])]
    incoming = {name: _incoming(dialect, name, keep) for name in columns}
    for name, source in (follow or {}).items():
        incoming[name] = FOLLOWING.format(name=name, source=source)
    inserted = dict(on_insert or {})
    with connection.cursor() as cursor:
        stage = _stage(connection, cursor, model, columns, rows)
        if connection.vendor == "postgresql" and len(rows) >= MANY_ROWS:
            _analyze_new_table(cursor, model._meta.db_table)
        statement = _statement(dialect, model, stage, incoming, list(inserted))
        now = timezone.now()
        constants = {"tenant_id": account.tenant_id, "aggregation_account_id": account.pk}
        constants |= {"create_date": now, "update_date": now} | inserted
        prepared = {
            name: _preparer(connection, model, name)(value) for name, value in constants.items()
        }
        as_stored = _preparer(connection, model, "update_date")(read_at or BEFORE_ALL_ROWS)
        parameters = [*prepared.values(), prepared["aggregation_account_id"], as_stored]
        cursor.execute(statement, parameters)
        written = int(cursor.rowcount)
        cursor.execute(f"DROP TABLE {stage}")  # SQLite's would outlive the transaction
        return written


def _analyze_new_table(cursor: Any, table: str) -> None:
    """Collect statistics of a table that has none.

    Without them PostgreSQL looks a row up by any index that begins with the account, and so reads
    the whole account for each row. Autovacuum comes only after a minute, or never.
    """
    cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
    if cursor.fetchone()[0] < MANY_ROWS:
        cursor.execute(f"ANALYZE {table}")


def _statement(
    dialect: Dialect,
    model: type[models.Model],
    stage: str,
    incoming: dict[str, str],
    on_insert: list[str],
) -> str:
    constants = ["tenant_id", "aggregation_account_id", "create_date", "update_date", *on_insert]
    changes = " OR ".join(
        f"{_comparable(dialect, model, name, f't.{name}')} {dialect.differs} "
        f"{_comparable(dialect, model, name, incoming[name])}"
        for name in incoming
        if name not in KEYS
    )
    updates = ", ".join(
        f"{name} = EXCLUDED.{name}" for name in [*incoming, "update_date"] if name != "source_id"
    )
    table = model._meta.db_table
    return (
        f"INSERT INTO {table} (id, {', '.join([*incoming, *constants])}) "  # noqa: S608
        f"SELECT s.id, {', '.join(incoming.values())}, {', '.join(['%s'] * len(constants))} "
        f"FROM {stage} s LEFT JOIN {dialect.stored.format(table)} "
        f"WHERE t.id IS NULL OR (({changes}) AND NOT "
        f"COALESCE(t.source_updated_at > s.source_updated_at AND t.update_date >= %s, false)) "
        f"ON CONFLICT (aggregation_account_id, source_id) DO UPDATE SET {updates}"
    )


def _incoming(dialect: Dialect, name: str, keep: tuple[str, ...]) -> str:
    if name == "metadata":
        return dialect.merged.format("t.metadata", "s.metadata")
    return f"COALESCE(s.{name}, t.{name})" if name in keep else f"s.{name}"


def _comparable(dialect: Dialect, model: type[models.Model], name: str, value: str) -> str:
    is_json = isinstance(model._meta.get_field(name), models.JSONField)
    return dialect.as_json.format(value) if is_json else value


def _stage(
    connection: Any, cursor: Any, model: type[models.Model], columns: list[str], rows: Sequence[Any]
) -> str:
    """Fill a temporary table with `rows` and ids for new ones; a rollback removes it."""
    stage = f"stage_{model._meta.model_name}"
    names = ["id", *columns]
    types = ", ".join(f"{name} {_column_type(connection, model, name)}" for name in names)
    cursor.execute(f"CREATE TEMP TABLE {stage} ({types})")
    if connection.vendor == "postgresql":
        json_columns = _json_columns(model, columns)
        with cursor.copy(f"COPY {stage} ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                values = [getattr(row, name) for name in columns]
                for position in json_columns:
                    value = values[position]
                    values[position] = None if value is None else json.dumps(value)
                copy.write_row([uuid.uuid4(), *values])
    else:
        marks = ", ".join(["%s"] * len(names))
        prepare = [(name, _preparer(connection, model, name)) for name in columns]
        cursor.executemany(
            f"INSERT INTO {stage} VALUES ({marks})",  # noqa: S608
            [
                [uuid.uuid4().hex, *(as_stored(getattr(row, name)) for name, as_stored in prepare)]
                for row in rows
            ],
        )
    return stage


def _json_columns(model: type[models.Model], columns: list[str]) -> list[int]:
    return [
        position
        for position, name in enumerate(columns)
        if isinstance(model._meta.get_field(name), models.JSONField)
    ]


def _column_type(connection: Any, model: type[models.Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))


def _preparer(connection: Any, model: type[models.Model], name: str) -> Callable[[Any], Any]:
    """What turns a value of that column into the database's parameter."""
    field: Any = model._meta.get_field(name)
    if isinstance(field, models.CharField | models.TextField | models.BooleanField):
        return _as_it_is
    return partial(field.get_db_prep_save, connection=connection)


def _as_it_is(value: Any) -> Any:
    return value
