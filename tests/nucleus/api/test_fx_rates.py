"""/resource/fx_rate: a tenant's exchange rates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.access.models import Application
from nucleus.models import Client, CurrencyRate, Tenant
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BalanceFactory,
    CurrencyRateFactory,
)

PATH = "/nucleus/v1/resource/fx_rate"
DAY = "2026-11-20T00:00:00.000+0000"


def rate(**changes: Any) -> dict[str, Any]:
    return {
        "currency_code_from": "EUR",
        "currency_code_to": "USD",
        "exchange_rate": 1.0842,
        "date": DAY,
    } | changes


def stored_rates(tenant: Tenant) -> list[str]:
    rows = CurrencyRate.objects.for_tenant(tenant).order_by("currency_code_from")
    return [f"{row} ({row.date})" for row in rows]


def test_rates_are_stored_and_read(api: Api, foreign_api: Api, tenant: Tenant):
    body = [
        rate(currency_code_from="usd", currency_code_to="JPY", exchange_rate=156.31),
        rate(date="2026-11-20T23:59:59.000+0000"),
    ]
    expected = [
        rate(currency_code_from="USD", currency_code_to="JPY", exchange_rate=Decimal("156.31")),
        rate(exchange_rate=Decimal("1.0842")),
    ]
    for _ in range(2):
        response = api.post(PATH, body)
        assert (response.status_code, response.data) == (200, expected)
        assert api.get(PATH).data == expected[::-1]
    assert stored_rates(tenant) == [
        "1 EUR = 1.0842000000 USD (2026-11-20)",
        "1 USD = 156.3100000000 JPY (2026-11-20)",
    ]
    assert foreign_api.get(PATH).data == []


def test_a_new_rate_replaces_the_old_one(api: Api, tenant: Tenant):
    CurrencyRateFactory(tenant=tenant)  # EUR to USD
    other = CurrencyRateFactory()  # a foreign_api's
    assert api.post(PATH, [rate(exchange_rate=1.1, date="2026-11-21")]).status_code == 200
    assert stored_rates(tenant) == ["1 EUR = 1.1000000000 USD (2026-11-21)"]
    other.refresh_from_db()
    assert other.exchange_rate == Decimal("1.25")


def test_conversion_uses_a_rate_at_once(api: Api, tenant: Tenant, nucleus_client: Client):
    account = AggregationAccountFactory(client=nucleus_client)
    balance = BalanceFactory(aggregation_account=account, balance=Decimal(10))
    path = f"/nucleus/v1/aggregation_account_balance/{balance.pk}"
    refused = api.get(path, currency_conversion="EUR")
    assert refused.status_code == 400
    assert "POST /nucleus/v1/resource/fx_rate" in refused.data["message"]
    for exchange_rate, expected in ((1.25, Decimal(8)), (1.6, Decimal("6.25"))):
        api.post(PATH, [rate(exchange_rate=exchange_rate)])
        assert api.get(path, currency_conversion="EUR").data["balance"] == expected


@pytest.mark.parametrize(
    ("filtered", "count"),
    [
        ("currency_code_from==EUR", 1),
        ("currency_code_from==CHF", 0),
        (f'date=="{DAY}"', 2),
        ("date>2026-11-20", 0),
        ("exchange_rate>=156.31", 1),
        ("exchange_rate==1.0842000001", 1),
        ("None", 2),
    ],
)
def test_rates_are_filtered(api: Api, filtered: str, count: int):
    dollars = rate(currency_code_from="USD", currency_code_to="JPY", exchange_rate=156.31)
    api.post(PATH, [rate(exchange_rate=1.0842000001), dollars])
    response = api.get(PATH, filter=filtered)
    assert response.status_code == 200, response.data
    assert len(response.data) == count


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"exchange_rate": 0}, "exchange_rate"),
        ({"exchange_rate": -1}, "exchange_rate"),
        ({"exchange_rate": "NaN"}, "exchange_rate"),
        ({"exchange_rate": "Infinity"}, "exchange_rate"),
        ({"exchange_rate": 1e-11}, "exchange_rate"),
        ({"exchange_rate": 1e9}, "exchange_rate"),
        ({"exchange_rate": "1e999999"}, "exchange_rate"),
        ({"exchange_rate": None}, "exchange_rate"),
        ({"exchange_rate": True}, "exchange_rate"),
        ({"currency_code_from": "EURO"}, "currency_code_from"),
        ({"currency_code_from": "ZZZ"}, "currency_code_from"),
        ({"currency_code_to": "ZZZ"}, "currency_code_to"),
        ({"currency_code_to": None}, "currency_code_to"),
        ({"currency_code_to": 840}, "currency_code_to"),
        ({"currency_code_to": "eur"}, "currency_code_to"),  # the same as from
        ({"date": None}, "date"),
        ({"date": "tomorrow"}, "date"),
        ({"date": "2026-02-30"}, "date"),
        ({"date": 20261120}, "date"),
    ],
)
def test_an_invalid_rate_refuses_the_whole_request(
    api: Api, tenant: Tenant, change: Any, field: str
):
    good = rate(currency_code_from="CHF")
    response = api.post(PATH, [good, rate(**change)])
    assert response.status_code == 400
    assert list(response.data["errors"]) == ["item 1"]
    assert field in response.data["message"]
    assert stored_rates(tenant) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (rate(), "must be a JSON array"),
        (["EUR"], "JSON object"),
        ([rate(), rate(exchange_rate=2)], "EUR to USD is in it twice"),
        ([rate()] * 1001, "At most 1000"),
    ],
)
def test_an_invalid_array_is_refused(api: Api, tenant: Tenant, body: Any, message: str):
    response = api.post(PATH, body)
    assert response.status_code == 400
    assert message in response.data["message"]
    assert stored_rates(tenant) == []


def test_an_empty_array_is_accepted(api: Api):
    assert api.post(PATH, []).data == []


def test_a_withdrawn_currency_may_be_converted_from(api: Api):
    response = api.post(PATH, [rate(currency_code_from="BGN", currency_code_to="EUR")])
    assert response.status_code == 200


def test_a_client_token_may_read_but_not_write(
    api: Api, application: Application, nucleus_client: Client, tenant: Tenant
):
    api.post(PATH, [rate()])
    confined = Api(access_token(application, client=nucleus_client))
    assert len(confined.get(PATH).data) == 1
    refused = confined.post(PATH, [rate(exchange_rate=2)])
    assert refused.status_code == 403
    assert "exchange rates are the tenant's" in refused.data["message"]
    assert stored_rates(tenant) == ["1 EUR = 1.0842000000 USD (2026-11-20)"]
