"""A listing that was interrupted is begun anew by another API, whose pages are others."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from integrations.vendors import errors
from integrations.vendors.base import VendorConfig
from integrations.vendors.mx.adapter import MX
from tests.integrations.vendors.scripted_server import ScriptedServer, answer, serving

ROWS = 250
TODAY = datetime.now(UTC).date()


def row(number: int) -> dict[str, object]:
    return {
        "guid": f"TRN-{number}", "amount": 1, "type": "DEBIT", "status": "POSTED",
        "date": str(TODAY), "transacted_at": f"{TODAY}T00:00:00Z", "currency_code": "USD",
    }  # fmt: skip


def page_of(connection: socket.socket, request: bytes) -> None:
    """The page that a request names, of as many rows as it names."""
    numbers = {name: int(value) for name, value in re.findall(rb"[?&](\w+)=(\d+)\b", request)}
    page, size = numbers[b"page"], numbers[b"records_per_page"]
    rows = [row(number) for number in range(ROWS)][(page - 1) * size : page * size]
    pagination = {"total_entries": ROWS, "total_pages": -(-ROWS // size), "current_page": page}
    body = json.dumps({"transactions": rows, "pagination": pagination})
    connection.sendall(answer(body=body.encode()))


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serving(page_of) as running:
        yield running


def pages(server: ScriptedServer, api: str, after: str | None = None) -> list[tuple[int, str]]:
    """How many rows each page has, and its cursor."""
    batches = MX(VendorConfig(api, server.url, "id", "key")).transaction_pages(
        user_id="USR-1", account_id="ACT-1", from_date=TODAY, to_date=TODAY, after=after
    )
    return [(len(batch.records) + len(batch.rejected), str(batch.cursor)) for batch in batches]


@pytest.mark.parametrize(("old", "new"), [("atrium", "platform"), ("platform", "atrium")])
def test_pages_of_one_api_are_not_continued_by_another(server: ScriptedServer, old: str, new: str):
    listed = pages(server, old)
    assert sum(count for count, _ in listed) == ROWS
    for _, cursor in listed:
        assert sum(count for count, _ in pages(server, old, after=cursor)) < ROWS
        with pytest.raises(errors.CursorExpired):
            pages(server, new, after=cursor)
