"""Every example of MX's Atrium reference has the keys and types that the sandbox answers with.

`reference_examples.json` holds them: "null" stands for a value that was null in the example.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.receiver import receiving
from tests.sandbox.test_oauth import create
from tests.world import World

EXAMPLES = json.loads(Path(__file__).with_name("reference_examples.json").read_text())
# Fields that the reference's tables name and some of its examples leave out.
ALSO_DOCUMENTED = {
    "member": {"background_aggregation_is_disabled", "is_oauth"},
    "account": {
        "account_number", "available_credit", "cash_balance", "cash_surrender_value",
        "death_benefit", "holdings_value", "insured_name", "loan_amount", "pay_out_amount",
        "premium_amount",
    },
    "transaction": {
        "check_number_string", "currency_code", "is_international", "is_subscription",
        "merchant_guid", "merchant_location_guid",
    },
    "merchant": set(), "holding": {"currency_code"}, "institution": {"supports_oauth"},
}  # fmt: skip
BODIES: dict[str, Any] = {
    "POST /users": {"user": {"identifier": "new", "metadata": "{}"}},
    "PUT /users/{user}": {"user": {"metadata": "{}"}},
    "PUT /users/{user}/members/{member}": {"member": {"metadata": "{}"}},
    "POST /transactions/cleanse_and_categorize": {
        "transactions": [
            {
                "amount": 11.22,
                "description": "BEER BAR 65000000764SALT LAKE C",
                "identifier": "12",
                "merchant_category_code": 6011,
                "type": "DEBIT",
            }
        ]
    },
}


def reads_of_a_member(example: dict[str, Any]) -> bool:
    """Whether the call changes nothing and is about what a connected member has."""
    method, path, *about = example["call"].split()
    return method == "GET" and "{" in path and "oauth" not in path and not about


READS = [example for example in EXAMPLES["answers"] if reads_of_a_member(example)]
REMAINING = [example for example in EXAMPLES["answers"] if not reads_of_a_member(example)]


def test_answers_to_reads(world: World, subtests: pytest.Subtests):
    """All of one member, because its jobs take most of the time."""
    world.rules(verification_flow="legacy")
    ids = filled(world)
    for example in READS:
        with subtests.test(example["call"]):
            path = example["call"].split()[1].format(user=world.user, **ids)
            check_answer(example, world.sandbox.call("GET", path))


@pytest.mark.parametrize("example", REMAINING, ids=lambda item: item["call"])
def test_answers(world: World, example: dict[str, Any]):
    call, _, about = example["call"].partition(" (")
    check_answer(example, response_of(world, call, about.rstrip(")")))


def check_answer(example: dict[str, Any], response: Any) -> None:
    for key, shape in example["answer"].items():
        check(shape, response[key], key.rstrip("s"), key)
    assert set(response) - set(example["answer"]) <= {"pagination"}


def response_of(world: World, call: str, kind: str) -> Any:
    """The sandbox's answer to the call, in a world where it can be made."""
    world.rules(verification_flow="legacy")
    method, path = call.split()
    if kind == "OAuth":
        return {"member": create(world, member={"identifier": "mine", "metadata": "{}"})}
    if path.endswith("/oauth_window_uri"):
        ids = {"member": create(world)["guid"]}
    elif call == "POST /users/{user}/members":
        ids, BODIES[call] = {}, new_member(world)
    elif method == "PUT" and path.endswith("/resume"):
        ids = {"member": world.connect("challenge")}
        (question,) = world.status(ids["member"])["challenges"]
        value = {"guid": question["guid"], "value": "correct"}
        BODIES[call] = {"member": {"challenges": [value]}}
    elif "{member}" in path:
        ids = {"member": world.connect(kind or "password")}
    else:
        ids = {}
    address = path.format(user=world.user, **ids)
    return world.sandbox.call(method, address, json=BODIES.get(call))


def new_member(world: World) -> Any:
    fields = world.sandbox.call("GET", "/institutions/mxbank/credentials")["credentials"]
    values = [{"guid": field["guid"], "value": "password"} for field in fields]
    return {"member": {"institution_code": "mxbank", "credentials": values, "identifier": "mine"}}


def filled(world: World) -> dict[str, str]:
    """A member with everything on it; the ids of what there is."""
    member = world.connect()
    merchants = world.sandbox.call("GET", "/merchants")["merchants"]
    for job in ("verify", "identify", "fetch_statements"):
        world.run(member, job)
    holdings = world.rows("/holdings", "holdings")
    transactions = world.rows("/transactions", "transactions")
    numbers = world.rows(f"/members/{member}/account_numbers", "account_numbers")
    places = (row["merchant_location_guid"] for row in transactions)
    statements = world.rows(f"/members/{member}/statements", "statements")
    return {
        "member": member,
        "merchant": merchants[0]["guid"],
        "holding": holdings[0]["guid"],
        "transaction": transactions[0]["guid"],
        "account": numbers[0]["account_guid"],
        "statement": statements[0]["guid"],
        "location": next(filter(None, places)),
    }


def check(shape: Any, value: Any, name: str, path: str) -> None:
    """Fail unless the value has the keys and types of the shape; null fits every scalar."""
    if isinstance(shape, list):
        assert isinstance(value, list), path
        if path.endswith("holdings") and not value:
            return  # an account without positions
        assert value, f"{path} is empty"
        for item in value:
            check(shape[0], item, name, path)
    elif isinstance(shape, dict):
        assert set(shape) - set(value) == set(), path
        extra = set(value) - set(shape)
        assert extra <= ALSO_DOCUMENTED.get(name, set()), path
        for key, inner in shape.items():
            check(inner, value[key], key, f"{path}.{key}")
    elif "null" not in (shape, type_of(value)):
        assert type_of(value) == shape, path


def type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"


@cache
def webhook_examples() -> dict[str, Any]:
    return {webhook["type"]: webhook["payload"] for webhook in EXAMPLES["webhooks"]}


def test_webhooks(world: World):
    with receiving() as receiver:
        world.sandbox.call("POST", "/_control/webhooks", json={"url": receiver.url})
        member = world.connect("challenge")
        world.answer(member, "correct")
        for job in ("balance", "extend_history", "fetch_statements"):
            world.run(member, job)
        payloads = receiver.payloads(5)
    assert {item["type"] for item in payloads} == set(webhook_examples())
    for payload in payloads:
        example = webhook_examples()[payload["type"]]
        assert set(payload) == set(example)
        check(example, payload, "webhook", payload["type"])
