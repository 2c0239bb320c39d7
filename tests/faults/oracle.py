"""Invariants that hold after every scenario, once all jobs are done (threat table, I1 to I4)."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests import mx_api
from tests.faults.deployment import WEBHOOK, Deployment, Member
from tests.faults.traffic import Log

FIGURES = Path(__file__).resolve().parents[2] / "var" / "faults.txt"
CANARIES = (WEBHOOK[1], *(key for _, key in mx_api.KEYS.values()), "canary-secret-key")
TABLES = ("vendorcredential", "aggregationsettings", "inboundwebhook", "job", "auditlog")
OPEN = "SELECT count(*) FROM integrations_job WHERE state IN ('ready', 'running')"


@dataclass
class Figures:
    """What a scenario prints."""

    name: str
    acknowledged: int
    lost: int
    duplicated: int
    unequal: int
    dead: int
    seconds: float
    more: str = ""

    def __str__(self) -> str:
        return (
            f"{self.name:<34} acked {self.acknowledged:>6}  lost {self.lost}  "
            f"duplicated {self.duplicated}  unequal {self.unequal}  dead {self.dead}  "
            f"quiet after {self.seconds:5.1f} s  {self.more}"
        )


def assert_consistent(
    name: str, deployment: Deployment, log: Log, *, timeout: float = 60, extra: str = ""
) -> Figures:
    """Wait for quiet, then compare everything; fails on the first untruth."""
    seconds = quiet(deployment, timeout)
    ids = deployment.rows("SELECT id FROM integrations_inboundwebhook")
    stored = {str(row[0]).replace("-", "") for row in ids}
    lost = len({item.replace("-", "") for item in log.acknowledged} - stored)
    dead = deployment.rows("SELECT kind, last_error FROM integrations_job WHERE state = 'dead'")
    unequal = sum(differences(deployment, member) for member in deployment.members)
    figures = Figures(
        name,
        len(log.acknowledged),
        lost,
        duplicates(deployment),
        unequal,
        len(dead),
        seconds,
        extra,
    )
    if name != "before":
        with FIGURES.open("a") as file:  # xdist swallows what is printed
            file.write(f"{figures}\n")
    assert all(reason for _, reason in dead), dead
    assert (figures.lost, figures.duplicated, figures.unequal) == (0, 0, 0), figures
    assert not [status for status in log.statuses if status >= 500 and status != 503]
    assert leaks(deployment) == []
    return figures


def quiet(deployment: Deployment, timeout: float) -> float:
    """Seconds until no job is open."""
    began = time.monotonic()
    while time.monotonic() - began < timeout:
        if deployment.rows(OPEN)[0][0] == 0:
            return time.monotonic() - began
        time.sleep(0.1)
    columns = "kind, state, attempts, run_at, last_error"
    waiting = deployment.rows(
        f"SELECT {columns} FROM integrations_job WHERE state IN ('ready', 'running')"
    )
    raise AssertionError(f"not quiet after {timeout} s: {waiting[:5]}")


def duplicates(deployment: Deployment) -> int:
    """Rows with the same natural key, here and at MX."""
    own_rows = deployment.rows(
        "SELECT count(*) FROM (SELECT 1 FROM nucleus_aggregationaccounttransaction "
        "WHERE source_id IS NOT NULL GROUP BY aggregation_account_id, source_id "
        "HAVING count(*) > 1) AS doubled"
    )[0][0]
    accounts = deployment.rows(
        "SELECT count(*) FROM (SELECT 1 FROM integrations_accountlink "
        "GROUP BY vendor_account_id HAVING count(DISTINCT aggregation_account_id) > 1 "
        "OR sum(CASE WHEN ended_at IS NULL THEN 1 ELSE 0 END) > 1) AS doubled"
    )[0][0]
    users = deployment.sandbox.listed("/users", "users")
    at_mx = Counter(user["identifier"] for user in users if user["identifier"])
    return int(own_rows) + int(accounts) + sum(count - 1 for count in at_mx.values())


def differences(deployment: Deployment, member: Member) -> int:
    """How many rows of a member differ from MX's."""
    since = datetime.now(UTC).date() - timedelta(days=mx_api.chosen().days_back - 1)
    path = f"/users/{member.user}"
    listed = deployment.sandbox.listed(f"{path}/transactions?from_date={since}", "transactions")
    served = {(row["guid"], row["status"].lower(), Decimal(row["amount"])) for row in listed}
    accounts = (
        "SELECT link.aggregation_account_id FROM integrations_accountlink AS link "
        "JOIN integrations_member AS member ON member.id = link.member_id "
        f"WHERE member.vendor_member_id = '{member.guid}'"
    )
    rows = deployment.rows(
        "SELECT source_id, status, amount, transaction_date "
        "FROM nucleus_aggregationaccounttransaction "
        f"WHERE status <> 'canceled' AND aggregation_account_id IN ({accounts})"
    )
    stored = {(row[0], row[1], Decimal(row[2])) for row in rows if _day(row[3]) >= str(since)}
    missing = {row[0] for row in stored} - {row[0] for row in served}
    return len(served - stored) + len(missing)


def _day(value: Any) -> str:
    return str(value)[:10]


def leaks(deployment: Deployment) -> list[str]:
    """Secrets that stand somewhere in the clear."""
    matches = []
    for log in deployment.directory.glob("*.log"):
        text = log.read_text(errors="replace")
        matches += [f"{log.name}: {canary}" for canary in CANARIES if canary in text]
    for table in TABLES:
        text = str(deployment.rows(f"SELECT * FROM integrations_{table}"))
        matches += [f"{table}: {canary}" for canary in CANARIES if canary in text]
    return matches
