"""aggregate_data, aggregation_account_overview, and amounts in another currency."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.access.models import Application
from nucleus.models import AggregationAccount, Client, Tenant
from nucleus.reads import derived_views
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BalanceFactory,
    BankLinkFactory,
    ClientFactory,
    CurrencyRateFactory,
    HoldingFactory,
    TransactionFactory,
)

BASE = "/nucleus/v1"
DAY = timedelta(days=1)
TODAY = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def account(nucleus_client: Client) -> AggregationAccount:
    return AggregationAccountFactory(client=nucleus_client, account_number="100012345678")


def data(api: Api, account: AggregationAccount, **query: Any) -> dict[str, Any]:
    response = api.get(f"{BASE}/aggregation_account/{account.pk}/aggregate_data", **query)
    assert response.status_code == 200, response.data
    return dict(response.data)


def overview(api: Api, client: Client, **query: Any) -> list[dict[str, Any]]:
    response = api.get(f"{BASE}/client/{client.pk}/aggregation_account_overview", **query)
    assert response.status_code == 200, response.data
    return list(response.data["by_category"])


def test_aggregate_data_has_the_account_and_its_newest_entries(
    api: Api, account: AggregationAccount, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(derived_views, "MAX_ENTRIES", 2)
    BalanceFactory(aggregation_account=account, balance_time_stamp=TODAY - DAY)
    current = BalanceFactory(aggregation_account=account, balance_time_stamp=TODAY)
    BalanceFactory(aggregation_account=account, balance_time_stamp=TODAY + DAY, is_active=False)
    holding_row = HoldingFactory(aggregation_account=account)
    HoldingFactory(aggregation_account=account, is_active=False)
    made = [
        TransactionFactory(aggregation_account=account, transaction_date=TODAY + number * DAY)
        for number in range(3)
    ]
    TransactionFactory(
        aggregation_account=account, transaction_date=TODAY + 9 * DAY, is_active=False
    )
    TransactionFactory()
    body = data(api, account)
    assert body["aggregation_account_id"] == str(account.pk)
    details = body["aggregation_account_details"]
    assert (details["account_number"], details["asset"]) == ("****5678", True)
    assert body["aggregation_account_balances"]["aggregation_account_balance_id"] == str(current.pk)
    (holding,) = body["aggregation_account_holdings"]
    assert (holding["aggregation_account_holding_id"], holding["shares"]) == (
        str(holding_row.pk),
        6,
    )
    assert [
        item["aggregation_account_transaction_id"]
        for item in body["aggregation_account_transactions"]
    ] == [str(made[2].pk), str(made[1].pk)]
    assert body["aggregation_account_transactions"][0]["bank_credit"]["amount"] == Decimal("61.11")


def test_the_overview_groups_accounts_by_category(api: Api, account: AggregationAccount):
    client = account.client
    for number, stamp in ((1, TODAY - DAY), (2, TODAY)):
        BalanceFactory(
            aggregation_account=account, balance=number, available_balance=number,
            balance_time_stamp=stamp,
        )  # fmt: skip
    second = AggregationAccountFactory(client=client, account_name="Savings")
    BalanceFactory(aggregation_account=second, balance=Decimal("0.1"))
    card = AggregationAccountFactory(client=client, category="Credit Card", is_asset=False)
    BalanceFactory(aggregation_account=card, balance=5, currency_code="EUR")
    abroad = AggregationAccountFactory(client=client, category="Credit Card")
    BalanceFactory(aggregation_account=abroad, balance=7)
    AggregationAccountFactory(client=client, category="Loan")
    AggregationAccountFactory(client=client, is_active=False)
    BalanceFactory(aggregation_account__client=ClientFactory(tenant=client.tenant))
    bank, cards, loan = overview(api, client)
    assert (bank["category"], bank["currency_code"]) == ("Bank Account", "USD")
    assert (bank["total_balance"], bank["total_available_balance"]) == (Decimal("2.1"), 2)
    shown = bank["aggregation_account_details"]
    assert [(item["account_name"], item["balance"]) for item in shown] == [
        ("Checking", 2), ("Savings", Decimal("0.1")),
    ]  # fmt: skip
    assert shown[0]["aggregation_account_id"] == str(account.pk)
    assert shown[0]["account_number"] == "****5678"
    assert (cards["currency_code"], cards["total_balance"]) == (None, None)  # two currencies
    assert (loan["total_balance"], loan["aggregation_account_details"][0]["balance"]) == (None,) * 2
    CurrencyRateFactory(tenant=client.tenant)
    _, cards, _ = overview(api, client, currency_conversion="USD")
    assert (cards["currency_code"], cards["total_balance"]) == ("USD", Decimal("13.25"))


def test_too_many_accounts_are_refused(
    api: Api, account: AggregationAccount, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(derived_views, "MAX_ACCOUNTS", 1)
    assert len(overview(api, account.client)) == 1
    AggregationAccountFactory(client=account.client)
    response = api.get(f"{BASE}/client/{account.client_id}/aggregation_account_overview")
    assert response.status_code == 400
    assert "filter" in response.data["message"]


def test_only_the_callers_own_accounts_are_visible(
    api: Api, foreign_api: Api, application: Application, account: AggregationAccount
):
    other = AggregationAccountFactory(client=ClientFactory(tenant=account.tenant))
    confined = Api(access_token(application, client=account.client))
    for template in ("aggregation_account/{0.pk}/aggregate_data",
                     "client/{0.client_id}/aggregation_account_overview"):  # fmt: skip
        own, foreign = (f"{BASE}/{template.format(row)}" for row in (account, other))
        statuses = [caller.get(own).status_code for caller in (api, confined, foreign_api)]
        assert statuses == [200, 200, 404]
        assert [caller.get(foreign).status_code for caller in (api, confined)] == [200, 404]


@pytest.fixture
def rates(tenant: Tenant) -> None:
    """1 EUR = 1.25 USD, 1 USD = 150 JPY; and a foreign_api's."""
    CurrencyRateFactory(tenant=tenant)
    CurrencyRateFactory(
        tenant=tenant, currency_code_from="USD", currency_code_to="JPY", exchange_rate=150
    )
    CurrencyRateFactory(currency_code_from="USD", currency_code_to="CHF", exchange_rate=1)


@pytest.mark.parametrize(
    ("currency", "target", "amount"),
    [
        ("EUR", "usd", "76.3875"),  # as given
        ("USD", "EUR", "48.888"),  # the other way round
        ("EUR", "JPY", "11458.125"),  # through the tenant's own currency
        ("JPY", "EUR", "0.32592"),
        ("USD", "USD", "61.11"),
        ("CHF", "CHF", "61.11"),  # nothing to convert, so no rate is missed
        ("EUR", "None", "61.11"),
    ],
)
def test_amounts_are_converted(
    api: Api, account: AggregationAccount, rates: None, currency: str, target: str, amount: str
):
    row = TransactionFactory(aggregation_account=account, currency_code=currency)
    path = f"{BASE}/aggregation_account_transaction"
    body = api.get(f"{path}/{row.pk}", currency_conversion=target).data
    assert body["bank_credit"]["amount"] == Decimal(amount)
    assert body["currency_code"] == (currency if target == "None" else target.upper())
    page = api.get(path, currency_conversion=target, filter="amount==61.11")  # as it is stored
    assert page.data["content"] == [body]
    assert data(api, account, currency_conversion=target)["aggregation_account_transactions"] == [
        {"aggregation_account_transaction_id": body.pop("id"), **body}
    ]
    row.refresh_from_db()
    assert (row.amount, row.currency_code) == (Decimal("61.11"), currency)


def test_every_kind_of_amount_is_converted(api: Api, account: AggregationAccount, rates: None):
    thirds = {"currency_code": "JPY"}  # 1 JPY is 0.00666… USD
    balance = BalanceFactory(
        aggregation_account=account, balance=Decimal(-1), available_credit=100, **thirds
    )
    holding = HoldingFactory(
        aggregation_account=account, amount=600, price=100, cost_basis=Decimal("0.000001"), **thirds
    )
    trade = TransactionFactory(
        aggregation_account=account, amount=None, **thirds,
        investment={"price": 15, "quantity": 2, "fee": "1.5", "value": 0.3, "ticker": "DEF"},
    )  # fmt: skip
    link = BankLinkFactory(client=account.client, balance=3)  # no code: the tenant's currency
    expected = [
        ("aggregation_account_balance", balance, {
            "balance": Decimal("-0.00666667"), "available_balance": None,
            "available_credit": Decimal("0.66666667"),
        }),
        ("aggregation_account_holding", holding, {
            "amount": 4, "price": Decimal("0.66666667"), "cost_basis": Decimal("0.00000001"),
            "shares": 6,
        }),
        ("aggregation_account_transaction", trade, {"bank_credit": None, "investment": {
            "price": Decimal("0.1"), "quantity": 2, "fee": Decimal("0.01"),
            "value": Decimal("0.002"), "ticker": "DEF",
        }}),
        ("bank_link", link, {"balance": 3, "currency_code": "USD"}),
    ]  # fmt: skip
    for kind, row, amounts in expected:
        body = api.get(f"{BASE}/{kind}/{row.pk}", currency_conversion="USD").data
        assert {name: body[name] for name in amounts} == amounts
        assert body["currency_code"] == "USD"


def test_records_without_amounts_are_not_converted(
    api: Api, account: AggregationAccount, rates: None
):
    institution = api.post(f"{BASE}/resource/institution", {"name": "Savings Bank of Demo"}).data
    response = api.get(
        f"{BASE}/resource/institution/{institution['id']}", currency_conversion="USD"
    )
    several = api.get(f"{BASE}/resource/institution", currency_conversion="USD")
    assert response.data == institution
    assert institution in several.data["content"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("CHF", "from EUR to CHF"),  # another tenant has one
        ("EURO", "ISO 4217"),
        ("€", "ISO 4217"),
        ("1.5", "ISO 4217"),
    ],
)
def test_an_impossible_conversion_is_a_400_that_says_why(
    api: Api, account: AggregationAccount, rates: None, target: str, message: str
):
    BalanceFactory(aggregation_account=account, currency_code="EUR")
    for path in (
        f"{BASE}/aggregation_account_balance",
        f"{BASE}/aggregation_account/{account.pk}/aggregate_data",
        f"{BASE}/client/{account.client_id}/aggregation_account_overview",
    ):
        response = api.get(path, currency_conversion=target)
        assert response.status_code == 400
        assert message in response.data["errors"]["currency_conversion"][0]
