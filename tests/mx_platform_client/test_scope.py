"""Every method of the client is called here, or is none that the gateway or the sandbox is for."""

from __future__ import annotations

import re
from pathlib import Path

from tests.mx_platform_client.conftest import opened

# APIs of which the sandbox serves nothing.
OTHER_PRODUCTS = {
    "ach_return",  # returned payments
    "budgets",
    "categories",
    "goals",
    "insights",
    "managed_data",  # members whose data the client itself writes
    "microdeposits",
    "monthly_cash_flow_profile",
    "notifications",
    "processor_token",  # codes for payment processors
    "rewards",
    "spending_plan",
    "taggings",
    "tags",
    "transaction_rules",
    "verifiable_credentials",
}
# What the client itself writes, or products of those kinds.
OTHER_METHODS = {
    "accounts.create_manual_account",
    "accounts.delete_manual_account",
    "accounts.update_account_by_member",
    "institutions.list_favorite_institutions",
    "transactions.create_manual_transaction",
    "transactions.create_split_transactions",
    "transactions.delete_manual_transactions",
    "transactions.delete_split_transactions",
    "transactions.delete_transaction_rule",
    "transactions.enhance_transactions",
    "transactions.list_transactions_by_tag",
    "transactions.repeating_transactions",
    "transactions.specific_repeating_transaction",
    "transactions.update_transaction",
    "transactions.update_transaction_by_account",
    "widgets.request_connect_widget_url",  # the older form of request_widget_url
}


def test_every_method_in_scope_is_called():
    files = Path(__file__).parent.glob("*.py")
    called = {
        name for file in files for name in re.findall(r"(?<![\w.])mx\.(\w+\.\w+)", file.read_text())
    }
    called = {name.removesuffix("_with_http_info") for name in called}
    offered = {
        f"{name}.{method}"
        for name, api in vars(opened({})).items()
        for method in dir(api)
        if not method.startswith("_") and callable(getattr(api, method))
        if not method.endswith("_with_http_info") and method != "api_client"
        if name not in OTHER_PRODUCTS
    }
    assert called <= offered - OTHER_METHODS
    assert offered - OTHER_METHODS - called == set()
    assert offered >= OTHER_METHODS
