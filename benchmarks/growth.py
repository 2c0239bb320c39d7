"""`python -m benchmarks.growth`: what lists cost at 100,000 rows of a tenant, and at 3 million.

Runs on a throw-away test database of DATABASE_URL (the default is SQLite) with a tenant of each
size, whose rows the database makes itself. Prints the median and the 95th percentile of each
request in milliseconds, and the ratio of the largest tenant to the smallest, which is the baseline.
What is refused shows its status instead. `--sizes 100000,10000000` measures other sizes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("RATE_LIMIT_PER_MINUTE", "0")
os.environ.setdefault("CLIENT_RATE_LIMIT_PER_MINUTE", "0")
django.setup()

from django.db import connection  # noqa: E402

from benchmarks import growth_rows, throwaway_database  # noqa: E402
from nucleus.models import Tenant  # noqa: E402
from tests.api import Api  # noqa: E402
from tests.factories.access import ApplicationFactory, access_token  # noqa: E402
from tests.factories.nucleus import TenantFactory  # noqa: E402

TRANSACTIONS = "aggregation_account_transaction"
OK = 200
FEWEST = 2  # times of a request
DEEP = 50  # pages of 100 that are read by cursor before the page that is measured


@dataclass(frozen=True, slots=True)
class Measured:
    """The times of one request in milliseconds; none if it is refused."""

    status: int
    times: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def slow(self) -> float:
        return sorted(self.times)[max(0, -(-95 * len(self.times) // 100) - 1)]

    def __str__(self) -> str:
        if self.status != OK:
            return f"{self.status}"
        return f"{self.median:.1f} / {self.slow:.1f}"


def requests_of(sized: growth_rows.Sized) -> dict[str, Callable[[], Any]]:
    """What is measured, by its name."""
    application = ApplicationFactory(tenant=sized.tenant)
    api = Api(access_token(application))
    client_api = Api(access_token(application, client_id=sized.client))

    def get(caller: Api, kind: str, **query: Any) -> Callable[[], Any]:
        return lambda: caller.get(f"/nucleus/v1/{kind}", **query)

    def transactions(**query: Any) -> Callable[[], Any]:
        return get(api, TRANSACTIONS, **query)

    def by_account(**query: Any) -> Callable[[], Any]:
        condition = query.pop("filter", "")
        return transactions(filter=f"aggregation_account_id=={sized.account}{condition}", **query)

    filters = (
        "status==pending", "status==posted", f"category=='{growth_rows.COMMON}'",
        f"category=='{growth_rows.RARE}'", f"category=='{growth_rows.OLD}'",
        f"merchant_id=={sized.merchant}", f"secondary_id=={growth_rows.SECONDARY_ID}",
        "is_active==true", "is_fee==true", "is_active==true && status==posted", "amount>89999",
        "transaction_date>=2025-12-20", "transaction_date<=2024-01-10",
        f"description=='{growth_rows.RARE}'",
    )  # fmt: skip
    orders = ("create_date", "transaction_date", "booking_date", "amount", "merchant", "id")
    deep = _cursor_after(api, DEEP)
    return {
        "transactions": transactions(),
        "  page 100": transactions(page=100),
        "  page 1000": transactions(page=1000),
        "  page 3900": transactions(page=3900),
        "  cursor, first page": transactions(cursor="start"),
        f"  cursor, {DEEP * 100:,} rows deep": transactions(cursor=deep, size=100),
        **{f"  {name_of(text)}": transactions(filter=text) for text in filters},
        "  pending or rare": transactions(
            filter=f"status==pending || category=='{growth_rows.RARE}'"
        ),
        **{f"  order_by={name}": transactions(order_by=name) for name in orders},
        "  ascending": transactions(ascending="true"),
        "  by account": by_account(),
        "  by account and day": by_account(filter=" && transaction_date>=2025-06-01"),
        "  by account, order_by=amount": by_account(order_by="amount"),
        "  token of one client": get(client_api, TRANSACTIONS),
        "clients": get(api, "client"),
        "accounts": get(api, "aggregation_account"),
        "balances": get(api, "aggregation_account_balance"),
        "  by account ": get(
            api, "aggregation_account_balance", filter=f"aggregation_account_id=={sized.account}"
        ),
    }


def _cursor_after(api: Api, pages: int) -> str:
    cursor = "start"
    for _ in range(pages):
        answer = api.get(f"/nucleus/v1/{TRANSACTIONS}", cursor=cursor, size=100)
        cursor = answer.data["next_cursor"] or cursor  # of a table that has fewer rows
    return cursor


def name_of(condition: str) -> str:
    """The condition, without the id that differs between tenants."""
    return condition.partition("==")[0] + "==…" if "merchant" in condition else condition[:40]


def measured(requests: Sequence[Callable[[], Any]], rounds: int, seconds: float) -> list[Measured]:
    """The times of the same request of each tenant, in turns, because machines are shared.

    As many as `rounds`, or as fit in `seconds` together, but at least FEWEST.
    """
    statuses = [int(request().status_code) for request in requests]  # also warms the caches
    times: list[list[float]] = [[] for _ in requests]
    deadline = time.perf_counter() + seconds
    for number in range(rounds):
        if number >= FEWEST and time.perf_counter() > deadline:
            break
        for request, status, own in zip(requests, statuses, times, strict=True):
            began = time.perf_counter()
            if status == OK:
                request()
                own.append((time.perf_counter() - began) * 1000)
    return [Measured(*pair) for pair in zip(statuses, times, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="100000,1000000,3000000", help="rows, ascending")
    parser.add_argument("--rounds", type=int, default=21, help="of each request")
    parser.add_argument("--seconds", type=float, default=5, help="at most, for each request")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    tenants = [
        growth_rows.Sized(cast("Tenant", TenantFactory()), number, size)
        for number, size in enumerate(sizes, start=1)
    ]
    began = time.perf_counter()
    growth_rows.fill(tenants)
    duration = time.perf_counter() - began
    print(f"{connection.vendor}, {sum(sizes):,} transactions made in {duration:.0f} s")
    print("ms: median / 95th percentile; ratio of the medians, and of the percentiles\n")
    print(f"{'':44}" + "".join(f"{size:>18,}" for size in sizes) + f"{'ratio':>14}", flush=True)
    by_name = [requests_of(sized) for sized in tenants]
    for name in by_name[0]:
        requests = [of_tenant[name] for of_tenant in by_name]
        cells = measured(requests, options.rounds, options.seconds)
        first, last = cells[0], cells[-1]
        ratio = "-"
        if first.times and last.times:
            ratio = f"{last.median / first.median:.1f} / {last.slow / first.slow:.1f}"
        print(
            f"{name:44}" + "".join(f"{cell!s:>18}" for cell in cells) + f"{ratio:>14}", flush=True
        )


if __name__ == "__main__":
    throwaway_database.run(main)
