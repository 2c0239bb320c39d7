"""Sends requests over several connections for some seconds."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import quantiles
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `accepted` is the status of success."""

    path: str
    headers: Mapping[str, str]
    method: str = "GET"
    body: bytes | None = None
    accepted: int = http.client.OK


@dataclass(frozen=True, slots=True)
class Result:
    """The requests of one measurement; times are in milliseconds."""

    count: int
    rate: float  # per second
    p50: float
    p95: float
    p99: float
    errors: int


@dataclass
class Timings:
    """The times in seconds of all requests of several threads."""

    durations: list[float] = field(default_factory=list)
    errors: int = 0

    def result(self, seconds: float) -> Result:
        cuts = [cut * 1000 for cut in quantiles(self.durations, n=100)]
        return Result(
            count=len(self.durations),
            rate=len(self.durations) / seconds,
            p50=cuts[49],
            p95=cuts[94],
            p99=cuts[98],
            errors=self.errors,
        )


def send(
    base_url: str,
    make_request: Callable[[int], Request],
    *,
    seconds: float,
    connections: int,
    spread: float = 0,
) -> Result:
    """Send requests, each connection one after the other.

    Args:
        make_request: the request of that number; each connection counts its own from 0.
        spread: seconds over which the connections begin.
    """
    address = urlsplit(base_url).netloc

    def connect() -> Callable[[int], bool]:
        connection = http.client.HTTPConnection(address, timeout=60)

        def call(number: int) -> bool:
            request = make_request(number)
            connection.request(request.method, request.path, request.body, dict(request.headers))
            response = connection.getresponse()
            response.read()
            return response.status == request.accepted

        return call

    return repeat(connect, seconds=seconds, threads=connections, spread=spread)


def send_same(
    base_url: str, request: Request, *, seconds: float, connections: int, spread: float = 0
) -> Result:
    """Send the same request again and again; another process can call this."""
    return send(
        base_url, lambda _: request, seconds=seconds, connections=connections, spread=spread
    )


def repeat(
    prepare: Callable[[], Callable[[int], bool]],
    *,
    seconds: float,
    threads: int,
    spread: float = 0,
) -> Result:
    """Call what `prepare` returns in each thread again and again; False counts as an error."""
    timings, lock = Timings(), threading.Lock()
    ready = threading.Barrier(threads + 1)

    def run(delay: float) -> None:
        call = prepare()
        durations: list[float] = []
        errors = 0
        ready.wait()
        end = time.perf_counter() + seconds
        time.sleep(delay)
        while time.perf_counter() < end:
            start = time.perf_counter()
            errors += not call(len(durations))
            durations.append(time.perf_counter() - start)
        with lock:
            timings.durations += durations
            timings.errors += errors

    running = [
        threading.Thread(target=run, args=[spread * number / threads]) for number in range(threads)
    ]
    for thread in running:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    for thread in running:
        thread.join()
    return timings.result(time.perf_counter() - began)
