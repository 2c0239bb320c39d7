"""`python -m benchmarks.listing`: reading the pages of a long list ahead, against one at a time.

Runs retrieval jobs on a throw-away test database of DATABASE_URL, at a vendor in another process
that answers each page after a delay. One at a time is the baseline: VENDOR_PAGES_AHEAD=0. Other
settings have their defaults, the limit of calls per second among them. Prints for both APIs of MX
seconds, pages per second and the ratio; and then, for lists of --rows rows, how far memory rose.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks import throwaway_database  # noqa: E402
from benchmarks.merges import link, resident_mebibytes  # noqa: E402
from integrations.flows import retrieval  # noqa: E402
from integrations.jobs import runner as job_runner  # noqa: E402
from integrations.models import (  # noqa: E402
    AuditLog,
    Job,
    JobState,
    Member,
    VendorCredential,
    VendorUser,
)
from integrations.vendors.mx.apis import APIS  # noqa: E402
from nucleus.models import AggregationAccountTransaction  # noqa: E402
from tests.factories.nucleus import AggregationAccountFactory, ClientFactory  # noqa: E402
from tests.integrations.vendors.mx.test_mapping import ACCOUNT, TRANSACTION  # noqa: E402

HEADINGS = ("seconds", "pages/s", "ratio", "CPU s", "MiB")


def _serve(entries: Any, size: Any, delay: Any, sender: Any) -> None:
    """Answer lists of `entries` transactions in pages of `size`, whatever is asked for."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    row = TRANSACTION | {"guid": "%", "date": str(noon.date()), "transacted_at": noon.isoformat()}
    row = {name: value for name, value in row.items() if not name.endswith(("user_guid", "_at"))}
    before, _, after = json.dumps(row | {"account_guid": None}, default=str).rpartition('"%"')

    def page(number: int) -> str:
        first, total = (number - 1) * size.value, entries.value
        rows = (f'{before}"TRN-{n}"{after}' for n in range(first, min(first + size.value, total)))
        paging = {"total_entries": total, "total_pages": -(-total // size.value)}
        return f'{{"transactions": [{",".join(rows)}], "pagination": {json.dumps(paging)}}}'

    def answer(path: str) -> tuple[str, str]:
        if number := re.search(r"/transactions\?(?:.*&)?page=(\d+)", path):
            return "200 OK", page(int(number[1]))
        if account := re.search(r"/users/([^/]+)/accounts/([^/?]+)$", path):
            own = ACCOUNT | {"user_guid": account[1], "guid": account[2], "type": "CHECKING"}
            return "200 OK", json.dumps({"account": own}, default=str)
        return "404 Not Found", "{}"

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            if delay.value:
                await asyncio.sleep(delay.value)
            status, text = answer(head.split(b" ", 2)[1].decode())
            content = text.encode()
            fields = f"Content-Type: application/json\r\nContent-Length: {len(content)}"
            writer.write(f"HTTP/1.1 {status}\r\n{fields}\r\n\r\n".encode() + content)
            await writer.drain()

    async def serve() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        sender.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


class PagedVendor:
    """A vendor that has a list of any length."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.entries, self.size = context.Value("q", 0), context.Value("q", 0)
        self.delay = context.Value("d", 0.0)
        receiver, sender = context.Pipe(duplex=False)
        arguments = (self.entries, self.size, self.delay, sender)
        self.process = context.Process(target=_serve, args=arguments, daemon=True)
        self.process.start()
        self.base_url = f"http://127.0.0.1:{receiver.recv()}"


@contextmanager
def vendor() -> Iterator[PagedVendor]:
    running = PagedVendor()
    try:
        yield running
    finally:
        running.process.terminate()
        running.process.join()


def analyze() -> None:
    """Collect PostgreSQL's statistics before each job, so that all find the same."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def retrieve(source: PagedVendor, api: str, pages: int, ahead: int) -> tuple[float, float, float]:
    """Seconds, CPU seconds and MiB of a job that retrieves an account of so many pages."""
    source.size.value = APIS[api].limits.page_size
    source.entries.value = pages * source.size.value
    settings.VENDOR_PAGES_AHEAD = ahead
    client: Any = ClientFactory()
    user = VendorUser.unscoped.create(
        tenant=client.tenant, client=client, vendor="mx", vendor_user_id="USR-1"
    )
    member = Member.unscoped.create(
        tenant=client.tenant, vendor_user=user, vendor_member_id="MBR-1"
    )
    account: Any = AggregationAccountFactory(client=client)
    link(account, member, is_current=True)
    VendorCredential(
        tenant=client.tenant,
        api=api,
        environment=VendorCredential.Environment.CUSTOM,
        base_url=source.base_url,
        client_id="id",
        secret="key",  # noqa: S106 - of a vendor that looks at none
    ).save()
    retrieval.enqueue(member=member, account=account)
    analyze()
    before, cpu = resident_mebibytes(reset_peak=True), time.process_time()
    started = time.perf_counter()
    job_runner.drain()
    seconds = time.perf_counter() - started
    cost = seconds, time.process_time() - cpu, resident_mebibytes() - before
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}
    stored = AggregationAccountTransaction.unscoped.filter(aggregation_account=account)
    assert stored.count() == source.entries.value
    listed = AuditLog.objects.filter(tenant=client.tenant, operation="list_transactions")
    assert listed.filter(aggregation_account_id=account.pk).count() == pages
    return cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=500, help="of the list of Atrium")
    parser.add_argument("--delay", type=float, default=0.1, help="seconds; of each answer")
    parser.add_argument("--rows", type=int, nargs="*", default=[20_000, 200_000])
    options = parser.parse_args()
    settings.VENDOR_DEADLINE_SECONDS, settings.JOB_TURN_SECONDS = 600, timedelta(hours=1).seconds
    ahead = settings.VENDOR_PAGES_AHEAD
    with vendor() as source:
        print(
            f"{connection.vendor}, {options.delay * 1000:.0f} ms a page, {ahead} pages ahead, "
            f"at most {settings.VENDOR_CALLS_PER_SECOND:g} calls per second\n"
        )
        print(f"{'':44}" + "".join(f"{heading:>10}" for heading in HEADINGS))

        def show(name: str, pages: int, cost: tuple[float, float, float], base: float) -> None:
            seconds, cpu, memory = cost
            print(
                f"{name:44}{seconds:10.1f}{pages / seconds:10.1f}{base / seconds:10.1f}"
                f"{cpu:10.1f}{memory:10.0f}",
                flush=True,
            )

        source.delay.value = options.delay
        for api, pages in (("atrium", options.pages), ("platform", options.pages // 10)):
            name = f"{APIS[api].name}, {pages} pages of {APIS[api].limits.page_size}"
            single = retrieve(source, api, pages, 0)
            show(f"{name}, one at a time", pages, single, single[0])
            show(f"{name}, ahead", pages, retrieve(source, api, pages, ahead), single[0])
        source.delay.value = 0
        for count in options.rows:
            pages = -(-count // APIS["platform"].limits.page_size)
            cost = retrieve(source, "platform", pages, ahead)
            show(f"{count:,} rows, answered at once", pages, cost, cost[0])


if __name__ == "__main__":
    throwaway_database.run(main)
