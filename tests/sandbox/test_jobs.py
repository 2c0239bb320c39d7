"""Which jobs the sandbox starts, and its responses to those it does not."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests.waiting import PATIENCE
from tests.world import World

JOBS = ("aggregate", "balance", "verify", "identify", "extend_history", "fetch_statements")


def test_the_same_job_twice_is_202_and_another_is_409(world: World, subtests: pytest.Subtests):
    member = world.connect()
    world.rules(job_seconds=60)
    for job in JOBS:
        with subtests.test(job):
            code, response = world.start(member, job)
            assert (code, response["member"]["is_being_aggregated"]) == (202, True)
            assert world.start(member, job)[0] == 202
            for other in JOBS:
                if other != job:
                    assert world.start(member, other)[0] == 409
        world.put(member, "CONNECTED")  # its job has ended


def test_aggregation_is_throttled_for_three_hours(world: World):
    member = world.connect(institution="test_credit_union")
    first = world.status(member)["aggregated_at"]
    code, response = world.start(member, "aggregate")
    assert (code, response["member"]["is_being_aggregated"]) == (202, False)
    assert world.status(member)["aggregated_at"] == first
    assert world.run(member, "verify")["connection_status"] == "CHALLENGED"  # never throttled
    world.answer(member, world.status(member)["challenges"][0]["options"][0]["value"])
    world.advance("181m")
    assert world.start(member, "aggregate")[1]["member"]["is_being_aggregated"]


def test_mx_bank_is_never_throttled(world: World):
    member = world.connect()
    for _ in range(7):
        assert world.start(member, "aggregate")[1]["member"]["is_being_aggregated"]
        world.settle(member)
    for _ in range(7):
        world.run(member, "balance")


def test_a_rejected_answer_may_be_retried_at_once(world: World):
    member = world.connect("challenge", "test_credit_union")
    assert world.answer(member, "wrong")["connection_status"] == "REJECTED"
    assert world.start(member, "aggregate")[1]["member"]["is_being_aggregated"]


def test_five_balance_jobs_in_two_hours(world: World):
    member = world.connect(institution="test_credit_union")
    for _ in range(5):
        world.run(member, "balance")
    code, response = world.start(member, "balance")
    assert code == 429
    assert response["error"]["message"]
    world.advance("121m")
    assert world.start(member, "balance")[0] == 202


@pytest.mark.parametrize(
    ("institution", "job"),
    [
        ("test_brokerage", "verify"), ("test_mortgage_lender", "identify"),
        ("test_mortgage_lender", "extend_history"), ("test_card_issuer", "fetch_statements"),
    ],
)  # fmt: skip
def test_jobs_that_an_institution_does_not_support_are_400(
    world: World, institution: str, job: str
):
    assert world.start(world.connect(institution=institution), job)[0] == 400


def test_a_feature_that_is_not_enabled_is_403(world: World, subtests: pytest.Subtests):
    member = world.connect()
    for job in ("verify", "identify", "extend_history", "fetch_statements"):
        with subtests.test(job):
            world.rules(disabled_features=[job])
            assert world.start(member, job)[0] == 403


def test_verification_asks_which_account(world: World):
    member = world.connect()
    assert world.run(member, "verify")["connection_status"] == "CHALLENGED"
    (question,) = world.status(member)["challenges"]
    assert (question["type"], question["field_name"]) == ("OPTIONS", "account_selection")
    accounts = {row["guid"]: row["type"] for row in world.rows("/accounts", "accounts")}
    offered = [option["value"] for option in question["options"]]
    assert {accounts[item] for item in offered} == {"CHECKING", "SAVINGS"}
    assert world.answer(member, offered[1])["connection_status"] == "CONNECTED"
    numbers = world.rows(f"/members/{member}/account_numbers", "account_numbers")
    assert [number["account_guid"] for number in numbers] == [offered[1]]
    world.run(member, "verify")
    world.answer(member, offered[0])
    numbers = world.rows(f"/members/{member}/account_numbers", "account_numbers")
    assert {number["account_guid"] for number in numbers} == set(offered[:2])
    by_account = world.rows(f"/accounts/{offered[0]}/account_numbers", "account_numbers")
    assert by_account == [number for number in numbers if number["account_guid"] == offered[0]]


def test_an_account_that_is_not_offered_is_rejected(world: World):
    member = world.connect()
    world.run(member, "verify")
    assert world.answer(member, "ACT-unknown")["connection_status"] == "REJECTED"
    assert world.rows(f"/members/{member}/account_numbers", "account_numbers") == []


def test_the_legacy_flow_verifies_them_all(world: World):
    world.rules(verification_flow="legacy")
    member = world.connect()
    assert world.run(member, "verify")["connection_status"] == "CONNECTED"
    assert len(world.rows(f"/members/{member}/account_numbers", "account_numbers")) == 3


@pytest.mark.parametrize("job", ["verify", "identify"])
@pytest.mark.parametrize("included", [False, True])
def test_premium_jobs_bring_transactions_on_request(world: World, job: str, included: bool):  # noqa: FBT001
    world.rules(verification_flow="legacy")
    fields = world.sandbox.call("GET", "/institutions/mxbank/credentials")["credentials"]
    values = [{"guid": field["guid"], "value": "password"} for field in fields]
    value = {"institution_code": "mxbank", "credentials": values, "skip_aggregation": True}
    path = f"/users/{world.user}/members"
    member = world.sandbox.call("POST", path, json={"member": value})["member"]["guid"]
    row = world.run(member, job, include_transactions=included)
    assert row["has_processed_transactions"] is included
    assert bool(world.rows("/transactions", "transactions")) is included
    assert world.rows("/accounts", "accounts")


def test_a_balance_job_brings_no_transactions(world: World):
    member = world.connect()
    before = len(world.rows("/transactions?from_date=2000-01-01", "transactions"))
    world.rules(background_aggregation=False)
    world.advance("5d")
    row = world.run(member, "balance")
    assert (row["has_processed_accounts"], row["has_processed_transactions"]) == (True, False)
    assert len(world.rows("/transactions?from_date=2000-01-01", "transactions")) == before
    world.run(member, "aggregate")
    assert len(world.rows("/transactions?from_date=2000-01-01", "transactions")) > before


def test_extended_history_goes_back_two_years(world: World):
    member = world.connect()
    path = "/transactions?from_date=2000-01-01"
    rows = world.rows(path, "transactions")
    assert world.run(member, "extend_history")["connection_status"] == "CONNECTED"
    longer = world.rows(path, "transactions")
    assert {row["guid"] for row in rows} <= {row["guid"] for row in longer}
    oldest, newest = longer[-1]["date"], longer[0]["date"]
    assert int(newest[:4]) - int(oldest[:4]) in (2, 3)


def test_statements_are_real_and_their_hash_is_true(world: World):
    member = world.connect()
    assert world.rows(f"/members/{member}/statements", "statements") == []
    world.run(member, "fetch_statements")
    statements = world.rows(f"/members/{member}/statements", "statements")
    assert len(statements) == 18  # six accounts, three months
    for row in statements[:3]:
        read = world.sandbox.call("GET", row["uri"])["statement"]
        assert read == row
        url = f"{world.sandbox.base_url}{row['uri']}.pdf"
        headers = {"Accept": "application/vnd.mx.atrium.v1+pdf"}
        pdf = world.sandbox.session.get(url, headers=headers, timeout=PATIENCE)
        assert pdf.headers["Content-Type"] == "application/pdf"
        assert pdf.content.startswith(b"%PDF-")
        assert hashlib.sha256(pdf.content).hexdigest() == row["content_hash"]
        # The cross-reference table is where the file says it is.
        (place,) = re.findall(rb"startxref\n(\d+)\n%%EOF", pdf.content)
        assert pdf.content[int(place) :].startswith(b"xref")
    world.run(member, "fetch_statements")
    assert world.rows(f"/members/{member}/statements", "statements") == statements


def test_limits(world: World):
    world.rules(member_limit=1, user_limit=2)
    world.connect()
    url = f"{world.sandbox.base_url}/users"
    assert world.sandbox.session.post(url, json={"user": {}}, timeout=PATIENCE).status_code == 200
    assert world.sandbox.session.post(url, json={"user": {}}, timeout=PATIENCE).status_code == 403
    fields = world.sandbox.call("GET", "/institutions/test_credit_union/credentials")["credentials"]
    values = [{"guid": field["guid"], "value": "password"} for field in fields]
    body = {"member": {"institution_code": "test_credit_union", "credentials": values}}
    members = f"{url}/{world.user}/members"
    assert world.sandbox.session.post(members, json=body, timeout=PATIENCE).status_code == 403


def test_a_disabled_user_is_closed_and_not_updated(world: World):
    member = world.connect()
    observed = world.status(member)["successfully_aggregated_at"]
    path = f"/users/{world.user}"
    world.sandbox.call("PUT", path, json={"user": {"is_disabled": True}})
    for closed in ("/members", "/accounts", "/transactions", f"/members/{member}/status"):
        url = world.sandbox.base_url + path + closed
        assert world.sandbox.session.get(url, timeout=PATIENCE).status_code == 403
    world.advance("3d")
    assert world.sandbox.call("GET", path)["user"]["is_disabled"]
    world.sandbox.call("PUT", path, json={"user": {"is_disabled": False}})
    assert world.status(member)["successfully_aggregated_at"] == observed
