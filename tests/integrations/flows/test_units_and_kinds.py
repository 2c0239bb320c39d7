"""Units that are no currencies, kinds of accounts that nobody knows, and what adds up."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as HttpClient

from nucleus.models import AggregationAccount, AggregationAccountBalance, Client, Tenant
from tests.api import Api
from tests.factories.nucleus import CurrencyRateFactory
from tests.integrations.flows.bank_stub import Bank, serving

V1 = "/nucleus/v1"
MARK = {"currency_is_iso4217": "false"}
NOT_ISO = "is not a currency of ISO 4217"


@pytest.fixture
def bank(api: Api, tenant: Tenant, nucleus_client: Client) -> Iterator[Bank]:
    bank = Bank(api, nucleus_client)
    with serving(bank, tenant):
        yield bank


def overview(bank: Bank, **query: Any) -> dict[str, dict[str, Any]]:
    path = f"{V1}/client/{bank.client.pk}/aggregation_account_overview"
    response = bank.api.get(path, **query)
    assert response.status_code == 200, response.data
    return {row["category"]: row for row in response.data["by_category"]}


def listed(bank: Bank, kind: str, **query: Any) -> list[dict[str, Any]]:
    response = bank.api.get(f"{V1}/{kind}", size=100, **query)
    assert response.status_code == 200, response.data
    return list(response.data["content"])


@pytest.mark.parametrize("unit", ["DOGE", "USDC", "stETH", "BTC", "NO-SUCH-UNIT-12"])
def test_another_unit_is_kept_and_left_out_of_totals_and_conversions(
    bank: Bank, tenant: Tenant, unit: str
):
    dollars = bank.account(type="CHECKING", balance=100, currency_code="USD")
    coins = bank.account(type="SAVINGS", balance=250000.5, currency_code=unit)
    bank.transaction(coins, amount=7)  # without a currency: the account's
    bank.transaction(dollars, amount=8)
    bank.holding(coins, shares=2, market_value=3, currency_code=unit)
    bank.link()
    bank.import_again()
    of_coins = f"currency_code=={unit}"
    for kind in ("", "_balance", "_transaction", "_holding"):
        (row,) = listed(bank, f"aggregation_account{kind}", filter=of_coins)
        assert row["metadata"].items() >= MARK.items()
        others = listed(bank, f"aggregation_account{kind}", filter="currency_code==USD")
        assert not any("currency_is_iso4217" in other["metadata"] for other in others)
    total = overview(bank)["Bank Account"]
    assert (total["total_balance"], total["currency_code"]) == (100, "USD")
    assert f"{unit} {NOT_ISO}" in total["message"]
    CurrencyRateFactory(tenant=tenant)  # 1 EUR = 1.25 USD
    total = overview(bank, currency_conversion="EUR")["Bank Account"]
    assert (total["total_balance"], total["currency_code"]) == (80, "EUR")
    shown = {row["currency_code"]: row for row in total["aggregation_account_details"]}
    assert (shown[unit]["balance"], shown["EUR"]["balance"]) == (Decimal("250000.5"), 80)
    assert f"{unit} {NOT_ISO}" in shown[unit]["message"]
    assert shown["EUR"]["message"] is None
    for kind in ("_balance", "_transaction", "_holding"):
        rows = listed(bank, f"aggregation_account{kind}", currency_conversion="EUR")
        for row in rows:
            reason = row["metadata"].get("currency_conversion", "")
            assert (NOT_ISO in reason) == (row["currency_code"] == unit)


@pytest.mark.parametrize("code", ["XXX", "xxx", "XTS", None, "", 5.5, []])
def test_codes_that_are_no_currency_count_as_missing(bank: Bank, tenant: Tenant, code: Any):
    euros = bank.account(type="CHECKING", balance=1, currency_code="EUR")
    bank.account(type="SAVINGS", balance=2, currency_code=code)
    bank.transaction(euros, currency_code=code)
    bank.link()
    CurrencyRateFactory(tenant=tenant)
    (row,) = listed(bank, "aggregation_account_transaction")
    assert row["currency_code"] == "EUR"
    codes = sorted(row["currency_code"] for row in listed(bank, "aggregation_account_balance"))
    assert codes == ["EUR", "USD"]
    total = overview(bank, currency_conversion="USD")["Bank Account"]
    assert (total["total_balance"], total["message"]) == (Decimal("3.25"), None)


def test_a_code_of_no_currency_that_was_stored_breaks_nothing_and_is_replaced(bank: Bank):
    bank.account(type="CHECKING", balance=1, currency_code="USD")
    bank.account(type="SAVINGS", balance=2)
    bank.link()
    account = next(row for row in listed(bank, "aggregation_account") if "Savings" in str(row))
    AggregationAccount.unscoped.filter(pk=account["id"]).update(currency_code="XXX")
    balances = AggregationAccountBalance.unscoped.filter(aggregation_account_id=account["id"])
    assert balances.update(currency_code="XXX") == 1
    total = overview(bank, currency_conversion="USD")["Bank Account"]
    assert total["total_balance"] == 1
    assert "XXX is not a currency" in total["message"]
    bank.import_again()
    assert overview(bank)["Bank Account"]["total_balance"] == 3


def test_metals_have_no_rate_and_break_nothing(bank: Bank, tenant: Tenant):
    bank.account(type="INVESTMENT", balance=10, currency_code="XAU")
    bank.account(type="INVESTMENT", balance=10, currency_code="USD")
    bank.link()
    (row,) = listed(bank, "aggregation_account_balance", filter="currency_code==XAU")
    assert "currency_is_iso4217" not in row["metadata"]
    assert overview(bank)["Investment"]["total_balance"] == 10
    assert "XAU" in overview(bank)["Investment"]["message"]
    CurrencyRateFactory(tenant=tenant)
    total = overview(bank, currency_conversion="EUR")["Investment"]
    assert total["total_balance"] == 8
    assert "no exchange rate from XAU" in total["message"]
    assert len(listed(bank, "aggregation_account_balance", currency_conversion="EUR")) == 2
    CurrencyRateFactory(
        tenant=tenant, currency_code_from="XAU", currency_code_to="USD", exchange_rate=4000
    )
    total = overview(bank, currency_conversion="USD")["Investment"]
    assert (total["total_balance"], total["message"]) == (40010, None)


def test_one_missing_rate_does_not_break_the_conversion_of_others(bank: Bank, tenant: Tenant):
    bank.account(type="CHECKING", balance=100, currency_code="USD")
    bank.account(type="CHECKING", balance=100, currency_code="GBP")
    bank.link()
    path = f"{V1}/aggregation_account_balance"
    refused = bank.api.get(path, currency_conversion="EUR")
    assert refused.status_code == 400  # nothing can be converted
    CurrencyRateFactory(tenant=tenant)
    rows = listed(bank, "aggregation_account_balance", currency_conversion="EUR")
    assert {(row["currency_code"], row["balance"]) for row in rows} == {("EUR", 80), ("GBP", 100)}
    reasons = [row["metadata"].get("currency_conversion", "") for row in rows]
    assert sum("no exchange rate from GBP to EUR" in reason for reason in reasons) == 1


@pytest.mark.parametrize(
    ("code", "balance"), [("JPY", "1500"), ("KWD", "1.234"), ("kwd", "0.001"), ("DEM", "2.5")]
)
def test_currencies_of_any_number_of_decimals(bank: Bank, code: str, balance: str):
    bank.account(type="CHECKING", balance=balance, currency_code=code)
    bank.link()
    total = overview(bank)["Bank Account"]
    assert (total["total_balance"], total["currency_code"]) == (Decimal(balance), code.upper())
    assert total["message"] is None


def test_a_unit_may_be_repeated_by_the_tenant_and_not_chosen(bank: Bank):
    bank.account(type="CHECKING", balance=1, currency_code="stETH")
    bank.link()
    (account,) = listed(bank, "aggregation_account")
    path = f"{V1}/aggregation_account/{account['id']}"
    repeated = bank.api.put(path, account | {"secondary_id": "ours"})
    assert (repeated.status_code, repeated.data["currency_code"]) == (200, "stETH")
    refused = bank.api.put(path, {"currency_code": "DOGE"})
    assert (refused.status_code, set(refused.data["errors"])) == (400, {"currency_code"})
    changed = bank.api.put(path, {"currency_code": "usd"}).data
    assert (changed["currency_code"], changed["metadata"].get("currency_is_iso4217")) == (
        "USD", None,
    )  # fmt: skip


def test_an_account_that_changes_its_unit_loses_the_mark(bank: Bank):
    bank.account(type="CHECKING", balance=1, currency_code="DOGE")
    bank.link()
    bank.accounts[0]["currency_code"] = "USD"
    bank.import_again()
    (account,) = listed(bank, "aggregation_account")
    assert account["currency_code"] == "USD"
    assert "currency_is_iso4217" not in account["metadata"]
    assert overview(bank)["Bank Account"]["total_balance"] == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "CHECKING_LINE_OF_CREDIT"},
        {"type": "checking-line-of-credit"},
        {"type": "LINE_OF_CREDIT"},
        {"type": "BUSINESS_LINE_OF_CREDIT"},
        {"type": "CHECKING", "subtype": "LINE_OF_CREDIT"},
        {"type": "ANY", "subtype": "HELOC"},
        {"type": "credit card"},
        {"type": "MORTGAGE"},
    ],
)
def test_every_credit_line_is_a_debt(bank: Bank, fields: dict[str, Any]):
    bank.account(balance=500, **fields)
    bank.link()
    (account,) = listed(bank, "aggregation_account")
    kinds = ("is_asset", "is_cash", "is_classified")
    assert [account[name] for name in kinds] == [False, False, True]
    (category,) = overview(bank).values()
    assert (category["total_balance"], category["message"]) == (500, None)
    assert category["aggregation_account_details"][0]["asset"] is False


@pytest.mark.parametrize("account_type", ["ORBITAL_FUND", "ANY", None, "", 7, [], "CHECKINGS"])
def test_an_unknown_type_adds_to_no_total(bank: Bank, settings: Any, account_type: Any):
    bank.account(type=account_type, balance=500, currency_code="USD")
    bank.account(type="CASH", balance=1, currency_code="USD")
    bank.link()
    bank.import_again()
    account = next(row for row in listed(bank, "aggregation_account") if row["category"] != "Cash")
    kinds = ("is_asset", "is_cash", "is_investment", "is_classified")
    assert not any(account[name] for name in kinds)
    categories = overview(bank, currency_conversion="USD")
    left_out = categories.pop(account["category"])
    assert (left_out["total_balance"], left_out["currency_code"]) == (None, None)
    assert "type of this account is not known" in left_out["message"]
    assert left_out["aggregation_account_details"][0]["balance"] == 500  # still to be seen
    assert categories["Cash"]["total_balance"] == 1
    assert 'gateway_unknown_vendor_values{kind="account_type"} 1.0' in metrics(settings)
    assert len(listed(bank, "aggregation_account", filter="is_classified==false")) == 1


def test_an_account_is_classified_as_soon_as_its_type_is_known(bank: Bank):
    bank.account(type=None, balance=500)
    bank.link()
    bank.accounts[0]["type"] = "SAVINGS"
    bank.import_again()
    assert overview(bank)["Bank Account"]["total_balance"] == 500


def test_unknown_directions_and_statuses_are_neither_income_nor_spending(bank: Bank, settings: Any):
    account = bank.account(type="CHECKING", balance=1)
    for number, (kind, status) in enumerate([
        ("DEBIT", "POSTED"), ("CREDIT", "PENDING"), (None, "POSTED"), ("REVERSAL", "POSTED"),
        ("DEBIT", "HALF_POSTED"), ("CREDIT", None),
    ]):  # fmt: skip
        bank.transaction(account, amount=number - 3.5, type=kind, status=status)
    bank.link()
    rows = listed(bank, "aggregation_account_transaction", order_by="amount")
    by_kind = sorted((row["bank_credit"]["transaction_type"], row["status"]) for row in rows)
    assert by_kind == [
        ("Credit", "posted"), ("Credit", "unknown"), ("Debit", "half_posted"),
        ("Debit", "pending"), ("Reversal", "posted"), ("Unknown", "posted"),
    ]  # fmt: skip
    (reversal,) = listed(
        bank, "aggregation_account_transaction", filter="transaction_type==Reversal"
    )
    assert reversal["metadata"]["mx_amount"] == "-0.5"  # its sign, as nobody knows what it means
    text = metrics(settings)
    assert 'gateway_unknown_vendor_values{kind="transaction_type"} 2.0' in text
    assert 'gateway_unknown_vendor_values{kind="transaction_status"} 2.0' in text


def metrics(settings: Any) -> str:
    settings.METRICS_TOKEN = "a-token-for-metrics"
    headers = {"Authorization": "Bearer a-token-for-metrics"}
    return HttpClient().get("/metrics", headers=headers).content.decode()
