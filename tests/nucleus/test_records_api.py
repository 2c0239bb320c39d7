"""Writing accounts, balances, transactions, holdings, bank links and institutions over the API."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from gateway.access.models import Application
from nucleus import writes
from nucleus.models import (
    AggregationAccount,
    AggregationAccountTransaction,
    BankLink,
    Client,
    Institution,
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
from tests.nucleus.rows import row

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


def said_by(answer: Any, body: Any) -> None:
    """Everything in `body` is in `answer`."""
    for name, value in body.items():
        if isinstance(value, dict):
            said_by(answer[name], value)
        elif name != "account_number":
            expected = Decimal(str(value)) if isinstance(value, float) else value
            assert answer[name] == expected, name


@pytest.mark.parametrize("way", WAYS)
def test_a_record_lives(api: Api, stranger: Api, account: AggregationAccount, way: str):
    kind, make, change = WAYS[way]
    body = make(owner_of(kind, account))
    created = api.post(f"{V1}/{kind}", body | {"id": None, "secondary_id": None})
    assert created.status_code == 200, created.data
    said_by(created.data, {**body, "secondary_id": None})
    path = f"{V1}/{kind}/{created.data['id']}"
    assert api.get(path).data == created.data
    changed = api.put(path, change | {"currency_code": None})
    assert changed.status_code == 200, changed.data
    said_by(changed.data, {**body, "secondary_id": None, **change} | _merged(body, change))
    assert api.put(path, change).data == changed.data  # nothing was written, not even a date
    assert api.get(path).data == changed.data
    for method in (stranger.get, stranger.delete, lambda one: stranger.put(one, change)):
        assert method(path).status_code == 404
    assert api.delete(path).status_code == 204
    assert [api.delete(path).status_code, api.get(path).status_code] == [404, 404]


def _merged(body: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    parts = ("cash", "investment")
    return {name: body[name] | change[name] for name in parts if name in change}


def test_what_is_not_said(api: Api, nucleus_client: Client, account: AggregationAccount):
    body: dict[str, Any]
    body = {"account_name": "A", "institution_name": "B", "client_id": str(nucleus_client.pk)}
    one = api.post(f"{V1}/aggregation_account", body).data
    assert (one["category"], one["is_active"], one["is_asset"]) == ("Other", True, True)
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
def test_a_bad_record_is_explained(
    api: Api, account: AggregationAccount, kind: str, change: dict[str, Any], field: str
):
    path, make, _ = WAYS[kind]
    answer = api.post(f"{V1}/{path}", make(owner_of(path, account)) | change)
    assert answer.status_code == 400
    assert set(answer.data["errors"]) == {field}
    assert "5678" not in answer.content.decode()


def test_others_objects_cannot_be_referred_to(
    api: Api, application: Application, nucleus_client: Client, account: AggregationAccount
):
    foreign: Any = BankLinkFactory()
    neighbour = BankLinkFactory(client=ClientFactory(tenant=nucleus_client.tenant))
    theirs = AggregationAccountFactory(client=neighbour.client)
    private = Institution.objects.create(name="Theirs", tenant=foreign.tenant)
    for change in (
        {"client_id": str(foreign.client.pk)},
        {"bank_link_id": str(foreign.pk)},
        {"bank_link_id": str(neighbour.pk)},  # of the same tenant, but of another client
        {"institution_id": str(private.pk)},
    ):
        answer = api.post(f"{V1}/aggregation_account", bodies.account(nucleus_client, **change))
        assert answer.status_code == 400
        assert set(answer.data["errors"]) == set(change)
    confined = Api(access_token(application, client=nucleus_client))
    for body in (bodies.balance(AggregationAccountFactory()), bodies.balance(theirs)):
        answer = confined.post(f"{V1}/aggregation_account_balance", body)
        assert set(answer.data["errors"]) == {"aggregation_account_id"}


@pytest.mark.parametrize("kind", ROWS)
def test_a_record_stays_where_it_was_made(
    api: Api, account: AggregationAccount, tenant: Tenant, kind: str
):
    other = AggregationAccountFactory(client=ClientFactory(tenant=tenant))
    name = "client" if kind in ("aggregation_account", "bank_link") else "aggregation_account"
    mine = ROWS[kind](**{name: owner_of(kind, account)})
    path, column = f"{V1}/{kind}/{mine.pk}", f"{name}_id"
    answer = api.put(path, {column: str(owner_of(kind, other).pk)})
    assert set(answer.data["errors"]) == {column}
    assert api.put(path, {column: str(owner_of(kind, account).pk)}).status_code == 200


def test_a_transaction_stays_what_it_is(api: Api, account: AggregationAccount):
    path = f"{V1}/aggregation_account_transaction"
    credit = api.post(path, bodies.transaction(account)).data
    part = {"amount": 1, "transaction_type": "Deposit"}
    answer = api.put(f"{path}/{credit['id']}", {"cash": part})
    assert set(answer.data["errors"]) == {"cash"}
    cash = api.post(path, bodies.cash(account)).data
    answer = api.put(f"{path}/{cash['id']}", {"bank_credit": part})
    assert set(answer.data["errors"]) == {"bank_credit"}
    changed = api.put(f"{path}/{credit['id']}", {"bank_credit": {"memo": "lunch"}}).data
    assert changed["bank_credit"] == credit["bank_credit"] | {"memo": "lunch"}


def test_a_confined_token_writes_for_its_client_only(
    application: Application, nucleus_client: Client
):
    confined = Api(access_token(application, client=nucleus_client))
    body = bodies.bank_link(nucleus_client, client_id=None, is_link_verified=None)
    refused = confined.post(f"{V1}/bank_link", body)  # it still has a link_verified_date
    assert refused.status_code == 403
    assert "verified" in refused.data["message"]
    link = confined.post(f"{V1}/bank_link", body | {"link_verified_date": None}).data
    assert link["client_id"] == str(nucleus_client.pk)
    path = f"{V1}/bank_link/{link['id']}"
    assert confined.put(path, {"is_link_verified": True}).status_code == 403
    assert confined.put(path, link).status_code == 200  # as it is, which claims nothing
    theirs = BankLinkFactory(client=ClientFactory(tenant=nucleus_client.tenant))
    assert confined.put(f"{V1}/bank_link/{theirs.pk}", {"type": "x"}).status_code == 404
    assert confined.delete(f"{V1}/bank_link/{theirs.pk}").status_code == 404
    account = bodies.account(nucleus_client, is_link_verified=True)
    assert confined.post(f"{V1}/aggregation_account", account).status_code == 403


def test_numbers_are_kept_secret(api: Api, application: Application, nucleus_client: Client):
    masked = Api(access_token(application, scope="create read update"))
    link = masked.post(f"{V1}/bank_link", bodies.bank_link(nucleus_client)).data
    assert (link["bank_account_number"], link["routing"]) == ("****5678", "****9900")
    assert link["mask"] == "5678"
    account = api.post(f"{V1}/aggregation_account", bodies.account(nucleus_client))
    assert account.data["mask"] == "5678"
    assert "100012345678" not in account.content.decode()
    assert AggregationAccount.unscoped.get().account_number == "100012345678"
    path = f"{V1}/aggregation_account/{account.data['id']}"
    assert api.put(path, {"account_number": "99-0001"}).data["mask"] == "001"  # at most half
    with connection.cursor() as cursor:
        cursor.execute("SELECT bank_account_number, routing FROM nucleus_banklink")
        stored = str(cursor.fetchall())
        cursor.execute("SELECT account_number FROM nucleus_aggregationaccount")
        stored += str(cursor.fetchall())
    assert all(number not in stored for number in ("100012345678", "688999900", "99-0001"))


def test_the_numbers_of_a_bank_link_never_change(
    api: Api, application: Application, nucleus_client: Client
):
    parts = {"mx_institution_number": "003", "mx_transit_number": "01234"}
    row = BankLinkFactory(client=nucleus_client, metadata=parts | {"ours": "yes"})
    path = f"{V1}/bank_link/{row.pk}"
    for change in (
        {"bank_account_number": "100012345679"},
        {"routing": "****9901"},
        {"routing_wire": "688999900"},
    ):
        answer = api.put(path, change)
        assert set(answer.data["errors"]) == set(change)
        assert "new bank link" in answer.data["message"]
    masked = Api(access_token(application, scope="read update"))
    shown = masked.get(path).data
    answer = masked.put(path, shown | {"bank_account_name": "Household", "metadata": {"a": "b"}})
    assert answer.data["metadata"] == {"a": "b", "ours": "yes"}
    theirs = {"mx_transit_number": "99999"}
    assert api.put(path, {"metadata": theirs}).data["metadata"]["mx_transit_number"] == "01234"
    stored = BankLink.unscoped.get()
    assert (stored.bank_account_number, stored.routing) == ("100012345678", "688999900")
    assert stored.bank_account_name == "Household"
    assert stored.metadata == parts | {"a": "b", "ours": "yes"}


def test_an_account_without_its_bank_link_is_not_verified(api: Api, account: AggregationAccount):
    link = BankLinkFactory(client=account.client)
    path = f"{V1}/aggregation_account/{account.pk}"
    verified = api.put(path, {"bank_link_id": str(link.pk), "is_link_verified": True}).data
    assert (verified["bank_link_id"], verified["is_link_verified"]) == (str(link.pk), True)
    assert api.delete(f"{V1}/bank_link/{link.pk}").status_code == 204
    after = api.get(path).data
    assert (after["bank_link_id"], after["is_link_verified"]) == (None, False)


def test_an_account_takes_its_entries_along(api: Api, account: AggregationAccount):
    TransactionFactory(aggregation_account=account)
    other: Any = TransactionFactory()
    assert api.delete(f"{V1}/aggregation_account/{account.pk}").status_code == 204
    assert list(AggregationAccountTransaction.unscoped.all()) == [other]


def test_what_is_the_tenants_survives_a_retrieval(api: Api, account: AggregationAccount):
    writes.upsert_transactions(account=account, rows=[row()])
    stored = AggregationAccountTransaction.unscoped.get()
    path = f"{V1}/aggregation_account_transaction/{stored.pk}"
    category = str(uuid.uuid4())
    mine = {
        "secondary_id": "ours",
        "is_excluded_analysis": True,
        "metadata": {"ours": "yes"},
        "bank_credit": {"transaction_category_id": category, "memo": "overwritten later"},
    }
    assert api.put(path, mine).status_code == 200
    assert writes.upsert_transactions(account=account, rows=[row(memo="the bank's")]) == 1
    after = api.get(path).data
    assert (after["secondary_id"], after["is_excluded_analysis"]) == ("ours", True)
    assert after["metadata"] == {"ours": "yes", "mx_posted_at": "2026-01-03"}
    assert after["bank_credit"]["transaction_category_id"] == category
    assert after["bank_credit"]["memo"] == "the bank's"


def test_what_is_the_tenants_in_an_account_survives_one_read_before(
    api: Api, account: AggregationAccount
):
    path = f"{V1}/aggregation_account/{account.pk}"
    mine = {"secondary_id": "ours", "metadata": {"ours": "yes"}, "account_name": "Mine"}
    api.put(path, mine)  # while a retrieval holds `account` as it was
    writes.update_aggregation_account(
        account=account, account_name="Checking", apr=Decimal(2), metadata={"mx_level": "1"}
    )
    after = api.get(path).data
    assert (after["secondary_id"], after["apr"]) == ("ours", 2)
    assert after["metadata"] == {"ours": "yes", "mx_level": "1"}


def test_institutions(api: Api, stranger: Api, application: Application, nucleus_client: Client):
    path = f"{V1}/resource/institution"
    shared = writes.upsert_institution(code="mxbank", name="MX Bank")
    own = api.post(path, {"name": "Savings Bank", "code": "mxbank", "website_url": None}).data
    assert [own["name"], own["code"], own["website_url"]] == ["Savings Bank", "mxbank", None]
    assert writes.upsert_institution(code="mxbank", name="MX Bank, renamed").pk == shared.pk
    everyone = {str(shared.pk), own["id"]}
    assert {one["id"] for one in api.get(path).data["content"]} == everyone
    assert [one["id"] for one in stranger.get(path).data["content"]] == [str(shared.pk)]
    assert api.get(f"{path}/{shared.pk}").data["name"] == "MX Bank, renamed"
    for answer in (
        api.put(f"{path}/{shared.pk}", {"name": "Mine"}),
        api.delete(f"{path}/{shared.pk}"),
    ):
        assert answer.status_code == 403
        assert "vendor" in answer.data["message"]
    assert stranger.put(f"{path}/{own['id']}", {"name": "Mine"}).status_code == 404
    for code in ("mxbank", ""):
        assert set(api.post(path, {"name": "Again", "code": code}).data["errors"]) == {"code"}
    assert stranger.post(path, {"name": "Theirs", "code": "mxbank"}).status_code == 200
    assert api.put(f"{path}/{own['id']}", {"name": "New", "code": "mxbank"}).data["name"] == "New"
    confined = Api(access_token(application, client=nucleus_client))
    assert confined.get(f"{path}/{own['id']}").status_code == 200
    assert confined.post(path, {"name": "Mine"}).status_code == 403
    assert confined.delete(f"{path}/{own['id']}").status_code == 403
    account = bodies.account(nucleus_client, institution_id=own["id"])
    account_id = api.post(f"{V1}/aggregation_account", account).data["id"]
    assert api.delete(f"{path}/{own['id']}").status_code == 204
    assert api.get(f"{V1}/aggregation_account/{account_id}").data["institution_id"] is None


@pytest.mark.parametrize("kind", [*ROWS, "client", "resource/institution"])
def test_every_field_filters_and_sorts(api: Api, account: AggregationAccount, kind: str):
    refused = api.get(f"{V1}/{kind}", filter="nothing==1").data["message"]
    names = refused.partition("Fields: ")[2].rstrip(".").split(", ")
    assert len(names) > 5
    for start in range(0, len(names), 20):
        terms = " || ".join(f"{name}==null" for name in names[start : start + 20])
        assert api.get(f"{V1}/{kind}", filter=terms).status_code == 200
    for name in names:
        answer = api.get(f"{V1}/{kind}", order_by=name, ascending=True, size=1)
        assert answer.status_code == 200, name


def test_scopes(application: Application, account: AggregationAccount):
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
    for answer in (created, api.get(f"{path}/{created.data['id']}")):
        assert b'"price":123456789012.12345678' in answer.content
