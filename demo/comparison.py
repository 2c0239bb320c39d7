"""Whether Nucleus holds what MX serves: every balance, transaction and holding, as counted facts.

A fact is a tuple of everything that must be equal. MX's ids are not part of it, because Nucleus
rightly has its own; equal facts are counted, so a duplicate or a lost twin shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from demo.bank import Mx, Row
from demo.gateway import Gateway

Fact = tuple[Any, ...]
Facts = Counter[Fact]

PAGE = 100
MAX_PAGES = 1000
BACK, AHEAD = timedelta(days=90), timedelta(days=5)  # what the gateway retrieves at least


class ApiError(Exception):
    """The gateway refused a call, or its list has no end."""


def rows(api: Gateway, kind: str, filter_: str) -> Iterator[Row]:
    """All rows of a Nucleus list, page by page.

    Raises:
        ApiError: the gateway refused.
    """
    for page in range(MAX_PAGES):
        query = {"filter": filter_, "page": page, "size": PAGE, "order_by": "id"}
        path = f"/nucleus/v1/{kind}?{urlencode(query)}&ascending=true"
        response = api.call("GET", path)
        if not response.ok:
            raise ApiError(f"GET {path} answered {response.status}: {response.content.decode()}")
        body = response.json()
        yield from body["content"]
        if body["last"]:
            return
    raise ApiError(f"{kind} has no last page")


def served(mx: Mx, user: str, member: str) -> Facts:
    """What MX serves for a member."""
    facts: Facts = Counter()
    today = datetime.now(UTC).date()
    for account in mx.rows(f"/users/{user}/members/{member}/accounts", "accounts"):
        name = label(account["name"], (account["account_number"] or "")[-4:])
        facts[_balance(name, account)] += 1
        for row in mx.transactions(user, account, today - BACK, today + AHEAD):
            facts[_served_transaction(name, row)] += 1
        for row in mx.positions(user, account):
            position = (row["symbol"], row["shares"], row["market_value"], row["cost_basis"])
            facts["holding", name, *position] += 1
    return facts


def stored(api: Gateway, client_id: str) -> Facts:
    """What Nucleus holds for a client."""
    facts: Facts = Counter()
    for account in rows(api, "aggregation_account", f"client_id=={client_id}"):
        name = label(account["account_name"], account["mask"])
        own = f"aggregation_account_id=={account['id']}"
        balances = list(rows(api, "aggregation_account_balance", own))
        if balances:
            newest = max(balances, key=lambda row: _instant(row["balance_time_stamp"]))
            facts[_balance(name, newest)] += 1
        for row in rows(api, "aggregation_account_transaction", own):
            facts[_stored_transaction(name, row)] += 1
        for row in rows(api, "aggregation_account_holding", f"{own}&&is_active==true"):
            position = (row["ticker"], row["shares"], row["amount"], row["cost_basis"])
            facts["holding", name, *position] += 1
    return facts


def label(name: str, mask: str | None) -> str:
    """How people tell accounts apart."""
    return f"{name} \u2022\u2022{mask}" if mask else name


def _balance(name: str, row: Row) -> Fact:
    amounts = (row["balance"], row["available_balance"], row["available_credit"])
    return ("balance", name, *amounts)


def _served_transaction(name: str, row: Row) -> Fact:
    when = row["transacted_at"] or row["date"] or row["posted_at"] or row["created_at"]
    return (
        "transaction",
        name,
        _instant(when),
        row["type"].title(),
        abs(row["amount"]),
        row["status"].lower(),
        row["top_level_category"],
        row["category"],
        row["description"],
    )


def _stored_transaction(name: str, row: Row) -> Fact:
    credit = row["bank_credit"]
    return (
        "transaction",
        name,
        _instant(row["transaction_date"]),
        credit["transaction_type"],
        credit["amount"],
        row["status"],
        credit["category"],
        credit["subcategory"],
        credit["description"],
    )


def _instant(text: str) -> datetime:
    """An ISO date or instant in UTC; a date alone is its midnight."""
    parsed = datetime.fromisoformat(text)
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
