"""What somebody does in MX's dashboard, and listings that lack a row."""

from __future__ import annotations

import pytest

from tests.sandbox import bank
from tests.waiting import PATIENCE
from tests.world import World


@pytest.fixture
def world(world: World) -> World:
    return bank.begin(world)


@pytest.fixture
def member(world: World) -> str:
    return bank.connect(world)


def test_a_user_is_disabled_enabled_and_deleted(world: World, member: str):
    bank.happen(world, "disable_user", user=world.user)
    assert bank.status(world, "/accounts") == 403
    assert world.sandbox.call("GET", f"/users/{world.user}")["user"]["is_disabled"] is True
    bank.happen(world, "enable_user", user=world.user)
    (account, *_) = bank.accounts(world).values()
    bank.happen(world, "delete_user", user=world.user)
    for path in ("", "/members", f"/members/{member}", "/accounts", f"/accounts/{account['guid']}",
                 "/transactions", f"/members/{member}/status", "/holdings"):  # fmt: skip
        assert bank.status(world, path) == 404
    url = f"{world.sandbox.base_url}{bank.BANK}/users/{world.user}"
    assert world.sandbox.session.get(url, timeout=PATIENCE).status_code == 404


def test_a_member_is_deleted_with_all_that_it_had(world: World, member: str):
    other = bank.connect(world, "test_credit_union")
    (account, *_) = world.rows(f"/members/{member}/accounts", "accounts")
    (row, *_) = bank.transactions(world, account["guid"])
    bank.happen(world, "delete_member", member=member)
    for path in (f"/members/{member}", f"/members/{member}/status", f"/members/{member}/accounts",
                 f"/accounts/{account['guid']}", f"/transactions/{row}"):  # fmt: skip
        assert bank.status(world, path) == 404
    assert {row["member_guid"] for row in world.rows("/accounts", "accounts")} == {other}
    world.advance("3d")  # nothing of it runs any more
    assert [row["guid"] for row in world.rows("/members", "members")] == [other]


def test_users_are_listed(world: World):
    users = world.sandbox.call("GET", f"{bank.BANK}/users")["users"]
    assert world.user in [row["guid"] for row in users]


def test_a_listing_lacks_rows_for_one_answer(world: World, member: str):
    path, (missing, *rest) = (
        f"/members/{member}/accounts",
        [row["guid"] for row in world.rows(f"/members/{member}/accounts", "accounts")],
    )
    world.sandbox.fault(kind="missing_rows", path=f"/users/*{path}", guids=[missing])
    assert [row["guid"] for row in world.rows(path, "accounts")] == rest
    assert [row["guid"] for row in world.rows(path, "accounts")] == [missing, *rest]
    world.sandbox.fault(kind="missing_rows", path="/users/*/accounts")
    answer = world.sandbox.call("GET", f"/users/{world.user}/accounts")
    assert (answer["accounts"], answer["pagination"]["total_entries"]) == ([], 0)
