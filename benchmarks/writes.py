"""`make bench`: storing transactions, against one `update_or_create` per row and raw COPY.

Runs on a throw-away test database of DATABASE_URL. Prints rows per second for the first load, a
re-sync of unchanged rows and one with 5 % changed, how many rows each wrote, and the ratios to two
baselines of the same run: one `update_or_create` per row, on a sample, and on PostgreSQL COPY of
as many prepared rows into the same table, with all its indexes.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import resource
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection  # noqa: E402

from benchmarks import throwaway_database  # noqa: E402
from nucleus import writes  # noqa: E402
from nucleus.models import AggregationAccount, AggregationAccountTransaction  # noqa: E402
from nucleus.writes import TransactionRow  # noqa: E402
from tests.factories.nucleus import AggregationAccountFactory  # noqa: E402

START = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 2000


def rows(count: int, changed_every: int = 0) -> Iterator[TransactionRow]:
    for number in range(count):
        changed = changed_every and number % changed_every == 0
        yield TransactionRow(
            source_id=f"TRN-{number}",
            source_updated_at=START,
            transaction_date=START + timedelta(minutes=number),
            booking_date=(START + timedelta(minutes=number)).date(),
            currency_code="USD",
            status="pending" if changed else "posted",
            amount=Decimal(number % 90_000) / 100,
            transaction_type="Debit",
            category="Food & Dining",
            subcategory="Groceries",
            description=f"Supermarket {number % 50}",
            metadata={"mx_original_description": f"SUPERMARKET {number}"},
        )


def staged(account: AggregationAccount, source: Iterator[TransactionRow]) -> int:
    written, batch = 0, []
    for row in source:
        batch.append(row)
        if len(batch) == BATCH:
            written += writes.upsert_transactions(account=account, rows=batch)
            batch = []
    return written + writes.upsert_transactions(account=account, rows=batch)


def one_by_one(account: AggregationAccount, source: Iterator[TransactionRow]) -> int:
    for row in source:
        values = dataclasses.asdict(row)
        AggregationAccountTransaction.unscoped.update_or_create(
            tenant=account.tenant,
            aggregation_account=account,
            source_id=values.pop("source_id"),
            defaults=values,
        )
    return 0


def copied(source: AggregationAccount, target: AggregationAccount, count: int) -> float:
    """Rows per second of a COPY that gives the rows of one account to another."""
    table = AggregationAccountTransaction._meta.db_table
    names = [field.column for field in AggregationAccountTransaction._meta.concrete_fields]
    values = {"id": "gen_random_uuid()", "aggregation_account_id": f"'{target.pk}'::uuid"}
    selected = ", ".join(values.get(str(name), str(name)) for name in names)
    query = f"SELECT {selected} FROM {table} WHERE aggregation_account_id = '{source.pk}'"  # noqa: S608
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY ({query}) TO STDOUT") as outgoing:
            prepared = [bytes(block) for block in outgoing]
        started = time.perf_counter()
        with cursor.copy(f"COPY {table} ({', '.join(map(str, names))}) FROM STDIN") as incoming:
            for block in prepared:
                incoming.write(block)
        return count / (time.perf_counter() - started)


Writer = Callable[[AggregationAccount, Iterator[TransactionRow]], int]


def measure(
    write: Writer, account: AggregationAccount, count: int, changed: int = 0
) -> tuple[float, int]:
    started = time.perf_counter()
    written = write(account, rows(count, changed))
    return count / (time.perf_counter() - started), written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--sample", type=int, default=2_000, help="rows of the baseline")
    options = parser.parse_args()
    account, baseline = AggregationAccountFactory(), AggregationAccountFactory()
    naive_first, _ = measure(one_by_one, baseline, options.sample)
    naive_again, _ = measure(one_by_one, baseline, options.sample)
    copy = 0.0
    if connection.vendor == "postgresql":
        loaded: Any = AggregationAccountFactory()
        measure(staged, loaded, options.rows)
        target: Any = AggregationAccountFactory(client=loaded.client)
        copy = copied(loaded, target, options.rows)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    print(f"{connection.vendor}, {options.rows:,} transactions; baseline on {options.sample:,}\n")
    print(
        f"{'':28}{'rows/s':>10}{'written':>10}{'per row':>10}{'ratio':>8}{'COPY':>10}{'ratio':>8}"
    )
    for name, changed, naive in (
        ("first load", 0, naive_first),
        ("again, nothing changed", 0, naive_again),
        ("again, 5 % changed", 20, naive_again),
    ):
        speed, written = measure(staged, account, options.rows, changed)
        to_copy = f"{copy:10,.0f}{speed / copy:8.2f}" if copy else ""
        print(f"{name:28}{speed:10,.0f}{written:10,}{naive:10,.0f}{speed / naive:8.1f}{to_copy}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\npeak memory {peak} MiB")


if __name__ == "__main__":
    throwaway_database.run(main)
