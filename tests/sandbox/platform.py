"""Calls of a client of MX Platform."""

from __future__ import annotations

from typing import Any

from tests.sandbox_process import Sandbox
from tests.waiting import PATIENCE, until

V2011, V2025 = "v20111101", "v20250224"


def failed(client: Sandbox, method: str, path: str, **kwargs: Any) -> tuple[int, dict[str, Any]]:
    response = client.session.request(method, client.base_url + path, timeout=PATIENCE, **kwargs)
    return response.status_code, response.json()["error"]


def status_of(client: Sandbox, method: str, path: str, **kwargs: Any) -> int:
    response = client.session.request(method, client.base_url + path, timeout=PATIENCE, **kwargs)
    return response.status_code


def at_rest(client: Sandbox, user: str, member: str) -> dict[str, Any]:
    return until(
        lambda: dict(client.call("GET", f"/users/{user}/members/{member}")["member"]),
        lambda row: not row["is_being_aggregated"] or row["connection_status"] == "CHALLENGED",
    )


def account_of(client: Sandbox, user: str, member: str, kind: str = "CHECKING") -> str:
    rows = client.listed(f"/users/{user}/members/{member}/accounts", "accounts")
    return str(next(row["guid"] for row in rows if row["type"] == kind))
