"""An HTTP stub of MX that is as unhelpful as MX's reference allows.

Every nullable field is null; undocumented fields and unknown enum values occur; pages shift while
they are read; numbers are printed as MX prints them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

USER, MEMBER, FOREIGN = "USR-1", "MBR-1", "MBR-foreign"
PAGE = 100
TRANSACTIONS = 437


def account(number: int, **fields: Any) -> dict[str, Any]:
    nulls = dict.fromkeys(
        ("account_number", "apr", "apy", "available_balance", "available_credit", "balance",
         "cash_balance", "credit_limit", "currency_code", "institution_code", "is_closed",
         "matures_on", "name", "subtype", "type", "updated_at", "created_at", "payment_due_at")
    )  # fmt: skip
    guids = {"guid": f"ACT-{number}", "user_guid": USER, "member_guid": MEMBER}
    return {**nulls, **guids, "a_field_of_tomorrow": {"deep": [1, None]}, **fields}


ACCOUNTS = [
    account(1),
    account(
        2, type="CHECKING", balance=-0.07, available_balance="12.5", name="Kontokörper \U0001f3e6"
    ),
    account(3, type="ORBITAL_FUND", subtype="LUNAR", balance=99999999999.99, currency_code="usd"),
    account(4, type="SAVINGS", balance=1e400, name="x" * 5000, is_closed=True),
    account(5, guid=None),
    account(6, user_guid="USR-somebody-else"),
]


def transaction(number: int) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(
        ("category", "currency_code", "description", "memo", "merchant_guid", "posted_at",
         "status", "top_level_category", "transacted_at", "type", "updated_at", "is_fee")
    )  # fmt: skip
    row |= {"guid": f"TRN-{number}", "account_guid": "ACT-2", "amount": number / 100}
    row |= {"date": "2026-11-20", "created_at": "not a date"}
    if number % 3 == 0:
        row |= {
            "type": "REVERSAL",
            "status": "HALF_POSTED",
            "description": '日本 \\ " \u2028',
            "x": 1,
        }
    if number % 100 == 7:
        row |= {"amount": None}
    if number % 100 == 8:
        row |= {"date": None}
    return row


ROWS = [transaction(number) for number in range(TRANSACTIONS)]
MEMBER_ROW = {
    "guid": MEMBER, "user_guid": USER, "connection_status": "CONNECTED", "name": None,
    "institution_code": None, "is_being_aggregated": None, "aggregated_at": None,
}  # fmt: skip
OBJECTS: dict[str, Any] = {
    f"/users/{USER}": {"user": {"guid": USER, "identifier": None, "metadata": None}},
    f"/users/{USER}/members/{MEMBER}": {"member": MEMBER_ROW},
    f"/users/{USER}/members/{FOREIGN}": {
        "member": {**MEMBER_ROW, "guid": FOREIGN, "user_guid": "USR-2"}
    },
} | {f"/users/{USER}/accounts/{item['guid']}": {"account": item} for item in ACCOUNTS}
LISTS: dict[str, tuple[str, list[Any]]] = {
    "/users": ("users", []),
    f"/users/{USER}/members": ("members", [MEMBER_ROW, None, 5, {"guid": "MBR-2"}]),
    f"/users/{USER}/members/{MEMBER}/accounts": ("accounts", ACCOUNTS),
    f"/users/{USER}/accounts/ACT-2/transactions": ("transactions", ROWS),
    f"/users/{USER}/accounts/ACT-2/holdings": ("holdings", [{"guid": "HOL-1", "shares": None}]),
    f"/users/{USER}/members/{MEMBER}/account_numbers": (
        "account_numbers",
        [
            {"account_guid": "ACT-2", "account_number": "0001", "routing_number": None,
             "institution_number": "004", "transit_number": "12345"},
            {"account_guid": "ACT-1", "account_number": "9", "routing_number": "8"},
            {"account_guid": "ACT-4", "account_number": None, "routing_number": "8"},
        ],
    ),
    f"/users/{USER}/members/{MEMBER}/account_owners": ("account_owners", [{"owner_name": None}]),
}  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers: Callable[[str], Any] = staticmethod(lambda path: None)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        answer = self.answers(url.path) or OBJECTS.get(url.path) or LISTS.get(url.path)
        if answer is None:
            return self._respond(404, {"error": None})
        if isinstance(answer, dict):
            return self._respond(200, answer)
        key, rows = answer
        page = int(parse_qs(url.query).get("page", ["1"])[0])
        start = max((page - 1) * PAGE - (page > 1) * 3, 0)  # pages shift by three rows
        pages = -(-len(rows) // PAGE)
        pagination = {"current_page": page, "per_page": PAGE, "total_pages": pages}
        return self._respond(200, {key: rows[start : page * PAGE], "pagination": pagination})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/users":
            return self._respond(200, OBJECTS[f"/users/{USER}"])
        return self._respond(202, {"member": MEMBER_ROW})

    def _respond(self, status: int, body: Any) -> None:
        content = json.dumps(body).replace("Infinity", "1e400").encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@contextmanager
def serving(answers: Callable[[str], Any] = lambda path: None) -> Iterator[str]:
    """The base URL of a running one.

    Args:
        answers: path → what to answer instead: an object, or key and rows of a list.
    """
    handler = type("OwnHandler", (Handler,), {"answers": staticmethod(answers)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
