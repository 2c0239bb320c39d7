"""Every object has the fields of MX's OpenAPI documents, with the types that they state.

`platform_fields.json` lists them: object → field → type, with a question mark where it may be null.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.sandbox.platform import account_of, at_rest
from tests.sandbox_process import Sandbox

TABLE = json.loads(Path(__file__).with_name("platform_fields.json").read_text())
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "boolean": (bool,), "integer": (int,), "number": (int, Decimal),
    "array": (list,),
}  # fmt: skip
# Sent where they apply only.
OPTIONAL = {"oauth_window_uri"}


def check(version: str, name: str, row: dict[str, Any]) -> None:
    fields = TABLE["both"][name] | TABLE[version].get(name, {})
    assert row.keys() | OPTIONAL == fields.keys() | OPTIONAL, name
    for field, value in row.items():
        kind, is_nullable = fields[field].rstrip("?"), fields[field].endswith("?")
        if value is None:
            assert is_nullable, f"{name}.{field} is null"
            continue
        fits = isinstance(value, TYPES[kind])
        if kind != "boolean":
            fits = fits and not isinstance(value, bool)
        assert fits, f"{name}.{field} is {value!r}"


def test_people_and_connections(platform: Sandbox, user: str, member: str, version: str):
    path = f"/users/{user}"
    changed = {"user": {"email": "holder@person.example"}}
    check(version, "user", platform.call("PUT", path, json=changed)["user"])
    check(version, "member", platform.call("GET", f"{path}/members/{member}")["member"])
    check(version, "status", platform.call("GET", f"{path}/members/{member}/status")["member"])
    body = {"widget_url": {"widget_type": "connect_widget"}}
    check(
        version, "widget_url", platform.call("POST", f"{path}/widget_urls", json=body)["widget_url"]
    )


def test_institutions_and_merchants(platform: Sandbox, version: str):
    listed = platform.call("GET", "/institutions")
    check(version, "pagination", listed["pagination"])
    for row in listed["institutions"]:
        check(version, "institution", row)
    for row in platform.call("GET", "/institutions/mxbank/credentials")["credentials"]:
        check(version, "credential", row)
    for row in platform.call("GET", "/merchants")["merchants"]:
        check(version, "merchant", row)


def test_data(platform: Sandbox, user: str, member: str, version: str):
    path = f"/users/{user}/members/{member}"
    for job in ("verify", "identify", "fetch_statements"):
        platform.call("POST", f"{path}/{job}")
        at_rest(platform, user, member)
    for name in ("account", "transaction", "account_number", "account_owner", "statement"):
        rows = platform.listed(f"{path}/{name}s", f"{name}s")
        assert rows
        for row in rows:
            check(version, name, row)
    place = next(
        row["merchant_location_guid"]
        for row in platform.listed(f"{path}/transactions", "transactions")
        if row["merchant_location_guid"]
    )
    location = platform.call("GET", f"/merchant_locations/{place}")["merchant_location"]
    check(version, "merchant_location", location)
    account = account_of(platform, user, member, "INVESTMENT")
    holdings = f"/users/{user}/accounts/{account}/investment_holdings"
    for row in platform.listed(holdings, "investment_holdings"):
        check(version, "investment_holding", row)
