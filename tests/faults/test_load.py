"""Load with bounds. Times are figures to read, not limits: machines are shared."""

from __future__ import annotations

import json
import threading
import time

from tests.faults.conftest import needs_postgres, often
from tests.faults.deployment import Deployment, Member
from tests.faults.oracle import FIGURES, assert_consistent
from tests.faults.traffic import Log, steady

MEMBERS = """
import json
from integrations.models import Member, VendorUser
from nucleus.models import Client, Tenant
tenant = Tenant.objects.get(slug="demo")
for user, member in json.loads({pairs!r}):
    client = Client(tenant=tenant, username=user, client_type="consumer")
    client.save()
    owner = VendorUser(tenant=tenant, client=client, vendor="mx", identifier=user)
    owner.vendor_user_id = user
    owner.save()
    Member(tenant=tenant, vendor_user=owner, vendor_member_id=member).save()
"""

BURST_RATE = 500  # webhooks a second


def reads(deployment: Deployment, rate: float, seconds: float, log: Log) -> None:
    """Somebody looks at the API meanwhile."""
    api, until = deployment.api(), time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        response = api.call("GET", "/nucleus/v1/aggregation_account?size=10")
        log.times.append((time.perf_counter() - began) * 1000)
        log.statuses.append(response.status)
        time.sleep(max(1 / rate - (time.perf_counter() - began), 0))


def under_load(
    deployment: Deployment, name: str, *, webhooks: float, reads_per_second: float, seconds: float
) -> None:
    deployment.start_worker()
    deployment.link(2)
    assert_consistent("before", deployment, Log())
    steady(deployment, Log(), rate=20, seconds=2)  # warm
    log, observed = Log(), Log()
    looking = threading.Thread(target=reads, args=(deployment, reads_per_second, seconds, observed))
    looking.start()
    steady(deployment, log, rate=webhooks, seconds=seconds)
    looking.join()
    extra = (
        f"webhooks p50 {log.percentile(0.5):.0f} p99 {log.percentile(0.99):.0f} ms, "
        f"reads p50 {observed.percentile(0.5):.0f} p95 {observed.percentile(0.95):.0f} ms"
    )
    assert_consistent(name, deployment, log, extra=extra)
    assert set(log.statuses) == {202}
    assert set(observed.statuses) == {200}


def test_l1_embedded(on_sqlite: Deployment):
    under_load(on_sqlite, "L1 25 webhooks/s, 10 reads/s", webhooks=25, reads_per_second=10,
               seconds=often(6, 600))  # fmt: skip


@needs_postgres
def test_l2_postgresql(on_postgres: Deployment):
    under_load(on_postgres, "L2 150 webhooks/s, 50 reads/s", webhooks=150, reads_per_second=50,
               seconds=often(6, 600))  # fmt: skip


def test_l3_a_burst_for_many_members(deployment: Deployment):
    """Never two running jobs of a member, never two waiting ones of a kind; all states right."""
    count, seconds = often(50, 500), often(1, 10)
    total = BURST_RATE * seconds
    pairs = []
    for number in range(count):
        body_of_user = {"user": {"identifier": f"burst-{number}"}}
        user = deployment.sandbox.call("POST", "/users", json=body_of_user)["user"]["guid"]
        pairs.append((user, deployment.sandbox.connect(user, "LOCKED")))
    deployment.manage("shell", "-c", MEMBERS.format(pairs=json.dumps(pairs)))
    deployment.members = [Member("", user, member) for user, member in pairs]
    log, overlaps = Log(), []
    watching = threading.Event()

    def watch() -> None:
        while not watching.is_set():
            for state, key in (("running", "lock_key"), ("ready", "pending_key")):
                overlaps.extend(
                    deployment.rows(
                        f"SELECT {key}, count(*) FROM integrations_job WHERE state = '{state}' "
                        f"AND {key} IS NOT NULL GROUP BY {key} HAVING count(*) > 1"
                    )
                )
            time.sleep(0.1)

    for name in ("worker", "second"):
        deployment.start_worker(name)
    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.monotonic()
    steady(deployment, log, rate=BURST_RATE, seconds=seconds, threads=200, kind="CONNECTION_STATUS")
    took = time.monotonic() - began
    deployment.members = []  # they have no accounts to compare
    jobs = f"{total} in {took:.1f} s, slowest answer {max(log.times) / 1000:.1f} s"
    assert_consistent(f"L3 a burst for {count} members", deployment, log, timeout=180, extra=jobs)
    watching.set()
    watcher.join()
    ran = deployment.rows("SELECT count(*) FROM integrations_job WHERE kind = 'sync_member'")[0][0]
    with FIGURES.open("a") as file:
        file.write(f"{'':<34} {total} webhooks became {ran} jobs\n")
    assert overlaps == []
    assert (len(log.statuses), set(log.statuses)) == (total, {202})
    assert deployment.rows("SELECT DISTINCT connection_status FROM integrations_member") == [
        ("LOCKED",)
    ]
