"""cleanse_and_categorize, with the reference's own example."""

from __future__ import annotations

from typing import Any

import pytest

from tests.waiting import PATIENCE
from tests.world import World

PATH = "/transactions/cleanse_and_categorize"


def cleansed(world: World, **value: Any) -> dict[str, Any]:
    body = {"transactions": [{"identifier": "1", **value}]}
    (row,) = world.sandbox.call("POST", PATH, json=body)["transactions"]
    return dict(row)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            {"description": "BEER BAR 65000000764SALT LAKE C", "merchant_category_code": 6011},
            ("Beer Bar", "Cash", 15, 0),
        ),
        (
            {"description": "IN-N-OUT BURGER #239AMERICAN FO", "merchant_category_code": 6011},
            ("In-N-Out Burger", "Cash", 15, 6),
        ),
        (
            {"description": "ONLINE PAYMENT - THANK YOU", "type": "CREDIT"},
            ("Online Payment Thank You", "Credit Card Payment", 13, 6),
        ),
        ({"description": "COFFEE SHOP 0412"}, ("Coffee Shop", "Coffee Shops", 13, 6)),
        ({"description": "EMPLOYER PAYROLL 12/31"}, ("Employer Payroll", "Paycheck", 9, 6)),
        ({"description": "ZZZ 555"}, ("Zzz", "Uncategorized", 8, 0)),
    ],
)
def test_examples(world: World, value: dict[str, Any], expected: tuple[str, str, int, int]):
    row = cleansed(world, **value)
    result = (row["description"], row["category"], row["categorized_by"], row["described_by"])
    assert result == expected
    assert row["original_description"] == value["description"]
    assert row["category_guid"].startswith("CAT-")


def test_descriptions_are_cleansed(world: World):
    assert cleansed(world, description="OVERDRAFT FEE")["is_overdraft_fee"] is True
    assert cleansed(world, description="EMPLOYER PAYROLL")["is_direct_deposit"] is True
    assert cleansed(world, description="MUSIC STREAMING 1")["is_subscription"] is True
    assert cleansed(world, description="COFFEE SHOP")["merchant_guid"].startswith("MCH-")


def test_amounts_keep_their_digits(world: World):
    assert str(cleansed(world, description="x", amount=11.22)["amount"]) == "11.22"
    assert cleansed(world, description="x")["amount"] is None


@pytest.mark.parametrize(
    "body",
    [
        {}, {"transactions": []}, {"transactions": ["x"]}, {"transactions": [{"identifier": "1"}]},
        {"transactions": [{"description": "x"}]},
        {"transactions": [{"description": 5, "identifier": "1"}]},
        {"transactions": [{"description": "x", "identifier": "1", "amount": "5"}]},
        {"transactions": [{"description": "x", "identifier": "1", "merchant_category_code": "5"}]},
        {"transactions": [{"description": "x", "identifier": "1", "type": "OTHER"}]},
        {"transactions": [{"description": "x", "identifier": "1"}] * 101},
    ],
)  # fmt: skip
def test_wrong_transactions_are_refused(world: World, body: dict[str, Any]):
    response = world.sandbox.session.post(
        world.sandbox.base_url + PATH, json=body, timeout=PATIENCE
    )
    assert response.status_code in (400, 422)
    assert response.json()["error"]["message"]
