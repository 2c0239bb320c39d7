"""A list of transactions in pages, and how a use case reads it."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from integrations.vendors import records
from integrations.vendors.base import CallPolicy, CallRecord, VendorConfig
from integrations.vendors.mx.adapter import MX
from tests.integrations.vendors.mx.test_cursors import row
from tests.integrations.vendors.scripted_server import ScriptedServer, answer

AHEAD = 4
TODAY = datetime.now(UTC).date()
subject: ContextVar[str] = ContextVar("subject", default="")


@dataclass
class Bank:
    """A list of transactions, whose pages are answered as `before_answer` lets them."""

    rows: list[int]
    before_answer: Callable[[int], bytes | None] = lambda page: None
    requested: list[int] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        numbers = {name: int(value) for name, value in re.findall(rb"[?&](\w+)=(\d+)\b", request)}
        page, size = numbers[b"page"], numbers[b"records_per_page"]
        with self.lock:
            self.requested.append(page)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            content = self._content(page, size)
        special = self.before_answer(page)
        with self.lock:
            self.under_way -= 1
        connection.sendall(special or answer(body=content))

    def _content(self, page: int, size: int) -> bytes:
        total = len(self.rows)
        return json.dumps({
            "transactions": [row(number) for number in self.rows[(page - 1) * size : page * size]],
            "pagination": {"total_entries": total, "total_pages": -(-total // size)},
        }).encode()  # fmt: skip


def opened(api: str, server: ScriptedServer, calls: list[CallRecord], **policy: Any) -> MX:
    """MX; its calls are recorded in `calls`, all in this thread and about the same subject."""
    thread = threading.current_thread()

    def on_call(call: CallRecord) -> None:
        assert threading.current_thread() is thread
        assert subject.get() == "account"
        calls.append(call)

    policy = {"pages_ahead": AHEAD} | policy
    return MX(VendorConfig(api, server.url, "id", "key", CallPolicy(**policy), on_call))


def listing(mx: MX, after: str | None = None) -> Iterator[records.Batch[records.Transaction]]:
    def read() -> Iterator[records.Batch[records.Transaction]]:
        reset = subject.set("account")
        pages = mx.transaction_pages(
            user_id="USR-1", account_id="ACT-1", from_date=TODAY, to_date=TODAY, after=after
        )
        try:
            yield from pages
        finally:
            subject.reset(reset)

    return read()


def ids(pages: Iterator[records.Batch[records.Transaction]]) -> list[int]:
    return [int(record.id.removeprefix("TRN-")) for page in pages for record in page.records]
