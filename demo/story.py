"""`python -m demo.story`: the main job end to end, over HTTP only (`make demo`).

A person links a bank with a security question on the way, the gateway fetches the data by itself, a
bank account is verified; then everything in Nucleus is compared with what MX serves. The exit code
is 0 only if it is equal.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from demo import bank, comparison, stack
from demo.bank import Row
from demo.comparison import ApiError, Facts
from demo.gateway import Gateway, GatewayUnreachable

ARRIVAL_SECONDS = 90
LOOK_SECONDS = 1.0
DIFFERENCES_SHOWN = 10


@dataclass
class Walkthrough:
    """One client of the gateway and their bank."""

    api: Gateway
    mx: bank.Mx
    client: Row
    user: str = ""
    member: str = ""

    def call(self, method: str, path: str, **body: Any) -> Any:
        """The gateway's parsed answer; refusals end the story."""
        return _called(self.api, method, path, body)

    def link(self) -> list[Row]:
        """User, widget link, the end user at the bank, accounts; the accounts' rows."""
        own = {"nucleus_client_id": self.client["id"], "product": "atom"}
        response = self.call(
            "POST",
            "/integration/v1/user",
            **own,
            integration_type="aggregation",
            vendor_name="mx",
        )
        self.user = response["vendor_response"]["guid"]
        self.member = self.widget().log_in()
        return self.create_accounts()

    def create_accounts(self) -> list[Row]:
        """What a front end does in the widget's onSuccess."""
        response = self._for_member("/integration/v1/aggregation/account")
        rows: list[Row] = response["nucleus_aggregation_accounts"]
        failed = [row["message"] for row in rows if not row["body"]]
        if failed or not rows:
            raise ApiError(f"Not every account was created: {failed or response['message']}")
        return [row["body"] for row in rows]

    def widget(self, **query: str) -> bank.Widget:
        """Ask for a widget link and open it."""
        query = {"vendor_name": "mx", **query}
        path = f"/integration/v1/widget_link/{self.client['id']}?{urlencode(query)}"
        return bank.Widget(self.call("GET", path)["widget_url"])

    def verify(self) -> list[Row]:
        """Verification mode of the widget, then the bank links, waiting for a job if need be."""
        self.widget(mode="iav").verify(self.member)
        self._for_member("/integration/v1/iav")
        deadline = time.monotonic() + ARRIVAL_SECONDS
        while time.monotonic() < deadline:
            links = list(comparison.rows(self.api, "bank_link", f"client_id=={self.client['id']}"))
            if links:
                return links
            time.sleep(LOOK_SECONDS)
        raise ApiError("No verified bank link appeared.")

    def _for_member(self, path: str) -> Any:
        return self.call(
            "POST",
            path,
            nucleus_client_id=self.client["id"],
            product="atom",
            vendor_request={"member_id": self.member},
        )


def main() -> int:
    """Tell the story on the running stack, if it speaks the same API of MX, or an own one."""
    parser = argparse.ArgumentParser(description="The main job end to end, compared to the cent.")
    parser.add_argument("--api", choices=bank.APIS, default="platform")
    mx_api = parser.parse_args().api
    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an own stack is stopped on the way
    try:
        with _stack(mx_api) as running_stack:
            equal = run(running_stack)
    except (ApiError, GatewayUnreachable, bank.BankError, stack.StackError) as error:
        _print_line("Failed", str(error))
        return 1
    _print_line("Done", f"in {time.monotonic() - started:.1f} s")
    return 0 if equal else 1


def run(running_stack: stack.Stack) -> bool:
    """Tell the story with a new client of this stack; whether everything was equal."""
    api = running_stack.api()
    mx = running_stack.mx()
    client = _called(
        api,
        "POST",
        "/nucleus/v1/client",
        {
            "username": f"story-{time.time_ns()}",
            "client_type": "consumer",
            "first_name": "Demo",
            "last_name": "Story",
        },
    )
    _print_line("Client", f"{client['first_name']} {client['last_name']}, {client['id']}")
    walkthrough = Walkthrough(api, mx, client)
    accounts = walkthrough.link()
    _print_line("Linked", f"{accounts[0]['institution_name']} after a security question")
    _print_line("", f"{len(accounts)} accounts created; their data is fetched by a job")
    expected = comparison.served(mx, walkthrough.user, walkthrough.member)
    actual = _arrived(api, client["id"], expected)
    _summarize(accounts, actual)
    links = walkthrough.verify()
    same_links = _compare_links(walkthrough, links)
    repeated_ids = {row["id"] for row in walkthrough.create_accounts()}
    if repeated_ids != {row["id"] for row in accounts}:
        _print_line("Differs", "creating the accounts again made other accounts")
        return False
    return compare(expected, comparison.stored(api, client["id"])) and same_links


@contextlib.contextmanager
def _stack(mx_api: str) -> Iterator[stack.Stack]:
    result = stack.running()
    if result and result.mx_api == mx_api:
        _print_line("Stack", f"the running one, {result.gateway}, with MX's API {mx_api!r}")
        yield result
        return
    _print_line("Stack", "starting one on free ports with a temporary database")
    _print_line("", f"MX's API: {mx_api}")
    with stack.temporary(mx_api=mx_api) as own:
        yield own


def _called(api: Gateway, method: str, path: str, body: dict[str, Any]) -> Any:
    content = json.dumps(body).encode() if method == "POST" else None
    response = api.call(method, path, content)
    if not response.ok:
        raise ApiError(f"{method} {path} answered {response.status}: {response.content.decode()}")
    return response.json()


def _arrived(api: Gateway, client_id: str, expected: Facts) -> Facts:
    """What is stored once it equals what is expected, or when patience ends."""
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while True:
        actual = comparison.stored(api, client_id)
        if actual == expected or time.monotonic() > deadline:
            return actual
        time.sleep(LOOK_SECONDS)


def _summarize(accounts: list[Row], facts: Facts) -> None:
    for account in accounts:
        name = comparison.label(account["account_name"], account["mask"])
        account_facts = [fact for fact in facts.elements() if fact[1] == name]
        balance = next((fact[2] for fact in account_facts if fact[0] == "balance"), None)
        debt = "" if account.get("is_asset", True) else " owed"
        category = account["subcategory"] or account["category"]
        _print_line("Account", f"{name}: {_money(balance)}{debt} ({category})")
        moves = [fact for fact in account_facts if fact[0] == "transaction"]
        if moves:
            first, last = min(move[2] for move in moves), max(move[2] for move in moves)
            sums = {
                way: sum((move[4] for move in moves if move[3] == way), Decimal(0))
                for way in ("Credit", "Debit")
            }
            _print_line(
                "",
                f"{len(moves)} transactions {first:%Y-%m-%d} to {last:%Y-%m-%d}, "
                f"in {_money(sums['Credit'])}, out {_money(sums['Debit'])}",
            )
        for _, _, symbol, shares, value, _ in (
            fact for fact in account_facts if fact[0] == "holding"
        ):
            _print_line("", f"{shares} {symbol or 'units'} worth {_money(value)}")


def compare(expected: Facts, actual: Facts) -> bool:
    """Whether all facts are equal; prints what was compared and what differs."""
    types = dict.fromkeys(("balance", "transaction", "holding"), 0)
    for fact in expected.elements():
        types[fact[0]] += 1
    counted = ", ".join(f"{count} {kind}s" for kind, count in types.items())
    if expected == actual:
        _print_line("Compared", f"{counted}: Nucleus equals MX to the cent")
        return True
    _print_line("Compared", f"{counted}: DIFFERENT")
    for text, difference in (("missing", expected - actual), ("extra", actual - expected)):
        for fact in list(difference.elements())[:DIFFERENCES_SHOWN]:
            _print_line("", f"{text}: {' | '.join(str(part) for part in fact)}")
        if difference.total() > DIFFERENCES_SHOWN:
            _print_line("", f"{text}: and {difference.total() - DIFFERENCES_SHOWN} more")
    return False


def _compare_links(walkthrough: Walkthrough, links: list[Row]) -> bool:
    path = f"/users/{walkthrough.user}/members/{walkthrough.member}/account_numbers"
    numbers = list(walkthrough.mx.rows(path, "account_numbers"))
    expected = {
        (number["account_number"][-4:], number["routing_number"][-4:]) for number in numbers
    }
    for link in links:
        _print_line(
            "Verified",
            f"{link['bank_account_name']} \u2022\u2022{link['mask']}, routing {link['routing']}, "
            f"{link['bank_account_holder'] or 'holder not confirmed by the bank'}",
        )
    if {(link["mask"], link["routing"][-4:]) for link in links} == expected:
        return True
    _print_line("Differs", f"MX serves {len(expected)} account numbers, others than these")
    return False


def _money(amount: Decimal | int | None) -> str:
    return "unknown" if amount is None else f"{amount:,.2f}"


def _print_line(topic: str, text: str) -> None:
    sys.stdout.write(f"{topic:<10}{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
