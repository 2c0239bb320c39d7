"""Booleans in JSON, in queries, and as MX's Python client writes them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.waiting import PATIENCE
from tests.world import World

FILTERS = (
    "supports_account_identification", "supports_account_statement",
    "supports_account_verification", "supports_oauth", "supports_transaction_history",
)  # fmt: skip


def test_spellings_in_json(world: World) -> None:
    for value in (True, False, "true", "True", "TRUE", "false", "False", "", None):
        path = f"/users/{world.user}"
        body = {"user": {"is_disabled": value}}
        row = world.sandbox.call("PUT", path, json=body)["user"]
        assert row["is_disabled"] is (str(value).lower() == "true")


@pytest.mark.parametrize("value", ["yes", "1", 1, 0, [], {"a": 1}])
def test_other_values_are_refused(world: World, value: Any) -> None:
    url = f"{world.sandbox.base_url}/users/{world.user}"
    body = {"user": {"is_disabled": value}}
    assert world.sandbox.session.put(url, json=body, timeout=PATIENCE).status_code == 422


@pytest.mark.parametrize("name", FILTERS)
def test_filters_of_institutions(world: World, name: str) -> None:
    for text in ("True", "False"):
        rows = world.sandbox.call("GET", f"/institutions?{name}={text}")["institutions"]
        assert {row[name] for row in rows} <= {text == "True"}


def test_a_job_with_transactions(world: World) -> None:
    member = world.connect()
    for text, expected in (("True", 202), ("maybe", 422)):
        url = world.sandbox.base_url + world.path(member, "/identify")
        response = world.sandbox.session.post(
            f"{url}?include_transactions={text}", timeout=PATIENCE
        )
        assert response.status_code == expected
        world.settle(member)


def test_options_of_a_window(world: World) -> None:
    path = f"/users/{world.user}/members"
    oauth = {"institution_code": "mx_bank_oauth", "is_oauth": "True"}
    row = world.sandbox.call("POST", path, json={"member": oauth})["member"]
    assert row["is_oauth"] is True
    window = world.path(row["guid"], "/oauth_window_uri?skip_aggregation=True")
    assert "oauth_window_uri" in world.sandbox.call("GET", window)["member"]
