"""Pulls keep what the tenant wrote, and restore what the vendor determines."""

from __future__ import annotations

import uuid
from typing import Any

from tests.api import Api

V1 = "/nucleus/v1"
PULL = "/integration/v1/aggregation"


def put(api: Api, path: str, change: dict[str, Any]) -> dict[str, Any]:
    """The record as it was before the change."""
    before = api.get(path).data
    response = api.put(path, change)
    assert response.status_code == 200, response.data
    assert response.data != before
    return dict(before)


def test_a_pull_keeps_the_values_of_the_tenant(api: Api, linked: list[dict[str, Any]]):
    own: dict[str, Any] = {"secondary_id": "ours", "metadata": {"ours": "yes"}}
    category = str(uuid.uuid4())
    account = next(row for row in linked if row["subcategory"] == "Checking Account")["id"]
    path = f"{V1}/aggregation_account/{account}"
    chosen: dict[str, Any] = own | {"account_category_id": category}
    before = put(api, path, chosen | {"account_name": "Household"})
    assert api.get(f"{PULL}/account/{account}").status_code == 200
    after = api.get(path).data
    assert after["account_name"] == before["account_name"] != "Household"  # it was written
    assert {name: after[name] for name in chosen} == chosen | {
        "metadata": before["metadata"] | own["metadata"]
    }

    assert api.get(f"{PULL}/transaction/{account}").status_code == 200
    listed = api.get(f"{V1}/aggregation_account_transaction", size=1)
    path = f"{V1}/aggregation_account_transaction/{listed.data['content'][0]['id']}"
    chosen = own | {"is_excluded_analysis": True}
    credit = {"transaction_category_id": category, "description": "Household"}
    before = put(api, path, chosen | {"bank_credit": credit})
    assert api.get(f"{PULL}/transaction/{account}").status_code == 200
    after = api.get(path).data
    expected = before["bank_credit"] | {"transaction_category_id": category}
    assert after["bank_credit"] == expected  # the description is the bank's again
    assert {name: after[name] for name in chosen} == chosen | {
        "metadata": before["metadata"] | own["metadata"]
    }
