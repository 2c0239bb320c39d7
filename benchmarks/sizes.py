"""`python -m benchmarks.sizes`: how much of PostgreSQL's disk one client takes.

Links --clients clients with a bank each, on a new database of DATABASE_URL's server, lets a worker
retrieve their data, sends --webhooks webhooks for each and works them off. Prints for each table
that has grown: rows per client, and bytes per row of the table and of its indexes. docs/scaling.md
computes with these figures.
"""

from __future__ import annotations

import argparse
import os
import time

import requests

from benchmarks.workers import WAITING, running
from tests.faults.deployment import WEBHOOK, Deployment

PATIENCE = 120.0
TABLES = """
    SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
UNFINISHED = "SELECT kind, state, last_error, count(*) FROM integrations_job GROUP BY 1, 2, 3"
FEW = 0.2  # rows per client; tables with fewer do not grow with the clients


def send_webhooks(deployment: Deployment, count: int) -> None:
    """That many of each connection, as MX sends them after an import."""
    for number in range(count):
        for member in deployment.members:
            body = {"type": "AGGREGATION", "action": "member_data_updated", "number": number,
                    "member_guid": member.guid, "user_guid": member.user}  # fmt: skip
            answer = requests.post(deployment.webhook_url, json=body, auth=WEBHOOK, timeout=30)
            assert answer.status_code == 202, answer.text
        wait_for_jobs(deployment)


def wait_for_jobs(deployment: Deployment) -> None:
    """Until a worker has done all of them."""
    deadline = time.monotonic() + PATIENCE
    while deployment.rows(WAITING)[0][0]:
        assert time.monotonic() < deadline, deployment.rows(UNFINISHED)
        time.sleep(0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=40)
    parser.add_argument("--webhooks", type=int, default=5, help="of each connection")
    options = parser.parse_args()
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        parser.error("set DATABASE_URL to a PostgreSQL server")
    with running(options.clients, delay=0, keeps_gateway=True) as deployment:
        deployment.start_worker()
        wait_for_jobs(deployment)
        send_webhooks(deployment, options.webhooks)
        deployment.kill("worker")
        print(
            f"{'table':48}{'rows/client':>12}{'bytes/row':>11}{'of indexes':>11}{'KiB/client':>11}"
        )
        total = 0.0
        for name, table, indexes in sorted(deployment.rows(TABLES)):
            rows = deployment.rows(f"SELECT count(*) FROM {name}")[0][0]  # noqa: S608 - a table's name
            if rows < options.clients * FEW:
                continue
            size = (table + indexes) / options.clients / 1024
            total += size
            print(
                f"{name:48}{rows / options.clients:12.1f}{table / rows:11.0f}"
                f"{indexes / rows:11.0f}{size:11.1f}"
            )
        print(f"{'all of them':82}{total:11.1f}")


if __name__ == "__main__":
    main()
