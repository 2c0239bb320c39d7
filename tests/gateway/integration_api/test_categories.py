"""What comes from the vendor carries the ids of Nucleus's categories."""

from __future__ import annotations

from typing import Any

from nucleus.models import AggregationAccount
from tests.api import Api

PULL, RESOURCE = "/integration/v1/aggregation", "/nucleus/v1/resource"
SAVINGS = "category=='Bank Account' && subcategory=='Savings Account'"


def test_accounts_and_transactions_have_categories(api: Api, linked: list[dict[str, Any]]):
    accounts = {
        row["hydrogen_account_category_id"]: (row["category"], row["subcategory"])
        for row in api.get(f"{RESOURCE}/account_category").data
    }
    assert linked
    for account in linked:
        category = (account["category"], account["subcategory"])
        assert accounts[account["account_category_id"]] == category
    names = {
        row["hydrogen_transaction_category_id"]: row["subcategory"] or row["category"]
        for row in api.get(f"{RESOURCE}/transaction_category").data
    }
    checking = next(account for account in linked if account["subcategory"] == "Checking Account")
    posted = api.get(f"{PULL}/transaction/{checking['id']}").data["nucleus_transactions_posted"]
    bank_credits = [row["body"]["bank_credit"] for row in posted]
    assert {bank_credit["subcategory"] for bank_credit in bank_credits} >= {"Groceries", "Paycheck"}
    for bank_credit in bank_credits:
        assert names[bank_credit["transaction_category_id"]] == bank_credit["subcategory"]


def test_an_account_keeps_the_category_that_the_tenant_chose(
    api: Api, linked: list[dict[str, Any]]
):
    (savings,) = api.get(f"{RESOURCE}/account_category", filter=SAVINGS).data
    checking = next(account for account in linked if account["subcategory"] == "Checking Account")
    row = AggregationAccount.unscoped.filter(pk=checking["id"])
    row.update(account_category_id=savings["hydrogen_account_category_id"])
    for _ in range(2):  # again, with other words in between
        pulled = api.get(f"{PULL}/account/{checking['id']}").data["nucleus_aggregation_account"]
        chosen = savings["hydrogen_account_category_id"]
        assert pulled["body"]["account_category_id"] == chosen
        row.update(subcategory="Old words")
    row.update(account_category_id=None, subcategory="Checking Account")
    pulled = api.get(f"{PULL}/account/{checking['id']}").data["nucleus_aggregation_account"]
    assert pulled["body"]["account_category_id"] == checking["account_category_id"]
