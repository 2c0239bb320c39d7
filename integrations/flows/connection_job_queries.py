"""The jobs of connections in queries; jobs name their connection by their lock key."""

from __future__ import annotations

from typing import Any

from django.db.models import (
    CharField,
    DateTimeField,
    Exists,
    Expression,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, Concat
from django.db.models.lookups import In, IsNull

from integrations.models import Job, JobState

PARTS_OF_UUID = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))  # start and length


class UuidText(Func):
    """A UUID column as Python writes it; SQLite stores it without dashes."""

    arity = 1
    output_field = CharField()
    template = "(%(expressions)s)::text"

    def as_sqlite(
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        (source,) = self.get_source_expressions()
        column, parameters = compiler.compile(source)
        parts = (f"substr({column}, {start}, {length})" for start, length in PARTS_OF_UUID)
        text = " || '-' || ".join(parts)
        return f"({text})", tuple(parameters) * len(PARTS_OF_UUID)


def lock_key(tenant_id: Any, vendor: Any, vendor_member_id: Any) -> Expression:
    """`connections.lock_key` as SQL; the arguments are expressions or names of columns."""
    return Concat(
        UuidText(tenant_id), Value(":member:"), vendor, Value(":"), vendor_member_id,
        output_field=CharField(),
    )  # fmt: skip


def jobs_of_outer(prefix: str = "") -> QuerySet[Job]:
    """For a subquery: the jobs of the connection of the outer query's row.

    Args:
        prefix: leads from the outer rows to the connection.
    """
    key = lock_key(
        OuterRef(f"{prefix}tenant_id"),
        OuterRef(f"{prefix}vendor_user__vendor"),
        OuterRef(f"{prefix}vendor_member_id"),
    )
    return Job.objects.filter(lock_key=key).order_by()


def failed_jobs(prefix: str = "") -> QuerySet[Job]:
    """For a subquery: the connection's dead jobs since its data was last complete."""
    complete_at = Coalesce(
        OuterRef(f"{prefix}checked_at"),
        OuterRef(f"{prefix}create_date"),
        output_field=DateTimeField(),
    )
    return jobs_of_outer(prefix).filter(state=JobState.DEAD, finished_at__gt=complete_at)


def has_failed_job(prefix: str = "", *, of_many: bool) -> Any:
    """Whether a job of the connection is dead since its data was last complete.

    Args:
        of_many: the query is about many connections: those with dead jobs are collected once.
    """
    is_failed = Exists(failed_jobs(prefix))
    if not of_many:
        return is_failed
    key = lock_key(
        f"{prefix}tenant_id", f"{prefix}vendor_user__vendor", f"{prefix}vendor_member_id"
    )
    dead = Job.objects.filter(state=JobState.DEAD, lock_key__isnull=False).order_by()
    return Q(In(key, dead.values("lock_key"))) & Q(is_failed)


def has_unfinished_job(prefix: str = "") -> Any:
    """Whether a job of the connection waits or runs.

    PostgreSQL would turn EXISTS into a set of all waiting jobs, for which it reads the table.
    """
    unfinished = jobs_of_outer(prefix).filter(state__in=[JobState.READY, JobState.RUNNING])
    return IsNull(Subquery(unfinished.values("pk")[:1]), False)
