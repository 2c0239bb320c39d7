"""Booleans in JSON, in queries, and as MX's Python client writes them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.atrium_api.endpoint import flag, optional_flag
from sandbox.atrium_api.errors import ApiError
from sandbox.atrium_api.institutions import FILTERS
from tests.world import World


@pytest.mark.parametrize(
    ("value", "read"),
    [(True, True), (False, False), ("true", True), ("True", True), ("TRUE", True), ("false", False),
     ("False", False), ("", None), (None, None)],
)  # fmt: skip
def test_spellings(value: Any, read: bool | None) -> None:
    assert optional_flag({"name": value}, "name") is read
    assert flag({"name": value}, "name", default=True) is (read is not False)


@pytest.mark.parametrize("value", ["yes", "1", 1, 0, [], {"a": 1}])
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(ApiError):
        flag({"name": value}, "name")


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("wanted", ["True", "False"])
def test_filters_of_institutions(world: World, name: str, wanted: str) -> None:
    rows = world.sandbox.call("GET", f"/institutions?{name}={wanted}")["institutions"]
    assert {row[name] for row in rows} == {wanted == "True"}


def test_a_job_with_transactions(world: World) -> None:
    member = world.connect()
    for word, status in (("True", 202), ("maybe", 422)):
        url = world.sandbox.base_url + world.path(member, "/balance")
        answer = world.sandbox.session.post(f"{url}?include_transactions={word}", timeout=10)
        assert answer.status_code == status
        world.settle(member)


def test_options_of_a_window(world: World) -> None:
    path = f"/users/{world.user}/members"
    oauth = {"institution_code": "mx_bank_oauth", "is_oauth": "True"}
    row = world.sandbox.call("POST", path, json={"member": oauth})["member"]
    assert row["is_oauth"] is True
    window = world.path(row["guid"], "/oauth_window_uri?skip_aggregation=True")
    assert "oauth_window_uri" in world.sandbox.call("GET", window)["member"]
