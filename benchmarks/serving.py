"""`python -m benchmarks.serving`: what requests cost, beside lean views, plain DRF and MX's client.

Starts gunicorn, with the baselines of benchmarks/baselines.py beside the API, on a new database of
DATABASE_URL's server (else SQLite) and with REDIS_URL if it is set. Prints the medians of some
rounds, in which product and baselines take turns: requests per second, p50 and p95, CPU time of the
gateway's processes per request, queries per request, and the ratios of rate and of CPU time to each
baseline. Machines differ and are shared, so only the ratios of one run count.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import django
import requests
import urllib3

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from benchmarks import deployments, load, replaying_vendor  # noqa: E402
from benchmarks.baselines import COUNT_HEADER, COUNTED_HEADER, VENDOR_VARIABLE  # noqa: E402
from tests import mx_api  # noqa: E402
from tests.faults.deployment import WEBHOOK, Deployment, child_processes  # noqa: E402
from tests.sandbox_process import API_KEY, CLIENT_ID, Sandbox  # noqa: E402
from tests.world import World  # noqa: E402

THREADS = 200  # of each of the two processes, as the README recommends
UNLIMITED = "1000000000"
TRANSACTIONS = "/nucleus/v1/aggregation_account_transaction"
FILL = """
from benchmarks.writes import rows, staged
from nucleus.models import AggregationAccount
staged(AggregationAccount.unscoped.first(), rows({count}))
"""


@dataclass(frozen=True, slots=True)
class Case:
    """Something that is measured; baselines are compared with the product's case before them."""

    name: str
    measure: Callable[[float], load.Result]
    cpu_seconds: Callable[[], float]
    queries: str = ""


@dataclass
class Bench:
    """A running gateway with data, and what is needed to call it."""

    deployment: Deployment
    sandbox: Sandbox
    vendor: replaying_vendor.ReplayingVendor
    token: str
    account: str
    transaction: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def cpu_seconds(self) -> float:
        """Of gunicorn's workers, since they started."""
        return deployments.cpu_seconds(child_processes(self.deployment.processes["gateway"].pid))

    def get(self, name: str, path: str, callers: int) -> Case:
        """A case of GET requests."""
        request = load.Request(path, self.headers)
        for _ in range(2):  # the first pull may store something
            counted = requests.get(
                self.deployment.url + path, headers=self.headers | {COUNT_HEADER: "1"}, timeout=60
            )
            assert counted.ok, counted.text

        def measure(seconds: float) -> load.Result:
            return load.send(
                self.deployment.url, lambda _: request, seconds=seconds, connections=callers
            )

        return Case(name, measure, self.cpu_seconds, counted.headers[COUNTED_HEADER])

    def post(self, name: str, path: str, callers: int) -> Case:
        """A case of webhooks, all of which differ."""
        headers = {"Content-Type": "application/json"}
        headers |= urllib3.make_headers(basic_auth=":".join(WEBHOOK))
        member = self.deployment.members[0]
        body = {"type": "AGGREGATION", "action": "member_data_updated",
                "member_guid": member.guid, "user_guid": member.user}  # fmt: skip

        def make_request(number: int) -> load.Request:
            content = json.dumps(body | {"completed_at": time.monotonic_ns()}).encode()
            return load.Request(path, headers, "POST", content, accepted=202)

        counted = requests.post(
            self.deployment.url + path, make_request(0).body,
            headers=headers | {COUNT_HEADER: "1"}, timeout=60,
        )  # fmt: skip
        assert counted.status_code == 202, counted.text

        def measure(seconds: float) -> load.Result:
            return load.send(
                self.deployment.url, make_request, seconds=seconds, connections=callers
            )

        return Case(name, measure, self.cpu_seconds, counted.headers[COUNTED_HEADER])

    def mx_client(self, callers: int) -> Case:
        """MX's own Python client, which reads one account from the same vendor."""
        import atrium

        world = World(self.sandbox)
        world.connect()
        account = world.rows("/accounts", "accounts")[0]["guid"]

        def prepare() -> Callable[[int], bool]:
            client = atrium.AtriumClient(API_KEY, CLIENT_ID, environment=self.vendor.base_url)

            def call(_: int) -> bool:
                return bool(client.accounts.read_account(account, world.user).account.guid)

            return call

        def measure(seconds: float) -> load.Result:
            return load.repeat(prepare, seconds=seconds, threads=callers)

        return Case("MX's own client", measure, time.process_time)


def lists(bench: Bench, callers: int) -> list[Case]:
    name, query = f"account={bench.account}", "?size=25&filter=aggregation_account_id=="
    return [
        bench.get("list of 25", f"{TRANSACTIONS}{query}{bench.account}", callers),
        bench.get("lean view", f"/lean/transaction?{name}", callers),
        bench.get("plain DRF", f"/plain/transaction?{name}", callers),
    ]


def single_rows(bench: Bench, callers: int) -> list[Case]:
    return [
        bench.get("one row", f"{TRANSACTIONS}/{bench.transaction}", callers),
        bench.get("lean view", f"/lean/transaction/{bench.transaction}", callers),
        bench.get("plain DRF", f"/plain/transaction/{bench.transaction}", callers),
    ]


def pulls(bench: Bench, callers: int, delay: float = 0) -> list[Case]:
    """Pulls of a balance that has not changed; the vendor answers after `delay` seconds."""
    late = f", vendor {delay * 1000:.0f} ms, {callers} at a time" if delay else ""
    cases = [
        bench.get(
            f"balance pull{late}", f"/integration/v1/aggregation/balance/{bench.account}", callers
        ),
        bench.get("lean view", f"/lean/balance/{bench.account}", callers),
        bench.mx_client(callers),
    ]

    def delayed(case: Case) -> Case:
        def measure(seconds: float) -> load.Result:
            bench.vendor.delay.value = delay
            try:
                return case.measure(seconds)
            finally:
                bench.vendor.delay.value = 0

        return Case(case.name, measure, case.cpu_seconds, case.queries)

    return [delayed(case) for case in cases]


def webhooks(bench: Bench, callers: int) -> list[Case]:
    path = "/webhooks/" + bench.deployment.webhook_url.split("/webhooks/")[1]
    return [bench.post("webhook", path, callers), bench.post("lean view", f"/lean{path}", callers)]


def report(cases: list[Case], rounds: int, seconds: float) -> None:
    """Measure in turns and print a line for each case."""
    results: list[list[tuple[load.Result, float]]] = [[] for _ in cases]
    for case in cases:
        case.measure(min(1, seconds))  # connections are opened, caches filled
    for _ in range(rounds):
        for case, measured in zip(cases, results, strict=True):
            before = case.cpu_seconds()
            result = case.measure(seconds)
            measured.append((result, (case.cpu_seconds() - before) / result.count * 1000))
    product_rate = product_cpu = 0.0
    for case, measured in zip(cases, results, strict=True):
        rate, p50, p95 = (
            median(getattr(result, name) for result, _ in measured)
            for name in ("rate", "p50", "p95")
        )
        cpu, errors = median(cpu for _, cpu in measured), sum(r.errors for r, _ in measured)
        ratios = ""
        if case is cases[0]:
            product_rate, product_cpu = rate, cpu
        else:
            ratios = f"{product_rate / rate:9.2f}{cpu / product_cpu:9.2f}"
        name = case.name if case is cases[0] else f"  beside {case.name}"
        mistakes = f"  {errors} errors" if errors else ""
        print(
            f"{name:46}{rate:8.0f}{p50:8.1f}{p95:8.1f}{cpu:8.2f}{case.queries:>8}{ratios:18}"
            f"{mistakes}",
            flush=True,
        )


@contextmanager
def running(transactions: int) -> Iterator[Bench]:
    """A gateway with accounts of a sandbox, one of them with so many transactions."""
    with deployments.prepared() as installation:
        deployment, vendor = installation.deployment, installation.vendor
        api = mx_api.chosen()
        media = {"atrium": "application/vnd.mx.atrium.v1+json"}.get(api.slug, "application/json")
        deployment.environment |= {
            "DJANGO_SETTINGS_MODULE": "benchmarks.server_settings",
            "RATE_LIMIT_PER_MINUTE": UNLIMITED,  # counted, not reached
            "ACCESS_TOKEN_SECONDS": "86400",
            VENDOR_VARIABLE: " ".join(
                (vendor.base_url, api.client_id, api.api_key, media, api.version)
            ),
        }
        deployment.set_up()
        installation.call_replaying_vendor()
        deployment.start_gateway(THREADS)
        deployment.link(1)
        deployment.manage("shell", "-c", FILL.format(count=transactions))
        rows = deployment.call("GET", f"{TRANSACTIONS}?size=1")["content"]
        account, transaction = rows[0]["aggregation_account_id"], rows[0]["id"]
        token_url = f"{deployment.url}/authorization/v1/oauth/token?grant_type=client_credentials"
        token = requests.post(token_url, auth=deployment.keys, timeout=30).json()["access_token"]
        yield Bench(deployment, installation.sandbox, vendor, token, account, transaction)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--callers", type=int, default=8, help="at a time, but for waits")
    parser.add_argument("--waiting", type=int, default=50, help="callers that wait for the vendor")
    parser.add_argument("--transactions", type=int, default=5000, help="of the account")
    parser.add_argument(
        "--only", choices=("lists", "rows", "pulls", "waits", "webhooks"), nargs="+",
    )  # fmt: skip
    options = parser.parse_args()
    groups: dict[str, Callable[[Bench], list[Case]]] = {
        "lists": lambda bench: lists(bench, options.callers),
        "rows": lambda bench: single_rows(bench, options.callers),
        "pulls": lambda bench: pulls(bench, options.callers),
        "waits": lambda bench: pulls(bench, options.waiting, delay=0.2),
        "webhooks": lambda bench: webhooks(bench, options.callers),
    }
    with running(options.transactions) as bench:
        database = bench.deployment.database_url.partition(":")[0]
        redis = " and Redis" if bench.deployment.redis_url else ""
        print(
            f"{database}{redis}, 2 processes of {THREADS} threads, {options.callers} callers; "
            f"medians of {options.rounds} rounds of {options.seconds:g} s\n"
        )
        print(f"{'':46}{'req/s':>8}{'p50 ms':>8}{'p95 ms':>8}{'CPU ms':>8}{'queries':>8}"
              f"{'rate':>9}{'CPU':>9}")  # fmt: skip
        for name in options.only or groups:
            report(groups[name](bench), options.rounds, options.seconds)


if __name__ == "__main__":
    main()
