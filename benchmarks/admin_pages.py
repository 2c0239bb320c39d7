"""`python -m benchmarks.admin_pages`: queries and times of every page of the admin, at size.

Runs on a throw-away test database of DATABASE_URL (the default is SQLite) with a tenant that has
100,000 accounts, a million transactions and 300,000 vendor calls, or `--share` of these. Follows
the links of the admin to one page of each kind, as a superuser; of lists also the search and the
last page. Prints the number of queries, and the median and the 95th percentile in milliseconds.
The exit code is 1 if a page takes more than MAX_QUERIES.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import time
from collections.abc import Iterator
from html import unescape
from typing import cast
from urllib.parse import urljoin, urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from benchmarks import admin_rows, throwaway_database  # noqa: E402
from nucleus.models import Tenant  # noqa: E402
from tests.factories.nucleus import TenantFactory  # noqa: E402

MAX_QUERIES = 20
MAX_PAGES = 300
GOAL = 300.0  # ms, of the 95th percentile
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=/)")
LINK = re.compile(r'href="([^"#]+)"')
LIST = re.compile(r"/admin/(?:nucleus|integrations|access|auth)/\w+/")
SAME_EVERYWHERE = ("history", "delete")  # pages that look alike for every model


def kind_of(url: str) -> str:
    """Equal for pages of the same screen."""
    path = IDS.sub("*", urlsplit(url).path)
    page = path.rstrip("/").rpartition("/")[2]
    return f"/admin/*/{page}/" if page in SAME_EVERYWHERE else path


def pages(http: Client) -> Iterator[str]:
    """The address of one page of each kind; of a list also a search and its last page."""
    opened: set[str] = set()
    waiting = ["/admin/"]
    while waiting and len(opened) < MAX_PAGES:
        url = waiting.pop(0)
        kind = kind_of(url)
        if kind in opened or not kind.startswith("/admin/") or "logout" in kind:
            continue
        opened.add(kind)
        response = http.get(url)
        if not response.get("Content-Type", "").startswith("text/html") or response.streaming:
            continue
        yield url
        html = response.content.decode()
        waiting += [urljoin(url, unescape(link)) for link in LINK.findall(html)]
        if LIST.fullmatch(url):
            yield f"{url}?q={admin_rows.RARE_WORD}"
            last = max((int(number) for number in re.findall(r'href="\?p=(\d+)', html)), default=1)
            if last > 1:
                yield f"{url}?p={last}"


def measured(http: Client, url: str, rounds: int) -> tuple[int, list[float]]:
    """The number of queries of a page, and its times in milliseconds, ascending."""
    with CaptureQueriesContext(connection) as queries:
        http.get(url)
        count = len(queries)  # the next request clears their log
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        http.get(url)
        times.append((time.perf_counter() - began) * 1000)
    return count, sorted(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the full numbers of rows")
    parser.add_argument("--rounds", type=int, default=20, help="of each page")
    options = parser.parse_args()
    began = time.perf_counter()
    counts = admin_rows.fill(cast("Tenant", TenantFactory()), options.share)
    print(f"{connection.vendor}; made in {time.perf_counter() - began:.0f} s: {counts}\n")
    http = Client()
    http.force_login(User.objects.create_superuser("benchmark"))
    print(f"{'page':92}{'queries':>8}{'median':>8}{'p95':>8}", flush=True)
    too_many, slow, number = [], [], 0
    for url in pages(http):
        number += 1
        queries, times = measured(http, url, options.rounds)
        late = times[max(0, -(-95 * len(times) // 100) - 1)]
        print(f"{url[:90]:92}{queries:8}{statistics.median(times):8.0f}{late:8.0f}", flush=True)
        too_many += [url] if queries > MAX_QUERIES else []
        slow += [url] if late > GOAL else []
    print(f"\n{number} pages; over {MAX_QUERIES} queries: {too_many or 'none'}")
    print(f"over {GOAL:.0f} ms (p95): {slow or 'none'}")
    if too_many:
        raise SystemExit(1)


if __name__ == "__main__":
    throwaway_database.run(main)
