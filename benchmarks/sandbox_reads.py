"""`python -m benchmarks.sandbox_reads`: how many reads a second the MX sandbox answers.

Prints the time to the first answer, then requests per second, median and 99th percentile for a mix
of lists and single rows, next to `/healthz` (Django and the server alone) in the same run.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks import load
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
    for name, result in (("health alone", bare), ("reads", reads)):
        print(
            f"{name:<14}{result.rate:10.0f} requests/s, median {result.p50:5.1f} ms, "
            f"99 % within {result.p99:6.1f} ms, {result.errors} errors"
        )
    print(f"ratio         {reads.rate / bare.rate:10.2f}")


def _load(sandbox: Sandbox, paths: list[str], seconds: float, connections: int) -> load.Result:
    def make_request(number: int) -> load.Request:
        return load.Request(paths[number % len(paths)], HEADERS)

    return load.send(sandbox.base_url, make_request, seconds=seconds, connections=connections)


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


if __name__ == "__main__":
    main()
