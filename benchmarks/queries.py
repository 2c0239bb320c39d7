"""Raw SQL and compiled queries against the ORM: those that run all the time.

Runs on a throw-away test database of DATABASE_URL. Prints the microseconds per call of the query,
of the same query by the ORM, and the ratio. A query whose ratio is near 1 should be the ORM's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import (  # noqa: E402
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce  # noqa: E402

from benchmarks import throwaway_database  # noqa: E402
from integrations.flows import inbound_webhook_queries  # noqa: E402
from integrations.jobs import job_queue, queries  # noqa: E402
from integrations.models import (  # noqa: E402
    AggregationSettings,
    Job,
    JobState,
    Member,
    VendorUser,
)
from nucleus.models import Client  # noqa: E402
from tests.factories.integrations import JobFactory  # noqa: E402
from tests.factories.nucleus import ClientFactory  # noqa: E402

JOBS = 1000
ROUNDS = 7


def claimable() -> list[queries.TenantQueue]:
    now = job_queue.database_now()
    queries.expired(now, 5)
    return queries.tenant_queues(now, (UUID(int=0), ""))


def claimable_by_orm(limit: int = 5) -> list[Job]:
    now = job_queue.database_now()
    running = Job.objects.filter(state=JobState.RUNNING)
    holders = running.filter(lock_key=OuterRef("lock_key")).exclude(pk=OuterRef("pk"))
    in_use = (
        running.filter(slot_group=OuterRef("slot_group"))
        .order_by()
        .values("slot_group")
        .annotate(count=Count("*"))
        .values("count")
    )
    unlocked = Job.objects.filter(Q(lock_key=None) | ~Exists(holders)).annotate(
        in_use=Coalesce(Subquery(in_use, output_field=IntegerField()), 0)
    )
    free = unlocked.filter(
        Q(slot_group=None) | Q(state=JobState.RUNNING) | Q(in_use__lt=settings.VENDOR_CONCURRENCY)
    )
    expired = free.filter(state=JobState.RUNNING, lease_until__lt=now).order_by("lease_until", "id")
    due = free.filter(state=JobState.READY, run_at__lte=now).order_by("run_at", "id")
    jobs = list(expired[:limit])
    return jobs + list(due[: limit - len(jobs)])


def waiting_by_orm(pending_key: str) -> Job | None:
    rows = Job.objects.filter(pending_key=pending_key, state=JobState.READY)
    return rows.only("id", "kind", "state", "progress", "token").first()


def settings_by_orm(path: str) -> AggregationSettings | None:
    rows: QuerySet[AggregationSettings] = AggregationSettings.unscoped.filter(
        webhook_path=path, vendor="mx", tenant__is_active=True
    )
    return rows.only(
        "tenant_id",
        "webhook_user",
        "webhook_secret",
        "previous_webhook_user",
        "previous_webhook_secret",
        "previous_webhook_until",
    ).first()


def member_by_orm(tenant_id: Any) -> Member | None:
    rows = Member.unscoped.filter(
        tenant=tenant_id, vendor_member_id="MBR-1", vendor_user__vendor="mx"
    )
    return (
        rows.annotate(owner_id=F("vendor_user__vendor_user_id"))
        .only("tenant_id", "vendor_member_id")
        .first()
    )


def microseconds(call: Callable[[], object], calls: int) -> float:
    """The median of some rounds, per call."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        times.append((time.perf_counter() - start) / calls * 1e6)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=300, help="per round")
    calls = parser.parse_args().calls
    client: Client = ClientFactory()  # type: ignore[assignment]
    tenant = client.tenant
    now = job_queue.database_now()
    for number in range(JOBS):
        late = now + timedelta(hours=1)
        JobFactory(
            tenant=tenant,
            slot_group=str(tenant.pk),
            lock_key=f"member-{number % 50}",
            pending_key=f"key-{number}",
            run_at=now if number % 10 == 0 else late,
        )
    AggregationSettings.unscoped.create(tenant=tenant, vendor="mx", webhook_path="path")
    user = VendorUser.unscoped.create(
        tenant=tenant, client=client, vendor="mx", identifier="x", vendor_user_id="USR-1"
    )
    Member.unscoped.create(tenant=tenant, vendor_user=user, vendor_member_id="MBR-1")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    print(f"{connection.vendor}, {JOBS} jobs; microseconds per call\n")
    print(f"{'':24}{'ours':>8}{'ORM':>8}{'ratio':>8}")
    for name, raw, orm in (
        (
            "claimable jobs",
            claimable,
            claimable_by_orm,
        ),
        ("waiting job of a key", lambda: queries.waiting("key-7"), lambda: waiting_by_orm("key-7")),
        (
            "settings of a webhook",
            lambda: inbound_webhook_queries.settings_of_path("path", "mx"),
            lambda: settings_by_orm("path"),
        ),
        (
            "member of a webhook",
            lambda: inbound_webhook_queries.member_with_user(tenant, "mx", "MBR-1"),
            lambda: member_by_orm(tenant.pk),
        ),
    ):
        fast, slow = microseconds(raw, calls), microseconds(orm, calls)
        print(f"{name:24}{fast:8.0f}{slow:8.0f}{slow / fast:8.1f}")


if __name__ == "__main__":
    throwaway_database.run(main)
