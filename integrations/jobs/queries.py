"""Raw SQL of the job table: queries that idle workers and every webhook run.

`python -m benchmarks.queries` compares them with the ORM. Measured with 1000 jobs on two busy
cores: a claim takes 1.2 ms instead of 11 ms on SQLite, 4 ms instead of 13 ms on PostgreSQL; the
waiting job of a key 0.1 ms instead of 0.8 ms, and 0.7 ms instead of 1.3 ms.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import CharField

from integrations import sql
from integrations.models import Job, JobState
from nucleus.compiled_queries import CompiledQuery, Parameter, partial_instance

# A job whose lease has expired still holds its slot.
UNLOCKED = """
    (job.lock_key IS NULL OR NOT EXISTS (
        SELECT 1 FROM integrations_job holder
        WHERE holder.state = 'running' AND holder.lock_key = job.lock_key
            AND holder.id <> job.id))
"""
HAS_SLOT = """
    (job.slot_group IS NULL OR job.slot_group NOT IN (
        SELECT other.slot_group FROM integrations_job other
        WHERE other.state = 'running' AND other.slot_group IS NOT NULL
        GROUP BY other.slot_group HAVING count(*) >= %s))
"""
EXPIRED = """
    SELECT job.* FROM integrations_job job
    WHERE job.state = 'running' AND job.lease_until < %s AND {unlocked} {kinds}
    ORDER BY job.lease_until, job.id LIMIT %s
"""
DUE = """
    SELECT job.* FROM integrations_job job
    WHERE job.state = 'ready' AND job.run_at <= %s AND {unlocked} AND {has_slot} {filters}
    ORDER BY job.run_at, job.id LIMIT %s
"""
# The pairs of tenant and kind that have ready jobs, each by one look into an index, and the first
# job of each: a tenant's long queue costs no more than a short one. All of a tenant's jobs of a
# kind have the same slot group, so the first one decides for all.
TENANT_QUEUES = """
    WITH RECURSIVE tenant_queue(tenant_id, kind, step) AS (
        SELECT job.tenant_id, job.kind, 1 FROM integrations_job job WHERE job.id = (
            SELECT following.id FROM integrations_job following
            WHERE following.state = 'ready' AND (following.tenant_id, following.kind) > (%s, %s)
                AND EXISTS (
                    SELECT 1 FROM integrations_job due
                    WHERE due.state = 'ready' AND due.run_at <= %s)
            ORDER BY following.tenant_id, following.kind LIMIT 1)
        UNION ALL
        SELECT job.tenant_id, job.kind, tenant_queue.step + 1
        FROM tenant_queue JOIN integrations_job job ON job.id = (
            SELECT following.id FROM integrations_job following
            WHERE following.state = 'ready'
                AND (following.tenant_id, following.kind)
                    > (tenant_queue.tenant_id, tenant_queue.kind)
            ORDER BY following.tenant_id, following.kind LIMIT 1)
        WHERE tenant_queue.step < %s
    )
    SELECT job.*, tenant_queue.tenant_id AS queue_tenant_id, tenant_queue.kind AS queue_kind
    FROM tenant_queue LEFT JOIN integrations_job job ON {kinds} job.id = (
        SELECT job.id FROM integrations_job job
        WHERE job.state = 'ready' AND job.tenant_id = tenant_queue.tenant_id
            AND job.kind = tenant_queue.kind AND job.run_at <= %s AND {unlocked}
        ORDER BY job.run_at, job.id LIMIT 1) AND {has_slot}
    ORDER BY tenant_queue.step
"""
QUEUES_PER_STATEMENT = 50
WAITING_COLUMNS = ("id", "kind", "state", "progress", "token")
WAITING = CompiledQuery(
    lambda: (
        Job.objects.filter(pending_key=Parameter("pending_key", CharField()), state=JobState.READY)
        .order_by()
        .values_list(*WAITING_COLUMNS)
    )
)


@dataclass(frozen=True, slots=True)
class TenantQueue:
    """A tenant's jobs of one kind; `job` is the first one that can be claimed, if there is one."""

    tenant_id: UUID
    kind: str
    job: Job | None


def expired(now: datetime, limit: int, kinds: Collection[str] | None = None) -> list[Job]:
    """Running jobs whose lease has expired, and which could be claimed. Locks nothing.

    Args:
        kinds: only of these, if not None.
    """
    condition, names = _membership("job.kind", kinds)
    statement = EXPIRED.format(unlocked=UNLOCKED, kinds=f"AND {condition}")
    return list(Job.objects.raw(statement, [_instant("lease_until", now), *names, limit]))


def tenant_queues(
    now: datetime, after: tuple[UUID, str], kinds: Collection[str] | None = None
) -> list[TenantQueue]:
    """The next QUEUES_PER_STATEMENT pairs of tenant and kind, in that order; fewer at the end.

    Returns nothing if no job is due. Locks nothing.

    Args:
        after: the tenant's id and the kind that the last pair had.
        kinds: queues of other kinds have no job, if not None.
    """
    condition, names = _membership("tenant_queue.kind", kinds)
    statement = TENANT_QUEUES.format(unlocked=UNLOCKED, has_slot=HAS_SLOT, kinds=f"{condition} AND")
    tenant_id, kind = after
    due = _instant("run_at", now)
    values = [sql.parameter(Job, "tenant", tenant_id), kind, due, QUEUES_PER_STATEMENT]
    rows = Job.objects.raw(statement, [*values, *names, due, settings.VENDOR_CONCURRENCY])
    pairs = ((vars(row), row) for row in rows)
    return [
        TenantQueue(
            UUID(str(columns["queue_tenant_id"])), columns["queue_kind"], row if row.pk else None
        )
        for columns, row in pairs
    ]


def due(now: datetime, limit: int, **columns: Any) -> list[Job]:
    """The longest due jobs that a worker could claim. Locks nothing.

    Args:
        columns: only jobs with these values of columns.
    """
    filters = " ".join(f"AND job.{name} = %s" for name in columns)
    statement = DUE.format(unlocked=UNLOCKED, has_slot=HAS_SLOT, filters=filters)
    values = [sql.parameter(Job, name, value) for name, value in columns.items()]
    limits = [_instant("run_at", now), settings.VENDOR_CONCURRENCY]
    return list(Job.objects.raw(statement, [*limits, *values, limit]))


def _instant(column: str, value: datetime) -> Any:
    return sql.parameter(Job, column, value)


def _membership(column: str, names: Collection[str] | None) -> tuple[str, list[str]]:
    """SQL that says that `column` is among `names`, if not None, and its parameters."""
    if names is None:
        return "1 = 1", []
    return f"{column} IN ({', '.join(['%s'] * len(names))})", list(names)


def waiting(pending_key: str) -> Job | None:
    """The waiting job with that key, with the columns that its kind's `enqueue` needs."""
    rows = WAITING.rows(pending_key=pending_key)
    return partial_instance(Job, WAITING_COLUMNS, rows[0]) if rows else None


def database_clock() -> datetime:
    """PostgreSQL's time now, also within a transaction. Django has no function for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now
