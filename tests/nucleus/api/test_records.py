"""Writing accounts, balances, transactions, holdings, bank links and institutions over the API."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest

from gateway.access.models import Application
from nucleus.models import (
    AggregationAccount,
    Client,
    Tenant,
)
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BalanceFactory,
    BankLinkFactory,
    ClientFactory,
    HoldingFactory,
    TransactionFactory,
)
from tests.nucleus import bodies

V1 = "/nucleus/v1"
ROWS = {
    "aggregation_account": AggregationAccountFactory,
    "aggregation_account_balance": BalanceFactory,
    "aggregation_account_transaction": TransactionFactory,
    "aggregation_account_holding": HoldingFactory,
    "bank_link": BankLinkFactory,
}
WAYS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "aggregation_account": ("aggregation_account", bodies.account, {"account_name": "Savings"}),
    "balance": ("aggregation_account_balance", bodies.balance, {"balance": 7.5}),
    "bank_credit": (
        "aggregation_account_transaction",
        bodies.transaction,
        {"is_excluded_analysis": True},
    ),
    "cash": ("aggregation_account_transaction", bodies.cash, {"cash": {"name": "Other"}}),
    "investment": (
        "aggregation_account_transaction",
        bodies.investment,
        {"investment": {"fee": 0.25}},
    ),
    "holding": ("aggregation_account_holding", bodies.holding, {"shares": 82}),
    "bank_link": ("bank_link", bodies.bank_link, {"bank_account_name": "Household"}),
}


@pytest.fixture
def account(nucleus_client: Client) -> AggregationAccount:
    return AggregationAccountFactory(client=nucleus_client)


def owner_of(kind: str, account: AggregationAccount) -> Any:
    return account.client if kind in ("aggregation_account", "bank_link") else account


def assert_contains(response: Any, body: Any) -> None:
    """Everything in `body` is in `response`."""
    for name, value in body.items():
        if isinstance(value, dict):
            assert_contains(response[name], value)
        elif name != "account_number":
            expected = Decimal(str(value)) if isinstance(value, float) else value
            assert response[name] == expected, name


@pytest.mark.parametrize("way", WAYS)
def test_a_record_is_created_read_changed_and_deleted(
    api: Api, foreign_api: Api, account: AggregationAccount, way: str
):
    kind, make, change = WAYS[way]
    body = make(owner_of(kind, account))
    created = api.post(f"{V1}/{kind}", body | {"id": None, "secondary_id": None})
    assert created.status_code == 200, created.data
    assert_contains(created.data, {**body, "secondary_id": None})
    path = f"{V1}/{kind}/{created.data['id']}"
    assert api.get(path).data == created.data
    changed = api.put(path, change | {"currency_code": None})
    assert changed.status_code == 200, changed.data
    assert_contains(changed.data, {**body, "secondary_id": None, **change} | _merged(body, change))
    assert api.put(path, change).data == changed.data  # nothing was written, not even a date
    assert api.get(path).data == changed.data
    for method in (foreign_api.get, foreign_api.delete, lambda url: foreign_api.put(url, change)):
        assert method(path).status_code == 404
    assert api.delete(path).status_code == 204
    assert [api.delete(path).status_code, api.get(path).status_code] == [404, 404]


def _merged(body: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    parts = ("cash", "investment")
    return {name: body[name] | change[name] for name in parts if name in change}


def test_defaults_of_fields_that_are_left_out(
    api: Api, nucleus_client: Client, account: AggregationAccount
):
    body: dict[str, Any]
    body = {"account_name": "A", "institution_name": "B", "client_id": str(nucleus_client.pk)}
    created = api.post(f"{V1}/aggregation_account", body).data
    assert (created["category"], created["is_active"], created["is_asset"]) == ("Other", True, True)
    body = {"aggregation_account_id": str(account.pk), "currency_code": "usd", "balance": 1}
    balance = api.post(f"{V1}/aggregation_account_balance", body).data
    assert balance["balance_time_stamp"] >= account.create_date.isoformat(timespec="milliseconds")
    assert (balance["currency_code"], balance["is_active"]) == ("USD", True)


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("aggregation_account", {"account_name": None}, "account_name"),
        ("aggregation_account", {"institution_name": None}, "institution_name"),
        ("aggregation_account", {"client_id": None}, "client_id"),
        ("aggregation_account", {"client_id": "x"}, "client_id"),
        ("aggregation_account", {"account_name": "x" * 256}, "account_name"),
        ("aggregation_account", {"currency_code": "US1"}, "currency_code"),
        ("aggregation_account", {"currency_code": "ZZZ"}, "currency_code"),
        ("balance", {"currency_code": "ZZZ"}, "currency_code"),
        ("aggregation_account", {"apr": 1e16}, "apr"),
        ("aggregation_account", {"apr": 1e-9}, "apr"),
        ("aggregation_account", {"apr": "NaN"}, "apr"),
        ("aggregation_account", {"mask": "12345"}, "mask"),
        ("aggregation_account", {"account_number": "****5678"}, "account_number"),
        ("aggregation_account", {"metadata": ["x"]}, "metadata"),
        ("aggregation_account", {"metadata": {"x": {}}}, "metadata"),
        ("aggregation_account", {"last_payment_date": "soon"}, "last_payment_date"),
        ("aggregation_account", {"institution_id": str(uuid.uuid4())}, "institution_id"),
        ("aggregation_account", {"bank_link_id": str(uuid.uuid4())}, "bank_link_id"),
        ("balance", {"aggregation_account_id": None}, "aggregation_account_id"),
        ("balance", {"currency_code": None}, "currency_code"),
        ("bank_credit", {"transaction_date": None}, "transaction_date"),
        ("bank_credit", {"bank_credit": None}, "bank_credit"),
        ("bank_credit", {"bank_credit": {}}, "bank_credit"),
        ("bank_credit", {"bank_credit": {"amount": 1}}, "bank_credit"),
        ("bank_credit", {"bank_credit": {"amount": -1, "transaction_type": "D"}}, "bank_credit"),
        ("bank_credit", {"cash": {"amount": 1, "transaction_type": "D"}}, "bank_credit"),
        (
            "bank_credit",
            {"bank_credit": {"amount": 1, "transaction_type": "D", "location": {"latitude": 1e99}}},
            "bank_credit",
        ),
        (
            "bank_credit",
            {
                "bank_credit": {
                    "amount": 1,
                    "transaction_type": "D",
                    "merchant_id": str(uuid.uuid4()),
                }
            },
            "merchant_id",
        ),
        ("cash", {"cash": {"amount": 1}}, "cash"),
        ("investment", {"investment": {"price": 1, "quantity": 1}}, "investment"),
        ("holding", {"shares": None}, "shares"),
        ("bank_link", {"bank_account_holder": None}, "bank_account_holder"),
        ("bank_link", {"bank_account_number": "****5678"}, "bank_account_number"),
        ("bank_link", {"routing": None}, "routing"),
        ("bank_link", {"link_verified_date": "soon"}, "link_verified_date"),
    ],
)
def test_an_invalid_record_is_a_400_that_names_the_field(
    api: Api, account: AggregationAccount, kind: str, change: dict[str, Any], field: str
):
    path, make, _ = WAYS[kind]
    response = api.post(f"{V1}/{path}", make(owner_of(path, account)) | change)
    assert response.status_code == 400
    assert set(response.data["errors"]) == {field}
    assert "5678" not in response.content.decode()


@pytest.mark.parametrize("kind", ROWS)
def test_a_record_cannot_be_moved(api: Api, account: AggregationAccount, tenant: Tenant, kind: str):
    other = AggregationAccountFactory(client=ClientFactory(tenant=tenant))
    name = "client" if kind in ("aggregation_account", "bank_link") else "aggregation_account"
    own = ROWS[kind](**{name: owner_of(kind, account)})
    path, column = f"{V1}/{kind}/{own.pk}", f"{name}_id"
    response = api.put(path, {column: str(owner_of(kind, other).pk)})
    assert set(response.data["errors"]) == {column}
    assert api.put(path, {column: str(owner_of(kind, account).pk)}).status_code == 200


def test_a_stored_currency_code_may_be_repeated(api: Api, account: AggregationAccount):
    vendors: Any = TransactionFactory(
        aggregation_account=account, currency_code="XQZ", transaction_type="Sideways"
    )
    path = f"{V1}/aggregation_account_transaction/{vendors.pk}"
    assert api.put(path, api.get(path).data | {"status": "posted"}).status_code == 200
    assert api.put(path, {"currency_code": "XQY"}).status_code == 400
    part = {"amount": 1, "transaction_type": "debit"}
    changed = api.put(path, {"currency_code": "eur", "bank_credit": part}).data
    assert changed["currency_code"] == "EUR"
    assert changed["bank_credit"]["transaction_type"] == "debit"


def test_the_kind_of_a_transaction_cannot_be_changed(api: Api, account: AggregationAccount):
    path = f"{V1}/aggregation_account_transaction"
    credit = api.post(path, bodies.transaction(account)).data
    part = {"amount": 1, "transaction_type": "Deposit"}
    response = api.put(f"{path}/{credit['id']}", {"cash": part})
    assert set(response.data["errors"]) == {"cash"}
    cash = api.post(path, bodies.cash(account)).data
    response = api.put(f"{path}/{cash['id']}", {"bank_credit": part})
    assert set(response.data["errors"]) == {"bank_credit"}
    changed = api.put(f"{path}/{credit['id']}", {"bank_credit": {"memo": "lunch"}}).data
    assert changed["bank_credit"] == credit["bank_credit"] | {"memo": "lunch"}


@pytest.mark.parametrize("kind", [*ROWS, "client", "resource/institution"])
def test_every_field_filters_and_sorts(api: Api, account: AggregationAccount, kind: str):
    refused = api.get(f"{V1}/{kind}", filter="nothing==1").data["message"]
    names = refused.partition("Fields: ")[2].rstrip(".").split(", ")
    assert len(names) > 5
    for start in range(0, len(names), 20):
        terms = " || ".join(f"{name}==null" for name in names[start : start + 20])
        assert api.get(f"{V1}/{kind}", filter=terms).status_code == 200
    for name in names:
        response = api.get(f"{V1}/{kind}", order_by=name, ascending=True, size=1)
        assert response.status_code == 200, name


def test_the_scope_read_allows_no_writing(application: Application, account: AggregationAccount):
    reader = Api(access_token(application, scope="read"))
    path = f"{V1}/aggregation_account"
    assert reader.post(path, bodies.account(account.client)).status_code == 403
    assert reader.put(f"{path}/{account.pk}", {"account_name": "x"}).status_code == 403
    assert reader.delete(f"{path}/{account.pk}").status_code == 403
    assert AggregationAccount.unscoped.get().account_name == "Checking"


def test_amounts_of_investments_are_exact(api: Api, account: AggregationAccount):
    body = bodies.investment(account)
    body["investment"]["price"] = "123456789012.12345678"  # more than a float can carry
    path = f"{V1}/aggregation_account_transaction"
    created = api.post(path, body)
    for response in (created, api.get(f"{path}/{created.data['id']}")):
        assert b'"price":123456789012.12345678' in response.content
