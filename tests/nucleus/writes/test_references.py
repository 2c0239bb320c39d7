"""Which rows records may refer to: the writer's own, and for the tenant those of businesses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.access.models import Application
from nucleus.models import AggregationAccount, Business, Client, Institution, Tenant
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BalanceFactory,
    BankLinkFactory,
    BusinessFactory,
    ClientFactory,
)
from tests.nucleus import bodies

V1 = "/nucleus/v1"
ACCOUNT, BALANCE, BANK_LINK = "aggregation_account", "aggregation_account_balance", "bank_link"
Errors = dict[str, Any]


@pytest.fixture
def business(tenant: Tenant) -> Business:
    return BusinessFactory(tenant=tenant)


@pytest.fixture
def records(nucleus_client: Client) -> dict[str, tuple[Any, dict[str, Any]]]:
    """One record of each kind, and a valid body of another one."""
    account: Any = AggregationAccountFactory(client=nucleus_client)
    return {
        ACCOUNT: (account, bodies.account(nucleus_client)),
        BALANCE: (BalanceFactory(aggregation_account=account), bodies.balance(account)),
        BANK_LINK: (BankLinkFactory(client=nucleus_client), bodies.bank_link(nucleus_client)),
    }


def row_and_count(record: Any) -> Any:
    """The row as it is, and how many of its kind the tenant has."""
    rows = type(record).unscoped.filter(tenant=record.tenant_id)
    return rows.filter(pk=record.pk).values().get(), rows.count()


def errors_of(response: Any) -> Errors:
    assert response.status_code == 400, response.data
    return dict(response.data["errors"])


def errors_of_array(response: Any) -> Errors:
    """The fields in `["field: words"]`."""
    return {message.split(":")[0]: message for message in errors_of(response)["item 0"]}


def errors_of_bulk(api: Api, response: Any) -> Errors:
    outcome = api.get(f"{V1}/bulk/status/{response.data['id']}").data
    assert (outcome["status"], outcome["success"]) == ("FAILED", [])
    return dict(outcome["error"][0]["errors"])


def all_writes(
    api: Api, kind: str, record: Any, body: dict[str, Any]
) -> list[Callable[[dict[str, Any]], Errors]]:
    """Functions that write the record with a change, each in another way, and return the errors."""
    row = {"id": str(record.pk)}
    requests: list[Callable[[dict[str, Any]], Errors]] = [
        lambda change: errors_of(api.post(f"{V1}/{kind}", body | change)),
        lambda change: errors_of(api.put(f"{V1}/{kind}/{record.pk}", change)),
        lambda change: errors_of_bulk(api, api.post(f"{V1}/bulk/{kind}", [body | change])),
        lambda change: errors_of_bulk(api, api.put(f"{V1}/bulk/{kind}", [row | change])),
    ]
    if kind != BANK_LINK:
        requests.append(
            lambda change: errors_of_array(api.post(f"{V1}/bulk_{kind}", [body | change]))
        )
    if kind != BALANCE:
        requests.append(
            lambda change: errors_of_array(api.put(f"{V1}/bulk_{kind}", [row | change]))
        )
    return requests


def assert_refused(
    api: Api, kind: str, record: Any, body: dict[str, Any], rows: dict[str, Any]
) -> None:
    """No way to write the record accepts a reference to any of `rows` (column → rows)."""
    before = row_and_count(record)
    body = body | {"is_link_verified": None, "link_verified_date": None}  # not for clients to say
    for write in all_writes(api, kind, record, body):
        for name, others in rows.items():
            owners = {"client_id": None} if name == "business_id" else {}
            for other in others:
                assert set(write({**owners, name: str(other.pk)})) == {name}
    assert row_and_count(record) == before


@pytest.mark.parametrize("kind", [ACCOUNT, BALANCE, BANK_LINK])
def test_rows_of_another_tenant_cannot_be_referred_to(
    api: Api, tenant: Tenant, records: dict[str, tuple[Any, dict[str, Any]]], kind: str
):
    foreign: Any = BankLinkFactory()
    rows: dict[str, Any] = {
        "client_id": [foreign.client],
        "business_id": [BusinessFactory()],
        "institution_id": [Institution.objects.create(name="Theirs", tenant=foreign.tenant)],
    }
    if kind == ACCOUNT:
        other_link = BankLinkFactory(client=ClientFactory(tenant=tenant))
        rows["bank_link_id"] = [foreign, other_link]  # also not that of another client
    if kind == BALANCE:
        rows = {"aggregation_account_id": [AggregationAccountFactory(client=foreign.client)]}
    assert_refused(api, kind, *records[kind], rows)


@pytest.mark.parametrize("kind", [ACCOUNT, BALANCE, BANK_LINK])
def test_a_client_token_cannot_refer_to_rows_of_others(
    application: Application,
    business: Business,
    nucleus_client: Client,
    records: dict[str, tuple[Any, dict[str, Any]]],
    kind: str,
):
    nucleus_client.business = business  # which it does not reach for that
    nucleus_client.save()
    other_client: Any = ClientFactory(tenant=business.tenant)
    rows: dict[str, Any] = {"client_id": [other_client], "business_id": [business]}
    if kind == BALANCE:
        account = AggregationAccountFactory(client=None, business=business, tenant=business.tenant)
        others = [AggregationAccountFactory(client=other_client), account]
        rows = {"aggregation_account_id": others}
    confined = Api(access_token(application, client=nucleus_client))
    assert_refused(confined, kind, *records[kind], rows)


def test_a_business_owns_what_is_written_for_it(
    api: Api, business: Business, nucleus_client: Client
):
    nucleus_client.business = business  # which makes nothing of it the client's
    nucleus_client.save()
    owner: dict[str, Any] = {"client_id": None, "business_id": str(business.pk)}
    link = api.post(f"{V1}/bank_link", bodies.bank_link(nucleus_client, **owner)).data
    verified = {"bank_link_id": link["id"], "is_link_verified": True}
    body = bodies.account(nucleus_client, **owner)
    account = api.post(f"{V1}/{ACCOUNT}", body | verified).data
    assert (account["bank_link_id"], account["is_link_verified"]) == (link["id"], True)
    for path, record in ((ACCOUNT, account), (BANK_LINK, link)):
        assert {name: record[name] for name in owner} == owner
        assert api.get(f"{V1}/{path}/{record['id']}").data == record
        assert api.put(f"{V1}/{path}/{record['id']}", record).data == record
        rows = api.get(f"{V1}/{path}", filter=f"business_id=={business.pk}").data["content"]
        assert rows == [record]
        other = BusinessFactory(tenant=business.tenant)
        moved = api.put(f"{V1}/{path}/{record['id']}", {"business_id": str(other.pk)})
        assert set(errors_of(moved)) == {"business_id"}
        response = api.put(f"{V1}/{path}/{record['id']}", {"client_id": str(nucleus_client.pk)})
        assert set(errors_of(response)) == {"client_id"}
    balance = {"aggregation_account_id": account["id"], "currency_code": "USD", "balance": 1}
    assert api.post(f"{V1}/{BALANCE}", balance).status_code == 200
    own = bodies.account(nucleus_client, bank_link_id=link["id"])
    assert set(errors_of(api.post(f"{V1}/{ACCOUNT}", own))) == {"bank_link_id"}
    both = body | {"client_id": str(nucleus_client.pk)}
    assert "one owner" in errors_of(api.post(f"{V1}/{ACCOUNT}", both))["business_id"][0]
    neither = errors_of(api.post(f"{V1}/{ACCOUNT}", body | {"business_id": None}))
    assert "business_id" in neither["client_id"][0]


def test_a_business_owns_records_that_are_written_in_bulk(
    api: Api, business: Business, nucleus_client: Client
):
    owner = {"client_id": None, "business_id": str(business.pk)}
    good = bodies.account(nucleus_client, **owner)
    made = api.post(f"{V1}/bulk_{ACCOUNT}", [good, bodies.account(nucleus_client)]).data
    assert [item["business_id"] for item in made] == [str(business.pk), None]
    changes = [{"id": made[0]["id"], "account_name": "Till", **owner}]
    assert api.put(f"{V1}/bulk_{ACCOUNT}", changes).data[0]["account_name"] == "Till"
    foreign = good | {"business_id": str(BusinessFactory().pk)}
    outcome = api.post(f"{V1}/bulk/{ACCOUNT}", [foreign, good]).data
    outcome = api.get(f"{V1}/bulk/status/{outcome['id']}").data
    assert [(item["index"], list(item["errors"])) for item in outcome["error"]] == [
        (0, ["business_id"])
    ]
    path = f"{V1}/{ACCOUNT}/{outcome['success'][0]['id']}"
    assert api.get(path).data["business_id"] == str(business.pk)
    assert AggregationAccount.unscoped.filter(business=business).count() == 2


def test_a_client_token_may_repeat_a_stored_reference(
    application: Application, business: Business, nucleus_client: Client
):
    """Written before records had one owner: its token cannot reach the business it repeats."""
    row = AggregationAccountFactory(client=nucleus_client, business=business, is_manual=True)
    confined = Api(access_token(application, client=nucleus_client))
    path = f"{V1}/{ACCOUNT}/{row.pk}"
    record = confined.get(path).data
    assert confined.put(path, record | {"account_name": "Mine"}).data["account_name"] == "Mine"
