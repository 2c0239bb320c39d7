"""Tenants take turns: one with a long queue neither starves nor slows the others."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.jobs import claims, job_queue, queries
from integrations.models import Job, JobState
from nucleus.models import Tenant
from tests.factories.nucleus import TenantFactory
from tests.plans import rows_read

pytestmark = pytest.mark.django_db


def claimed_tenants(count: int, **options: Any) -> list[Tenant]:
    runs = [claims.claim(**options) for _ in range(count)]
    return [run.tenant for run in runs if run is not None]


def enqueue(tenant: Tenant, count: int, *, minutes: float = 1, **values: Any) -> list[Job]:
    """Jobs of the tenant, each due one second after the one before, the first `minutes` ago."""
    first = job_queue.database_now() - timedelta(minutes=minutes)
    values = {"kind": "test", "slot_group": None} | values
    return Job.objects.bulk_create(
        Job(tenant=tenant, run_at=first + timedelta(seconds=number), **values)
        for number in range(count)
    )


def test_claims_are_fair_between_tenants():
    busy, *others = TenantFactory.create_batch(4)
    enqueue(busy, 50)
    for tenant in others:
        enqueue(tenant, 2, minutes=0.5)
    counts = Counter(claimed_tenants(8))
    assert counts == {busy: 2} | dict.fromkeys(others, 2)


def test_a_tenants_jobs_are_claimed_in_the_order_in_which_they_are_due():
    tenant, other = TenantFactory.create_batch(2)
    enqueue(other, 5, minutes=3)
    jobs = [enqueue(tenant, 1, minutes=4 - number, kind=f"kind{number % 2}")[0]
            for number in range(3)]  # fmt: skip
    runs = [claims.claim() for _ in range(8)]
    assert [run.job.pk for run in runs if run and run.tenant == tenant] == [job.pk for job in jobs]


def test_a_tenant_without_free_slots_is_left_out(settings: Any):
    settings.VENDOR_CONCURRENCY = 2
    busy, other = TenantFactory.create_batch(2)
    enqueue(busy, 20, slot_group=str(busy.pk))
    enqueue(busy, 1, kind="deliver")  # needs no slot
    enqueue(other, 3, slot_group=str(other.pk))
    assert Counter(claimed_tenants(10)) == {busy: 3, other: 2}


def test_jobs_of_a_connection_that_another_job_works_on_are_left_out():
    tenant = TenantFactory()
    enqueue(tenant, 3, lock_key="connection")
    [last] = enqueue(tenant, 1, minutes=0.1, lock_key="other")
    assert len(claimed_tenants(4)) == 2
    last.refresh_from_db()
    assert last.state == JobState.RUNNING


def test_a_due_job_is_claimed_behind_many_tenants_without_due_jobs(
    monkeypatch: pytest.MonkeyPatch,
):
    """More of them than one statement looks at; the last of all has the one job that is due."""
    monkeypatch.setattr(queries, "QUEUES_PER_STATEMENT", 3)
    for tenant in TenantFactory.create_batch(10):
        enqueue(tenant, 1, minutes=-60)
    [last] = TenantFactory.create_batch(1, id=UUID(int=2**128 - 1))
    enqueue(last, 1)
    assert claimed_tenants(2) == [last]
    assert claimed_tenants(1) == []  # and the search has an end


def test_only_kinds_of_the_queue_are_claimed():
    tenant = TenantFactory()
    enqueue(tenant, 3, kind="bulk")
    [due] = enqueue(tenant, 1, minutes=0.1, kind="interactive")
    assert len(claimed_tenants(3, kinds={"interactive"})) == 1
    due.refresh_from_db()
    assert due.state == JobState.RUNNING


def test_expired_leases_come_first():
    busy, other = TenantFactory.create_batch(2)
    enqueue(busy, 5)
    [job] = enqueue(other, 1, state=JobState.RUNNING, minutes=0)
    Job.objects.filter(pk=job.pk).update(lease_until=job_queue.database_now() - timedelta(hours=1))
    assert claimed_tenants(1) == [other]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="reads PostgreSQL's plan")
@pytest.mark.parametrize("slots", ["free", "taken"])
def test_a_claim_reads_no_more_rows_when_another_tenant_has_a_long_queue(slots: str):
    busy, other = TenantFactory.create_batch(2)
    enqueue(other, 5)
    group = str(busy.pk) if slots == "taken" else None
    enqueue(busy, 20_000, slot_group=group)
    if slots == "taken":
        enqueue(busy, 8, slot_group=group, state=JobState.RUNNING)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE integrations_job")
    with CaptureQueriesContext(connection) as captured:
        assert claimed_tenants(1)
    reads = [
        query["sql"] for query in captured if query["sql"].lstrip().startswith(("SELECT", "WITH"))
    ]
    assert len(reads) >= 2
    assert sum(rows_read(statement) for statement in reads) < 300
