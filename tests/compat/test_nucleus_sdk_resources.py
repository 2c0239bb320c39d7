"""Hydrogen's Nucleus SDK, unmodified: resources, derived views, amounts in another currency."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import nucleus_api
import pytest
from nucleus_api.rest import ApiException

from nucleus.models import AggregationAccount, Client
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BalanceFactory,
    BankLinkFactory,
    BusinessFactory,
    CurrencyRateFactory,
    HoldingFactory,
    MerchantFactory,
    TransactionFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(nucleus_client: Client) -> AggregationAccount:
    CurrencyRateFactory(tenant=nucleus_client.tenant)  # 1 EUR = 1.25 USD
    return AggregationAccountFactory(client=nucleus_client)


@pytest.mark.parametrize("kind", ["transaction", "account"])
def test_categories(nucleus_sdk: nucleus_api.ApiClient, kind: str):
    read = getattr(nucleus_api.ResourceApi(nucleus_sdk), f"get_{kind}_result_for_mapping")
    id_name = f"hydrogen_{kind}_category_id"
    rows = read()
    assert len(rows) > 100
    item = rows[-1]
    requested = {
        id_name: item[id_name], "vendor_name": item["vendor_name"], "tenant_name": "Demo",
        "match_primary": True, "filter": f"category=='{item['category']}'",
    }  # fmt: skip
    assert read(**requested) == [item]
    assert read(match_primary=None, vendor_name=None) == rows


def test_merchant_category_codes(nucleus_sdk: nucleus_api.ApiClient):
    resources = nucleus_api.ResourceApi(nucleus_sdk)
    assert len(resources.get_all_merchant_category_code_using_get()) == 296
    (code,) = resources.get_all_merchant_category_code_using_get(filter="mcc==5411")
    assert (code.mcc, code.category, code.subcategory) == (5411, "Food & Dining", "Groceries")
    (category,) = resources.get_transaction_result_for_mapping(
        hydrogen_transaction_category_id=code.transaction_category_id
    )
    assert category["subcategory"] == "Groceries"


def test_iso_codes(nucleus_sdk: nucleus_api.ApiClient):
    resources = nucleus_api.ResourceApi(nucleus_sdk)
    (dollar,) = (
        row for row in resources.get_all_currency_using_get() if row.alphabetic_code == "USD"
    )
    assert (dollar.currency, dollar.numeric_code) == ("US Dollar", "840")
    (emirates,) = (row for row in resources.get_all_country_using_get() if row.alpha2_code == "AE")
    assert (emirates.alpha3_code, emirates.country) == ("ARE", "United Arab Emirates")
    assert emirates.numeric_code == 784
    states = resources.get_all_states_using_get()
    assert [row.state for row in states if row.abbreviation == "AL"] == ["Alabama"]
    (province,) = (
        row
        for row in resources.get_all_states_using_get(country_code="CA")
        if row.abbreviation == "QC"
    )
    assert (province.state, province.country_code) == ("Quebec", "CA")


def test_exchange_rates(nucleus_sdk: nucleus_api.ApiClient, account: AggregationAccount):
    resources = nucleus_api.ResourceApi(nucleus_sdk)
    balance = BalanceFactory(aggregation_account=account, balance=5)
    rate = nucleus_api.FxRate(
        currency_code_from="USD",
        currency_code_to="CHF",
        exchange_rate=0.8,
        _date=datetime(2026, 11, 20, 18, 30),  # without a zone, as the SDK's users write it
    )
    for _ in range(2):
        (stored,) = resources.create_fx_rate_bulk_using_post([rate])
        assert (stored.currency_code_to, stored.exchange_rate) == ("CHF", 0.8)
    rows = resources.get_currency_exchange_rate_all_using_get()
    assert [(row.currency_code_from, row.currency_code_to) for row in rows] == [
        ("EUR", "USD"),
        ("USD", "CHF"),
    ]
    (result,) = resources.get_currency_exchange_rate_all_using_get(filter="currency_code_to==CHF")
    assert result._date == "2026-11-20T00:00:00.000+0000"
    converted = nucleus_api.AggregationAccountApi(
        nucleus_sdk
    ).get_aggregation_account_balance_using_get(str(balance.pk), currency_conversion="CHF")
    assert (converted.balance, converted.currency_code) == (4, "CHF")


def test_merchants(nucleus_sdk: nucleus_api.ApiClient, account: AggregationAccount):
    """The SDK declares one merchant where there is a page; the raw answer has it all."""
    row = MerchantFactory(website_url="https://shop.example")
    TransactionFactory(aggregation_account=account, merchant_id=row.pk)
    resources = nucleus_api.ResourceApi(nucleus_sdk)
    requested: dict[str, Any] = {"page": 0, "size": 5, "order_by": "name", "ascending": True}
    raw = resources.get_merchants_all_using_get(**requested, _preload_content=False)
    page = nucleus_sdk.deserialize(raw, "PageMXMerchantRes")
    (merchant,) = page.content
    assert (merchant.id, merchant.guid) == (str(row.id), row.source_id)
    assert (merchant.name, merchant.website_url) == (row.name, row.website_url)
    assert (page.sort._property, page.pageable.page_size, page.empty) == ("name", 5, False)
    assert page.pageable.sort.ascending is True


def test_derived_views(nucleus_sdk: nucleus_api.ApiClient, account: AggregationAccount):
    balance = BalanceFactory(aggregation_account=account, balance=Decimal("10.5"))
    api = nucleus_api.AggregationAccountApi(nucleus_sdk)
    data = api.get_aggregation_account_aggregate_data_using_get(
        str(account.pk), currency_conversion="EUR"
    )
    assert data["aggregation_account_id"] == str(account.pk)
    assert data["aggregation_account_balances"]["balance"] == 8.4
    (category,) = api.get_aggregation_account_overview_using_get(str(account.client_id))[
        "by_category"
    ]
    assert (category["category"], category["total_balance"]) == ("Bank Account", 10.5)
    (detail,) = category["aggregation_account_details"]
    assert detail["aggregation_account_balance_id"] == str(balance.pk)
    business = BusinessFactory(tenant=account.tenant)
    business_account = AggregationAccountFactory(
        client=None, business=business, tenant=account.tenant
    )
    (category,) = api.get_aggregation_account_overview_by_business_id_using_get(
        str(business.pk), currency_conversion="EUR"
    )["by_category"]
    (detail,) = category["aggregation_account_details"]
    assert detail["aggregation_account_id"] == str(business_account.pk)


def test_amounts_in_another_currency(
    nucleus_sdk: nucleus_api.ApiClient, account: AggregationAccount
):
    accounts, funding = (
        nucleus_api.AggregationAccountApi(nucleus_sdk),
        nucleus_api.FundingApi(nucleus_sdk),
    )
    rows = {
        "aggregation_account_balance": BalanceFactory(aggregation_account=account, balance=5),
        "aggregation_account_transaction": TransactionFactory(
            aggregation_account=account, amount=5
        ),
        "aggregation_account_holding": HoldingFactory(aggregation_account=account, amount=5),
        "bank_link": BankLinkFactory(client=account.client, balance=5, currency_code="USD"),
    }
    for kind, row in rows.items():
        api = funding if kind == "bank_link" else accounts
        item = getattr(api, f"get_{kind}_using_get")(str(row.pk), currency_conversion="EUR")
        page = getattr(api, f"get_{kind}_all_using_get")(currency_conversion="EUR")
        for converted in (item, page.content[0]):
            amounts = converted.to_dict()
            amounts |= amounts.get("bank_credit") or {}
            assert amounts["currency_code"] == "EUR"
            assert amounts.get("amount", amounts.get("balance")) == 4
        with pytest.raises(ApiException) as refused:
            getattr(api, f"get_{kind}_using_get")(str(row.pk), currency_conversion="CHF")
        assert refused.value.status == 400
        assert "from USD to CHF" in json.loads(refused.value.body)["message"]
