"""A gateway, its database and a vendor that repeats answers, and how to watch them."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks import replaying_vendor
from tests import sandbox_process, stack
from tests.faults.deployment import Deployment
from tests.sandbox_process import Sandbox

TICKS = os.sysconf("SC_CLK_TCK")
SAMPLE_SECONDS = 0.05
CONNECTIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """A deployment that is not set up yet, a sandbox, and the vendor that repeats its answers."""

    deployment: Deployment
    sandbox: Sandbox
    vendor: replaying_vendor.ReplayingVendor

    def call_replaying_vendor(self) -> None:
        """Make the gateway call that vendor instead of the sandbox."""
        self.deployment.execute(
            f"UPDATE integrations_vendorcredential SET base_url = '{self.vendor.base_url}'"  # noqa: S608
        )


@contextmanager
def prepared(broker_url: str = "") -> Iterator[Installation]:
    """On a new database of DATABASE_URL's server, else SQLite, and with REDIS_URL if it is set."""
    with ExitStack() as parts:
        directory = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))
        environment = parts.enter_context(stack.services())
        sandbox = parts.enter_context(sandbox_process.running(directory))
        vendor = parts.enter_context(replaying_vendor.running(sandbox.base_url))
        deployment = Deployment(
            directory,
            environment["DATABASE_URL"],
            sandbox,
            environment.get("REDIS_URL", ""),
            broker_url,
        )
        parts.callback(deployment.stop)
        deployment.environment |= {"VENDOR_CALLS_PER_SECOND": "0", "LOG_LEVEL": "ERROR"}
        yield Installation(deployment, sandbox, vendor)


def cpu_seconds(pids: Iterable[int]) -> float:
    """Of these processes since they started, in user and in kernel mode; 0 for one that ended."""
    total = 0
    for pid in pids:
        with suppress(FileNotFoundError):
            text = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(text[11]) + int(text[12])
    return total / TICKS


class PeakConnections(threading.Thread):
    """Counts the connections to the database; `peak` is None on SQLite."""

    def __init__(self, database_url: str) -> None:
        super().__init__(daemon=True)
        self.database_url = database_url
        self.peak: int | None = None
        self.is_stopped = threading.Event()

    def run(self) -> None:
        if not self.database_url.startswith("postgres"):
            return
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            while not self.is_stopped.wait(SAMPLE_SECONDS):
                row = connection.execute(CONNECTIONS).fetchone()
                self.peak = max(self.peak or 0, row[0] if row else 0)


@contextmanager
def peak_connections(database_url: str) -> Iterator[PeakConnections]:
    """Count the connections to the database meanwhile, apart from its own."""
    sampler = PeakConnections(database_url)
    sampler.start()
    try:
        yield sampler
    finally:
        sampler.is_stopped.set()
        sampler.join()
