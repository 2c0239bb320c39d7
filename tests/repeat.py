"""Run the suite several times in random orders, and say what failed how often.

    python -m tests.repeat --times 10 --busy -- --numprocesses 3 --dist loadfile

What follows `--` goes to pytest. A run that failed is repeated with its own seed:
`make test ARGS=--randomly-seed=<seed>`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.repeat")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--busy", action="store_true", help="keep every core busy meanwhile")
    parser.add_argument("--seed", type=int, default=None, help="of the first run; the next add 1")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest")
    options = parser.parse_args()
    first = random.randrange(10**6) if options.seed is None else options.seed
    failures: Counter[str] = Counter()
    red = 0
    with _busy_cores(os.cpu_count() or 1 if options.busy else 0):
        for seed in range(first, first + options.times):
            started = time.monotonic()
            code, failed = _run(seed, options.pytest)
            seconds = time.monotonic() - started
            print(f"seed {seed}: {'green' if code == 0 else 'RED'} after {seconds:.0f} s", *failed,
                  sep="\n    ", flush=True)  # fmt: skip
            failures.update(failed)
            red += code != 0
    print(f"{options.times - red} of {options.times} runs green")
    for name, count in failures.most_common():
        print(f"{count}x {name}")
    sys.exit(red > 0)


def _run(seed: int, arguments: list[str]) -> tuple[int, list[str]]:
    """Pytest's exit code, and what failed; its output goes to var/."""
    os.makedirs("var", exist_ok=True)
    path = f"var/repeat-{seed}.txt"
    command = [sys.executable, "-m", "pytest", "-q", f"--randomly-seed={seed}", *arguments]
    with open(path, "w") as log:
        code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    with open(path) as log:
        return code, FAILED.findall(log.read())


@contextmanager
def _busy_cores(count: int) -> Iterator[None]:
    spinners = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(count)]
    for spinner in spinners:
        spinner.start()
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.terminate()


def _spin() -> None:
    parent = os.getppid()
    while os.getppid() == parent:  # else it would outlive a parent that was killed
        sum(range(10**6))


if __name__ == "__main__":
    main()
