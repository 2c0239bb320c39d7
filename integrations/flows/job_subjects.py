"""Whom jobs are about: the customers, connections, accounts and deliveries that they name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from integrations.models import AsyncTransaction, Erasure, Job, Member, VendorUser, WebhookDelivery
from nucleus.hydrogen.fields import uuid_of
from nucleus.models import AggregationAccount, Client, Owner

CONNECTION_MARK = ":member:"  # in lock keys, see connections.lock_key
OWNERS = ("client", "business")


@dataclass(frozen=True, slots=True)
class JobSubject:
    """Whom a job is about, as far as it is stored; a client that was erased is not."""

    owner: Owner | None = None
    connection: Member | None = None
    account: AggregationAccount | None = None
    delivery: WebhookDelivery | None = None


def subjects(jobs: Sequence[Job]) -> dict[UUID, JobSubject]:
    """The subject of each job by the job's id. Makes at most seven queries, however many jobs.

    Rows of another tenant than the job's are left out.
    """
    by_key = {
        "vendor_user_id": _rows(VendorUser, jobs, "vendor_user_id", OWNERS),
        "client_id": _rows(Client, jobs, "client_id"),
        "aggregation_account_id": _rows(AggregationAccount, jobs, "aggregation_account_id", OWNERS),
        "delivery_id": _rows(WebhookDelivery, jobs, "delivery_id", ("event", "subscription")),
        "erasure_id": _rows(Erasure, jobs, "erasure_id"),
        "async_id": _rows(AsyncTransaction, jobs, "async_id", ("client",)),
    }
    connections = _connections(jobs)
    return {job.pk: _subject(job, by_key, connections) for job in jobs}


def connection_of_lock_key(lock_key: str | None) -> tuple[str, str, str] | None:
    """The tenant's id, the vendor and the vendor's id of the connection that a lock key names."""
    tenant_id, mark, rest = (lock_key or "").partition(CONNECTION_MARK)
    vendor, _, vendor_member_id = rest.partition(":")
    return (tenant_id, vendor, vendor_member_id) if mark and vendor_member_id else None


def _rows(
    model: Any, jobs: Iterable[Job], key: str, relations: tuple[str, ...] = ()
) -> dict[UUID, Any]:
    """The rows that the jobs name under `key`, by id."""
    ids = {uuid_of(str(job.payload[key])) for job in jobs if job.payload.get(key)} - {None}
    if not ids:
        return {}
    rows = model.unscoped.filter(pk__in=ids).select_related(*relations)
    return {row.pk: row for row in rows}


def _connections(jobs: Iterable[Job]) -> dict[Any, Member]:
    """The jobs' connections, by id and by what a lock key says of them."""
    keys = {connection_of_lock_key(job.lock_key) for job in jobs} - {None}
    ids = {uuid_of(str(job.payload.get("member_id", ""))) for job in jobs} - {None}
    if not keys and not ids:
        return {}
    names = {key[2] for key in keys if key is not None}
    rows = Member.unscoped.filter(Q(vendor_member_id__in=names) | Q(pk__in=ids)).select_related(
        "vendor_user__client", "vendor_user__business", "institution"
    )
    connections: dict[Any, Member] = {}
    for row in rows:
        key = (str(row.tenant_id), row.vendor_user.vendor, row.vendor_member_id)
        connections |= {row.pk: row, key: row}
    return connections


def _subject(
    job: Job, by_key: dict[str, dict[UUID, Any]], connections: dict[Any, Member]
) -> JobSubject:
    row = {
        key: _own(job, rows.get(uuid_of(str(job.payload.get(key, "")))))  # type: ignore[arg-type]
        for key, rows in by_key.items()
    }
    connection = connections.get(connection_of_lock_key(job.lock_key)) or connections.get(
        uuid_of(str(job.payload.get("member_id", "")))
    )
    connection = _own(job, connection)
    account, asynchronous = row["aggregation_account_id"], row["async_id"]
    owner = (
        row["client_id"]
        or (connection and connection.vendor_user.owner)
        or (row["vendor_user_id"] and row["vendor_user_id"].owner)
        or (account and (account.client or account.business))
        or (asynchronous and asynchronous.client)
    )
    return JobSubject(owner, connection, account, row["delivery_id"])


def _own(job: Job, row: Any) -> Any:
    return row if row is not None and row.tenant_id == job.tenant_id else None
