"""`python -m benchmarks.sandbox_reads`: how many reads a second the MX sandbox answers.

Prints the time to the first answer, then requests per second, median and 99th percentile for a mix
of lists and single rows, next to `/healthz` (Django and the server alone) in the same run.
"""

from __future__ import annotations

import argparse
import http.client
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

from tests.sandbox_process import API_KEY, CLIENT_ID, Sandbox, running
from tests.world import World

HEADERS = {"MX-Client-ID": CLIENT_ID, "MX-API-Key": API_KEY}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as sandbox:
        sandbox.call("GET", "/healthz")
        print(f"start-up            {time.perf_counter() - began:6.2f} s")
        paths = _paths(sandbox)
        bare = _load(sandbox, ["/healthz"], options.seconds / 2, options.connections)
        reads = _load(sandbox, paths, options.seconds, options.connections)
    for name, (rate, middle, slow, errors) in (("health alone", bare), ("reads", reads)):
        print(
            f"{name:<14}{rate:10.0f} requests/s, median {middle:5.1f} ms, "
            f"99 % within {slow:6.1f} ms, {errors} errors"
        )
    print(f"ratio         {reads[0] / bare[0]:10.2f}")


def _paths(sandbox: Sandbox) -> list[str]:
    """What a client reads, of a user with one member."""
    world = World(sandbox)
    member = world.connect()
    user = f"/users/{world.user}"
    account = world.rows("/accounts", "accounts")[0]["guid"]
    transaction = world.rows("/transactions", "transactions")[0]["guid"]
    return [
        user, f"{user}/members", f"{user}/members/{member}/status", f"{user}/accounts",
        f"{user}/accounts/{account}", f"{user}/transactions?records_per_page=25",
        f"{user}/transactions/{transaction}", f"{user}/holdings", "/institutions/mxbank",
    ]  # fmt: skip


def _load(
    sandbox: Sandbox, paths: list[str], seconds: float, connections: int
) -> tuple[float, float, float, int]:
    """Requests per second, median and 99th percentile in ms, errors."""
    address = urlsplit(sandbox.base_url).netloc
    times: list[float] = []
    errors: list[int] = []
    deadline = time.perf_counter() + seconds

    def read_all() -> None:
        connection = http.client.HTTPConnection(address, timeout=10)
        durations, number = [], 0
        while time.perf_counter() < deadline:
            began = time.perf_counter()
            connection.request("GET", paths[number % len(paths)], headers=HEADERS)
            response = connection.getresponse()
            response.read()
            durations.append(time.perf_counter() - began)
            if response.status != http.client.OK:
                errors.append(response.status)
            number += 1
        times.extend(durations)

    _at_once(connections, read_all)
    cuts = quantiles(times, n=100)
    return len(times) / seconds, cuts[49] * 1000, cuts[98] * 1000, len(errors)


def _at_once(count: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
