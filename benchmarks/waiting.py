"""`python -m benchmarks.waiting`: hundreds of pulls that wait for the vendor, and reads beside.

The gateway runs as in benchmarks.serving. Prints, for pulls and for the lean view that does the
same: requests per second, errors, CPU time of the gateway per request, and the most connections to
PostgreSQL at once. Then the vendor is slow, and the callers begin one after the other: the p95 of
reads of one row beside them, and its ratio to that of the same reads alone. Takes two minutes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

from benchmarks import load, serving
from benchmarks.deployments import peak_connections

READERS = 4


def measure(
    bench: serving.Bench, path: str, *, callers: int, seconds: float, delay: float, slow: float
) -> None:
    """Print what pulls of `path` cost, and what reads beside them take."""
    url, request = bench.deployment.url, load.Request(path, bench.headers)
    read = load.Request(f"{serving.TRANSACTIONS}/{bench.transaction}", bench.headers)
    bench.vendor.delay.value = delay
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, mp_context=context) as other_process,
        peak_connections(bench.deployment.database_url) as connections,
    ):
        other_process.submit(load.send_same, url, request, seconds=1, connections=callers).result()
        before = bench.cpu_seconds()
        alone = other_process.submit(
            load.send_same, url, request, seconds=seconds, connections=callers
        ).result()
        cpu = (bench.cpu_seconds() - before) / alone.count * 1000
        quiet = load.send_same(url, read, seconds=seconds, connections=READERS)
        bench.vendor.delay.value = slow
        waiting = other_process.submit(
            load.send_same, url, request, seconds=slow + seconds, connections=callers, spread=slow
        )
        time.sleep(slow)  # until all of them wait
        beside = load.send_same(url, read, seconds=seconds, connections=READERS)
        errors = alone.errors + waiting.result().errors + beside.errors
    print(
        f"{path.split('/')[1]:14}{alone.rate:8.0f}{alone.p50:9.0f}{alone.p95:9.0f}{cpu:8.2f}"
        f"{errors:8}{connections.peak or '':>13}{quiet.p95:12.0f}{beside.p95:12.0f}"
        f"{beside.p95 / quiet.p95:8.1f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement")
    parser.add_argument("--callers", type=int, default=400, help="that wait for the vendor")
    parser.add_argument("--delay", type=float, default=0.2, help="of the vendor, in seconds")
    parser.add_argument("--slow", type=float, default=10, help="the same, beside reads")
    options = parser.parse_args()
    with serving.running(100) as bench:
        print(
            f"{options.callers} callers, 2 processes of {serving.THREADS} threads; the vendor "
            f"answers after {options.delay:g} s, and after {options.slow:g} s beside reads\n"
        )
        print(f"{'':14}{'req/s':>8}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms':>8}{'errors':>8}"
              f"{'connections':>13}{'quiet read':>12}{'beside':>12}{'ratio':>8}")  # fmt: skip
        for path in ("integration/v1/aggregation", "lean"):
            measure(
                bench,
                f"/{path}/balance/{bench.account}",
                callers=options.callers,
                seconds=options.seconds,
                delay=options.delay,
                slow=options.slow,
            )


if __name__ == "__main__":
    main()
