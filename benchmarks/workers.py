"""`python -m benchmarks.workers`: jobs per second with one to four worker processes.

A tenant's connections are synced again and again by `manage.py work`, or by Celery if REDIS_URL is
set or --broker is used, on a new database of DATABASE_URL's server (else SQLite). The vendor
repeats the sandbox's answers after --delay seconds. Prints for each number of processes: jobs per
second, the ratio to one process (the baseline), the CPU time of the workers per job, the most
database connections at a time, and whether each job ran exactly once.

Then it times the claim of another tenant's job, with and without a queue of --queue jobs before it.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from benchmarks import deployments  # noqa: E402
from tests.faults.deployment import Deployment, child_processes  # noqa: E402

PATIENCE = 300.0  # seconds for one measurement
WAITING = "SELECT count(*) FROM integrations_job WHERE state <> 'done'"
REPEATED = "SELECT count(*) FROM integrations_job WHERE state <> 'done' OR attempts <> 1"
MODULE = "from benchmarks import worker_jobs; worker_jobs."


@contextmanager
def running(
    connections: int, delay: float, *, keeps_gateway: bool = False, broker_url: str = ""
) -> Iterator[Deployment]:
    """A deployment with so many connections; its workers are not started yet."""
    with deployments.prepared(broker_url) as installation:
        deployment = installation.deployment
        deployment.environment |= {"VENDOR_CONCURRENCY": "64", "JOB_LEASE_SECONDS": "60"}
        deployment.set_up()
        deployment.start_gateway()
        deployment.link(connections)  # at the sandbox; answers that are repeated never change
        installation.call_replaying_vendor()
        if not keeps_gateway:
            deployment.kill("gateway")
        installation.vendor.delay.value = delay
        yield deployment


def measure(deployment: Deployment, processes: int, rounds: int) -> dict[str, float]:
    """Sync every connection `rounds` times with so many worker processes."""
    deployment.manage("shell", "-c", f"{MODULE}enqueue_syncs({rounds})")
    count = deployment.rows(WAITING)[0][0]
    names = [f"worker{number}" for number in range(processes)]
    for name in names:
        if deployment.uses_celery:
            options = f"-A celery_app worker --concurrency 4 --hostname {name} -l ERROR"
            deployment.start(name, "-m", "celery", *options.split())
        else:
            deployment.start(name, "manage.py", "work", "--idle", "0.1")
    if deployment.uses_celery:
        deployment.start("relay", "manage.py", "relay", "--every", "0.5")
    while deployment.rows(WAITING)[0][0] == count:  # until they have started
        time.sleep(0.02)
    started, waiting = time.monotonic(), deployment.rows(WAITING)[0][0]
    pids = [deployment.processes[name].pid for name in names]
    pids += [child for pid in pids for child in child_processes(pid)]
    before, left = deployments.cpu_seconds(pids), waiting
    with deployments.peak_connections(deployment.database_url) as connections:
        while left and time.monotonic() < started + PATIENCE:
            time.sleep(0.1)
            left = deployment.rows(WAITING)[0][0]
    seconds, cpu = time.monotonic() - started, deployments.cpu_seconds(pids) - before
    for name in [*names, *(["relay"] if deployment.uses_celery else [])]:
        deployment.processes[name].terminate()
        deployment.processes.pop(name).wait(60)
    return {
        "rate": (waiting - left) / seconds,
        "cpu": cpu / max(waiting - left, 1) * 1000,
        "connections": connections.peak or 0,
        "mistakes": deployment.rows(REPEATED)[0][0],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--connections", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5, help="syncs of each connection")
    parser.add_argument("--delay", type=float, default=0.2, help="of the vendor, seconds")
    parser.add_argument("--queue", type=int, default=50_000)
    parser.add_argument("--broker", default="", help="URL, such as amqp://guest:guest@127.0.0.1//")
    options = parser.parse_args()
    with running(options.connections, options.delay, broker_url=options.broker) as deployment:
        kind = "manage.py work, 4 threads"
        if deployment.uses_celery:
            kind = f"Celery ({(options.broker or 'redis').partition(':')[0]}), 4 child processes"
        print(
            f"{deployment.database_url.partition(':')[0]}, {kind} each; {options.connections} "
            f"connections, the vendor answers after {options.delay * 1000:.0f} ms\n"
        )
        print(
            f"{'processes':>10}{'jobs/s':>8}{'ratio':>8}{'CPU ms':>8}{'connections':>13}  not once"
        )
        first = 0.0
        for processes in options.processes:
            result = measure(deployment, processes, options.rounds)
            first = first or result["rate"]
            print(
                f"{processes:10}{result['rate']:8.1f}{result['rate'] / first:8.2f}"
                f"{result['cpu']:8.1f}{result['connections']:13.0f}  {result['mistakes']:.0f}",
                flush=True,
            )
        print()
        print(deployment.manage("shell", "-c", f"{MODULE}print_claim_times({options.queue})"))


if __name__ == "__main__":
    main()
