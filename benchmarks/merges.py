"""`make bench`: merging two accounts of many transactions and undoing it, against importing them.

Runs on a throw-away test database of DATABASE_URL. Both accounts have --rows transactions, half of
which are alike, and the connection goes over, so that every row changes. Prints for the import (the
baseline), the merge and the undo: seconds, SQL statements, those for a tenth of the rows, how far
memory rose, and how long writers of another tenant and of the same client had to wait.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import OperationalError, connection  # noqa: E402

from benchmarks import throwaway_database  # noqa: E402
from benchmarks.writes import rows, staged  # noqa: E402
from integrations.flows import account_merges  # noqa: E402
from integrations.models import AccountLink, AccountMerge, Member, VendorUser  # noqa: E402
from nucleus import writes  # noqa: E402
from nucleus.models import AggregationAccount  # noqa: E402
from nucleus.writes import TransactionRow  # noqa: E402
from tests.factories.nucleus import AggregationAccountFactory, ClientFactory  # noqa: E402

PAUSE = 0.02  # seconds between two writes of another writer
HEADINGS = ("", "seconds", "statements", "of a tenth", "MiB", "others wait", "same client")


@dataclass
class Cost:
    """What one operation has cost; waits in seconds."""

    seconds: float = 0.0
    statements: int = 0
    mebibytes: float = 0.0
    waits: tuple[float, float] = (0.0, 0.0)


class Writer(threading.Thread):
    """Stores balances of an account until it is stopped; `longest` is its longest write."""

    def __init__(self, account: AggregationAccount) -> None:
        super().__init__()
        self.account = account
        self.longest = 0.0
        self.is_stopped = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.is_stopped.wait(PAUSE):
            number += 1
            started = time.perf_counter()
            with suppress(OperationalError):  # SQLite gives up after a time-out; that is the wait
                row = writes.BalanceRow(
                    balance=Decimal(number),
                    available_balance=None,
                    available_credit=None,
                    currency_code="USD",
                    time_stamp=None,
                    read_at=datetime.now(UTC),
                )
                writes.record_balance(self.account, row)
            self.longest = max(self.longest, time.perf_counter() - started)
        connection.close()

    def stop(self) -> None:
        self.is_stopped.set()
        self.join()


@contextmanager
def measured(others: list[AggregationAccount]) -> Iterator[Cost]:
    """The cost of the block, beside writers of the other accounts."""
    cost = Cost()

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        cost.statements += 1
        return execute(*arguments)

    writers = [Writer(account) for account in others]
    for writer in writers:
        writer.start()
    before = resident_mebibytes(reset_peak=True)
    started = time.perf_counter()
    with connection.execute_wrapper(count):
        yield cost
    cost.seconds = time.perf_counter() - started
    cost.mebibytes = resident_mebibytes() - before
    for writer in writers:
        writer.stop()
    cost.waits = (writers[0].longest, writers[1].longest)


def resident_mebibytes(*, reset_peak: bool = False) -> float:
    """The peak of this process's memory since the last reset (Linux)."""
    if reset_peak:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def link(account: AggregationAccount, member: Member, *, is_current: bool) -> None:
    AccountLink.unscoped.create(
        tenant=account.tenant,
        member=member,
        vendor="mx",
        vendor_member_id=member.vendor_member_id,
        vendor_account_id=f"ACT-{account.pk}",
        aggregation_account=account,
        ended_at=None if is_current else datetime.now(UTC),
    )


def earlier_rows(count: int) -> Iterator[TransactionRow]:
    """The rows of another source, every second of which is equal to one of `rows`."""
    for number, row in enumerate(rows(count)):
        description = f"Other {row.description}" if number % 2 else row.description
        yield replace(row, source_id=f"EARLIER-{number}", description=description)


def measure(count: int) -> dict[str, Cost]:
    """What importing, merging and undoing cost with that many transactions of each account."""
    client: Any = ClientFactory()
    user = VendorUser.unscoped.create(tenant=client.tenant, client=client, vendor="mx")
    member = Member.unscoped.create(tenant=client.tenant, vendor_user=user)
    accounts: list[Any] = [AggregationAccountFactory(client=client) for _ in range(3)]
    kept, merged, same_client = accounts
    others = [AggregationAccountFactory(), same_client]
    link(kept, member, is_current=False)
    link(merged, member, is_current=True)
    staged(kept, earlier_rows(count))
    with measured(others) as imported:
        staged(merged, rows(count))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    with measured(others) as merging:
        account_merges.merge(kept=kept, merged=merged, requested_by="benchmark")
    row = AccountMerge.unscoped.get(kept_account=kept)
    assert row.moved_transactions == count // 2
    with measured(others) as undoing:
        account_merges.undo(row)
    return {"import (baseline)": imported, "merge": merging, "undo": undoing}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    count = parser.parse_args().rows
    tenth, costs = measure(count // 10), measure(count)
    print(f"{connection.vendor}, two accounts of {count:,} transactions; waits in seconds\n")
    print(f"{HEADINGS[0]:18}" + "".join(f"{heading:>13}" for heading in HEADINGS[1:]))
    for name, cost in costs.items():
        print(
            f"{name:18}{cost.seconds:13.2f}{cost.statements:13,}{tenth[name].statements:13,}"
            f"{cost.mebibytes:13.0f}{cost.waits[0]:13.2f}{cost.waits[1]:13.2f}"
        )


if __name__ == "__main__":
    throwaway_database.run(main)
