"""/nucleus/v1/client, and the reading and listing of other records."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.access.models import Application
from integrations.models import AggregationSettings, Job
from nucleus.models import Client, Tenant
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

CLIENT = "/nucleus/v1/client"
KINDS = {
    "aggregation_account": AggregationAccountFactory,
    "aggregation_account_balance": BalanceFactory,
    "aggregation_account_transaction": TransactionFactory,
    "aggregation_account_holding": HoldingFactory,
    "bank_link": BankLinkFactory,
}


def row_of(kind: str, client: Client) -> Any:
    if kind in ("aggregation_account", "bank_link"):
        return KINDS[kind](client=client)
    return KINDS[kind](aggregation_account=AggregationAccountFactory(client=client))


def test_a_client_is_created_read_changed_and_deactivated(api: Api):
    body = {
        "username": "ada",
        "client_type": "consumer",
        "first_name": "Ada",
        "date_of_birth": "1990-12-10",
        "total_net_worth": 1234567.89,
        "address": [
            {"address_line1": "1", "city": "T", "state": "UT", "country": "US", "type": "home"}
        ],
        "metadata": {"ours": "yes"},
        "password": "a secret of ours",
        "identification_number": "123-45-6789",
        "email": None,
    }
    created = api.post(CLIENT, body)
    assert created.status_code == 201
    client = created.data
    assert client["total_net_worth"] == Decimal("1234567.89")
    assert client["date_of_birth"] == "1990-12-10"
    assert client["create_date"].endswith("+0000")
    assert "secret" not in created.content.decode()
    assert "6789" not in created.content.decode()
    path = f"{CLIENT}/{client['id']}"
    assert api.get(path).data == client
    changed = api.put(path, {"first_name": "Augusta", "email": None})
    assert (changed.data["first_name"], changed.data["username"]) == ("Augusta", "ada")
    assert api.put(path, {"first_name": "Augusta"}).data == changed.data  # nothing was written
    assert api.delete(path).status_code == 204
    assert api.delete(path).status_code == 204
    assert api.get(path).data["is_active"] is False


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "username"),
        ({"username": "x" * 300, "client_type": "c"}, "username"),
        ({"username": "a", "client_type": "c", "date_of_birth": "tomorrow"}, "date_of_birth"),
        ({"username": "a", "client_type": "c", "total_net_worth": 1e30}, "total_net_worth"),
        ({"username": "a", "client_type": "c", "income": 10**30}, "income"),
        ({"username": "a", "client_type": "c", "address": [{"city": "T"}]}, "address"),
        ({"username": "a", "client_type": "c", "metadata": ["x"]}, "metadata"),
    ],
)
def test_an_invalid_client_is_a_400_that_names_the_field(
    api: Api, body: dict[str, Any], field: str
):
    response = api.post(CLIENT, body)
    assert response.status_code == 400
    assert field in response.data["errors"]


def test_usernames_are_unique_within_the_tenant(api: Api, nucleus_client: Client):
    ClientFactory(username="taken-elsewhere")
    body = {"username": nucleus_client.username, "client_type": "consumer"}
    assert "username" in api.post(CLIENT, body).data["errors"]
    assert api.post(CLIENT, body | {"username": "taken-elsewhere"}).status_code == 201


def test_a_new_client_gets_its_vendor_user_by_a_job(api: Api, tenant: Tenant):
    AggregationSettings(tenant=tenant, create_vendor_user_automatically=True).save()
    created = api.post(CLIENT, {"username": "ada", "client_type": "consumer"}).data
    assert Job.objects.get().payload == {"client_id": created["id"]}


@pytest.mark.parametrize("kind", KINDS)
def test_clients_are_read_and_listed(api: Api, nucleus_client: Client, kind: str):
    row = row_of(kind, nucleus_client)
    response = api.get(f"/nucleus/v1/{kind}/{row.pk}")
    assert response.status_code == 200
    page = api.get(f"/nucleus/v1/{kind}").data
    assert page["content"] == [response.data]
    assert (page["total_elements"], page["total_pages"], page["number"]) == (1, 1, 0)
    assert (page["first"], page["last"], page["number_of_elements"]) == (True, True, 1)
    assert page["sort"] == [
        {
            "direction": "DESC",
            "property": "updateDate",
            "ignore_case": False,
            "null_handling": "NATIVE",
            "ascending": False,
            "descending": True,
        }
    ]


@pytest.mark.parametrize("kind", [*KINDS, "client"])
def test_another_tenants_rows_are_a_404(api: Api, kind: str):
    row = ClientFactory() if kind == "client" else row_of(kind, ClientFactory())
    assert api.get(f"/nucleus/v1/{kind}/{row.pk}").status_code == 404
    assert api.get(f"/nucleus/v1/{kind}").data["content"] == []


@pytest.mark.parametrize("kind", [*KINDS, "client"])
def test_a_clients_token_reaches_that_client_only(
    application: Application, nucleus_client: Client, kind: str
):
    other = ClientFactory(tenant=nucleus_client.tenant)
    own, foreign = (
        (nucleus_client, other)
        if kind == "client"
        else (row_of(kind, nucleus_client), row_of(kind, other))
    )
    confined = Api(access_token(application, client=nucleus_client))
    assert confined.get(f"/nucleus/v1/{kind}/{own.pk}").status_code == 200
    assert confined.get(f"/nucleus/v1/{kind}/{foreign.pk}").status_code == 404
    assert [item["id"] for item in confined.get(f"/nucleus/v1/{kind}").data["content"]] == [
        str(own.pk)
    ]


@pytest.fixture
def transactions(nucleus_client: Client) -> list[Any]:
    account = AggregationAccountFactory(client=nucleus_client)
    return [
        TransactionFactory(
            aggregation_account=account,
            amount=Decimal(number),
            status="pending" if number % 2 else "posted",
            description=f"Shop {number}",
            transaction_date=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number),
        )
        for number in range(7)
    ]


LIST = "/nucleus/v1/aggregation_account_transaction"


def test_pages_have_every_row_once(api: Api, transactions: list[Any]):
    ids = []
    for number in range(4):
        page = api.get(LIST, page=number, size=2, order_by="transaction_date", ascending=True).data
        assert page["total_pages"] == 4
        assert page["last"] is (number == 3)
        ids += [item["id"] for item in page["content"]]
    assert ids == [str(row.pk) for row in transactions]
    assert api.get(LIST, page=9).data["content"] == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("status==pending", {1, 3, 5}),
        ("status!=pending", {0, 2, 4, 6}),
        ("amount>=5", {5, 6}),
        ("amount>=2&&amount<4", {2, 3}),
        ("amount==1||amount==6", {1, 6}),
        ("status==posted && amount>0 && amount<=2 || amount==5", {2, 5}),
        ('description=="Shop 3"', {3}),
        ("description=='Shop 4'", {4}),
        ("transaction_date>2026-01-06", {6}),
        ("transaction_date==2026-01-03T00:00:00.000+0000", {2}),
        ("memo==null && amount<2", {0, 1}),
        ("is_fee==False&&amount==0", {0}),
    ],
)
def test_lists_are_filtered(api: Api, transactions: list[Any], text: str, numbers: set[int]):
    response = api.get(LIST, filter=text)
    assert response.status_code == 200, response.data
    assert {int(item["bank_credit"]["amount"]) for item in response.data["content"]} == numbers


@pytest.mark.parametrize(
    "query",
    [
        {"filter": "nothing==1"}, {"filter": "metadata==1"}, {"filter": "amount"},
        {"filter": "amount==x"}, {"filter": "amount==1 and"}, {"filter": "amount==NaN"},
        {"filter": "amount==1e999"}, {"filter": "id==x"}, {"filter": "transaction_date==x"},
        {"filter": "amount>1e999999999"}, {"filter": "amount>1e-999999999"},
        {"filter": "is_fee>true"}, {"filter": "&&"}, {"filter": "status==a||"},
        {"filter": "status==" + "x" * 3000}, {"filter": "||".join(["amount==1"] * 30)},
        {"filter": "tenant==x"}, {"filter": "source_id==x"}, {"filter": "status=='a\0'"},
        {"page": "-1"}, {"page": "x"}, {"page": "9" * 50}, {"size": "0"}, {"size": "101"},
        {"size": "٣"}, {"size": "0" * 11 + "110"}, {"page": "0" * 5000},
        {"filter": "amount==0.000000001"}, {"filter": "amount<9999999999999999.999999999"},
        {"filter": "amount==1e-999999999"}, {"order_by": "metadata"}, {"order_by": "location"},
        {"order_by": "password"}, {"order_by": "-amount"}, {"ascending": "up"},
    ],
    ids=lambda query: str(query)[:40].encode("ascii", "replace").decode(),
)  # fmt: skip
def test_invalid_list_parameters_are_a_400(
    api: Api, transactions: list[Any], query: dict[str, str]
):
    response = api.get(LIST, **query)
    assert response.status_code == 400
    assert set(response.data["errors"]) == set(query)


@pytest.mark.parametrize("step", [1, -1])
def test_null_sorts_below_all_values(api: Api, transactions: list[Any], step: int):
    for row, memo in zip(transactions, ("b", None, "a"), strict=False):
        row.memo = memo
        row.save()
    rows = api.get(LIST, order_by="memo", ascending=step == 1).data["content"]
    memos = [item["bank_credit"]["memo"] for item in rows]
    assert memos[::step] == [None] * 5 + ["a", "b"]


def test_numbers_of_another_tenants_bank_link_stay_hidden_without_the_scope(
    api: Api, application: Application, nucleus_client: Client
):
    row = BankLinkFactory(
        client=nucleus_client,
        metadata={"mx_institution_number": "003", "mx_transit_number": "01234", "ours": "yes"},
    )
    path = f"/nucleus/v1/bank_link/{row.pk}"
    masked = Api(access_token(application, scope="read")).get(path)
    assert masked.data["bank_account_number"] == "****5678"
    assert masked.data["routing"] == "****9900"
    assert masked.data["metadata"] == {"ours": "yes"}
    shown = Api(access_token(application, scope="read account_numbers")).get(path).data
    assert (shown["bank_account_number"], shown["routing"]) == ("100012345678", "688999900")
    assert shown["metadata"] == row.metadata


def test_list_parameters_are_accepted_as_sdks_send_them(api: Api, transactions: list[Any]):
    response = api.get(LIST, page=0, size=25, order_by="None", ascending="True", filter="")
    assert response.status_code == 200


def test_unknown_ids_and_trailing_slashes_are_a_404(api: Api):
    assert api.get(f"{CLIENT}/{uuid.uuid4()}").status_code == 404
    response = api.get(f"{CLIENT}/")
    assert response.status_code == 404
    assert "trailing slash" in response.data["message"]


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'"x"', b"\xff", b'{"username": "a\\u0000"}', b"[" * 100000]
)
def test_a_body_that_is_no_object_is_a_400(api: Api, content: bytes):
    response = api.http.post(CLIENT, content, content_type="application/json", headers=api.headers)
    assert response.status_code == 400
    assert response.json()["message"]
