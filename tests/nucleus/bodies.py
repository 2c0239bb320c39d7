"""Records as a tenant writes them, with every field that the API stores."""

from __future__ import annotations

from typing import Any

from nucleus.models import AggregationAccount, Client

DAY = "2026-11-20T00:00:00.000+0000"


def account(client: Client, **changes: Any) -> dict[str, Any]:
    return {
        "client_id": str(client.pk),
        "account_name": "Checking",
        "account_holder": "Ada Demo",
        "account_number": "100012345678",
        "institution_name": "MX Bank",
        "category": "Bank Account",
        "subcategory": "Checking Account",
        "currency_code": "USD",
        "apr": 1.25,
        "credit_limit": 5000.01,
        "last_payment_date": DAY,
        "is_manual": True,
        "is_cash": True,
        "account_category_id": "7d0dd6a2-6f4f-4f2b-8a6f-6d1a1a0b6c01",
        "secondary_id": "ours-1",
        "metadata": {"ours": " yes "},
    } | changes


def balance(account: AggregationAccount, **changes: Any) -> dict[str, Any]:
    return {
        "aggregation_account_id": str(account.pk),
        "currency_code": "USD",
        "balance": 1000.23,
        "available_balance": 0.00000001,
        "balance_time_stamp": DAY,
        "secondary_id": "ours-2",
    } | changes


def transaction(account: AggregationAccount, **changes: Any) -> dict[str, Any]:
    return {
        "aggregation_account_id": str(account.pk),
        "transaction_date": DAY,
        "currency_code": "USD",
        "status": "posted",
        "bank_credit": {
            "amount": 30.89,
            "transaction_type": "Debit",
            "category": "Food & Dining",
            "subcategory": "Groceries",
            "description": "Café ラーメン屋",
            "merchant": "Market",
            "transaction_category_id": "7d0dd6a2-6f4f-4f2b-8a6f-6d1a1a0b6c01",
            "location": {"city": "Zürich", "latitude": 47.4, "longitude": 8.5},
        },
        "is_fee": True,
        "metadata": {"ours": "yes"},
    } | changes


def cash(account: AggregationAccount) -> dict[str, Any]:
    part = {"amount": -12.34, "transaction_type": "Withdrawal", "name": "Fee"}
    return transaction(account, bank_credit=None, cash=part)


def investment(account: AggregationAccount) -> dict[str, Any]:
    part = {
        "price": 10.5,
        "quantity": 0.5,
        "trade_signal": "buy",
        "ticker": "DEF",
        "fee": 0.1,
        "settle_date": DAY,
    }
    return transaction(account, bank_credit=None, investment=part)


def holding(account: AggregationAccount, **changes: Any) -> dict[str, Any]:
    return {
        "aggregation_account_id": str(account.pk),
        "currency_code": "USD",
        "shares": 81.375,
        "ticker": "DEF",
        "ticker_name": "Demo Fund",
        "isin": "US0000000000",
        "price": 10.5,
        "holding_date": DAY,
        "metadata": {"ours": "yes"},
    } | changes


def bank_link(client: Client, **changes: Any) -> dict[str, Any]:
    return {
        "client_id": str(client.pk),
        "bank_account_holder": "Ada Demo",
        "bank_account_number": "100012345678",
        "routing": "688999900",
        "institution_name": "MX Bank",
        "type": "checking",
        "currency_code": "USD",
        "balance": 1000.23,
        "is_link_verified": True,
        "link_verified_date": "2026-11-20",
        "metadata": {"ours": "yes"},
    } | changes
