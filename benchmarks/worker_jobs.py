"""Jobs of benchmarks.workers; these functions run in the deployment's own settings."""

from __future__ import annotations

import time
from datetime import timedelta
from statistics import median

from django.conf import settings
from django.db import connection, transaction

from integrations.flows.connections import lock_key
from integrations.flows.sync_state import SyncPayload
from integrations.jobs import claims, job_queue
from integrations.models import Job, JobState, Member
from integrations.vendors.records import SyncScope
from nucleus.models import Tenant

CLAIMS = 30


def enqueue_syncs(rounds: int) -> None:
    """Replace all jobs by syncs of balances, so many of each connection."""
    Job.objects.all().delete()
    now = job_queue.database_now()
    members = list(Member.unscoped.select_related("vendor_user", "tenant"))
    Job.objects.bulk_create(
        Job(
            tenant=member.tenant,
            kind="sync_member",
            run_at=now,
            slot_group=str(member.tenant_id),
            lock_key=lock_key(member.vendor_user, member.vendor_member_id),
            payload=SyncPayload(str(member.id), SyncScope.BALANCES.value).to_json(),
        )
        for _ in range(rounds)
        for member in members
    )


def print_claim_times(queue: int) -> None:
    """Time until a worker has claimed a job of a tenant behind whom another has so many."""
    Job.objects.all().delete()
    busy, other = (Tenant.objects.create(name=name, slug=name) for name in ("busy", "other"))
    _enqueue(other, 5, seconds_late=0)
    print(f"claim of a job, alone: {_claim_time(other):.1f} ms", end="")
    _enqueue(busy, queue, seconds_late=60)
    print(f"; behind {queue} of another tenant: {_claim_time(other):.1f} ms", end="")
    running = Job.objects.filter(tenant=busy).values_list("pk", flat=True)
    first = list(running[: settings.VENDOR_CONCURRENCY])
    lease = job_queue.database_now() + timedelta(hours=1)
    Job.objects.filter(pk__in=first).update(state=JobState.RUNNING, lease_until=lease)
    print(f"; that wait for their slots: {_claim_time(other):.1f} ms")


def _enqueue(tenant: Tenant, count: int, seconds_late: float) -> None:
    run_at = job_queue.database_now() - timedelta(seconds=seconds_late)
    values = {"kind": "sync_member", "slot_group": str(tenant.pk), "run_at": run_at}
    jobs = (Job(tenant=tenant, **values) for _ in range(count))
    Job.objects.bulk_create(jobs, batch_size=5000)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE integrations_job")


def _claim_time(tenant: Tenant) -> float:
    """The median of some claims in milliseconds; others' jobs are claimed in between."""
    times = []
    for _ in range(CLAIMS):
        with transaction.atomic():
            start = time.perf_counter()
            while (run := claims.claim()) is not None and run.tenant != tenant:
                pass
            times.append((time.perf_counter() - start) * 1000)
            transaction.set_rollback(True)
    return median(times)
