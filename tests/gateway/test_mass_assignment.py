"""Fields that the token of one client cannot write, on every endpoint with a body."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from gateway.access.models import Application
from nucleus.models import AggregationAccount, BankLink, Client
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import AggregationAccountFactory, BankLinkFactory, ClientFactory
from tests.nucleus import bodies

V1 = "/nucleus/v1"
TENANTS_OWN: dict[str, Any] = {
    "username": "root", "client_type": "firm", "status": "premium",
    "business_id": str(uuid.uuid4()), "hydro_id": "h", "authorities": ["ROLE_ADMIN"],
    "group": ["staff"], "is_active": False, "is_verified": True, "secondary_id": "other",
    "metadata": {"a": "b"},
}  # fmt: skip
NOT_WRITABLE: dict[str, Any] = {
    "tenant": str(uuid.uuid4()), "tenant_id": str(uuid.uuid4()), "id": str(uuid.uuid4()),
    "business": str(uuid.uuid4()), "erase_requested_at": "2026-01-01T00:00:00.000+0000",
    "create_date": "2001-01-01T00:00:00.000+0000", "update_date": "2001-01-01T00:00:00.000+0000",
    "username_key": "root", "shares_username_key": True,
}  # fmt: skip
VERIFIED_LINK: dict[str, Any] = {
    "bank_account_holder": "Victor Victim", "bank_account_name": "Other", "type": "savings",
    "institution_name": "Other Bank", "institution_id": str(uuid.uuid4()), "mask": "0000",
    "currency_code": "EUR", "balance": 1000000, "available_balance": 1000000, "is_active": False,
    "is_link_verified": False, "link_verified_date": "2001-01-01", "secondary_id": "other",
    "account_id": str(uuid.uuid4()), "metadata": {"a": "b"},
    "bank_account_number": "999912345678", "routing": "111000025", "routing_wire": "111000025",
}  # fmt: skip
VERIFIED_ACCOUNT: dict[str, Any] = {
    "account_holder": "Victor Victim", "account_number": "999912345678", "mask": "0000",
    "account_name": "Other", "institution_name": "Other Bank", "currency_code": "EUR",
    "category": "Other", "subcategory": "Other", "secondary_id": "other", "is_manual": False,
    "is_link_verified": False,
}  # fmt: skip


@pytest.fixture
def client_api(application: Application, nucleus_client: Client) -> Api:
    return Api(access_token(application, client=nucleus_client))


def columns(row: Any) -> dict[str, Any]:
    """The row as it is stored."""
    return type(row).unscoped.filter(pk=row.pk).values().get()  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", TENANTS_OWN)
def test_fields_of_a_client_that_only_the_tenant_writes(
    client_api: Api, nucleus_client: Client, name: str
):
    before = columns(nucleus_client)
    change = {name: TENANTS_OWN[name], "first_name": "Victor"}
    refused = client_api.put(f"{V1}/client/{nucleus_client.pk}", change)
    assert refused.status_code == 403
    assert name in refused.data["message"]
    bulk = client_api.put(f"{V1}/bulk/client", [{"id": str(nucleus_client.pk)} | change])
    assert bulk.data["status"] == "FAILED"
    assert columns(nucleus_client) == before


@pytest.mark.parametrize("name", NOT_WRITABLE)
def test_read_only_fields_are_not_stored(
    api: Api, client_api: Api, nucleus_client: Client, name: str
):
    """Whether it is ignored or refused, nothing of it is stored."""
    changes = {name: NOT_WRITABLE[name]}
    before = columns(nucleus_client)
    for caller in (client_api, api):
        assert caller.put(f"{V1}/client/{nucleus_client.pk}", changes).status_code in (200, 400)
    assert columns(nucleus_client) == before
    made = client_api.post(f"{V1}/aggregation_account", bodies.account(nucleus_client) | changes)
    if made.status_code == 200:
        account = columns(AggregationAccount.unscoped.get())
        assert str(account.get(name)) != str(NOT_WRITABLE[name])
        assert account["tenant_id"] == nucleus_client.tenant_id
        assert account["business_id"] is None


@pytest.mark.parametrize("name", VERIFIED_LINK)
def test_a_verified_bank_link(client_api: Api, nucleus_client: Client, name: str):
    row: Any = BankLinkFactory(client=nucleus_client, is_link_verified=True)
    before = columns(row)
    change = {name: VERIFIED_LINK[name], "is_default": True}
    item = {"id": str(row.pk)} | change
    for response in (
        client_api.put(f"{V1}/bank_link/{row.pk}", change),
        client_api.put(f"{V1}/bulk_bank_link", [item]),
    ):
        assert response.status_code in (400, 403)
        assert name.split("_id", maxsplit=1)[0] in str(response.data)
    assert client_api.put(f"{V1}/bulk/bank_link", [item]).data["status"] == "FAILED"
    assert columns(row) == before


@pytest.mark.parametrize("name", VERIFIED_ACCOUNT)
def test_a_verified_account_of_its_own(client_api: Api, nucleus_client: Client, name: str):
    row: Any = AggregationAccountFactory(
        client=nucleus_client, is_manual=True, is_link_verified=True
    )
    before = columns(row)
    change = {name: VERIFIED_ACCOUNT[name]}
    item = {"id": str(row.pk)} | change
    for response in (
        client_api.put(f"{V1}/aggregation_account/{row.pk}", change),
        client_api.put(f"{V1}/bulk_aggregation_account", [item]),
    ):
        assert response.status_code == 403
    assert client_api.put(f"{V1}/bulk/aggregation_account", [item]).data["status"] == "FAILED"
    assert columns(row) == before
    assert client_api.put(f"{V1}/aggregation_account/{row.pk}", {"apr": 1.5}).status_code == 200


@pytest.mark.parametrize("name", ["is_link_verified", "link_verified_date"])
@pytest.mark.parametrize("path", ["bank_link", "bulk/bank_link"])
def test_a_bank_link_that_claims_to_be_verified(
    client_api: Api, nucleus_client: Client, name: str, path: str
):
    body = bodies.bank_link(nucleus_client, is_link_verified=None, link_verified_date=None)
    claim = body | {name: True if name.startswith("is_") else "2026-01-01"}
    response = client_api.post(f"{V1}/{path}", [claim] if path.startswith("bulk") else claim)
    assert response.status_code == 403 or response.data["status"] == "FAILED"
    assert not BankLink.unscoped.exists()


@pytest.mark.parametrize("path", ["aggregation_account", "bulk_aggregation_account"])
@pytest.mark.parametrize("claim", [{"is_link_verified": True}, {"is_manual": False}])
def test_an_account_that_claims_to_be_verified_or_the_tenants(
    client_api: Api, nucleus_client: Client, path: str, claim: dict[str, Any]
):
    body = bodies.account(nucleus_client) | claim
    response = client_api.post(f"{V1}/{path}", [body] if path.startswith("bulk") else body)
    assert response.status_code == 403
    assert not AggregationAccount.unscoped.exists()


TENANT_CALLS: dict[str, Callable[[Api, Client], Any]] = {
    "create": lambda client_api, client: client_api.post(f"{V1}/client", {"username": "x"}),
    "deactivate": lambda client_api, client: client_api.delete(f"{V1}/client/{client.pk}"),
    "erase": lambda client_api, client: client_api.delete(
        f"{V1}/client/{client.pk}", "?nucleus_data=delete"
    ),
    "business": lambda client_api, client: client_api.post(f"{V1}/business", {"legal_name": "x"}),
    "webhook": lambda client_api, client: client_api.post(
        f"{V1}/webhook", {"url": "https://a.example"}
    ),
    "hooks": lambda client_api, client: client_api.get("/integration/v1/webhook"),
    "audit_log": lambda client_api, client: client_api.get(f"{V1}/audit_log"),
    "trail": lambda client_api, client: client_api.post(f"{V1}/audit_log", {"request_url": "x"}),
    "institution": lambda client_api, client: client_api.post(
        f"{V1}/resource/institution", {"name": "x"}
    ),
}


@pytest.mark.parametrize("call", TENANT_CALLS)
def test_endpoints_that_client_tokens_may_not_call(
    client_api: Api, nucleus_client: Client, call: str
):
    before = columns(nucleus_client)
    assert TENANT_CALLS[call](client_api, nucleus_client).status_code == 403
    assert columns(nucleus_client) == before
    assert Client.unscoped.count() == 1


@pytest.mark.parametrize("operation", ["post", "delete"])
def test_clients_in_bulk(client_api: Api, nucleus_client: Client, operation: str):
    before = columns(nucleus_client)
    item = {"id": str(nucleus_client.pk), "username": "x", "client_type": "consumer"}
    if operation == "post":
        response = client_api.post(f"{V1}/bulk/client", [item])
    else:
        response = client_api.delete(f"{V1}/bulk/client", body=[item])
    assert response.data["status"] == "FAILED"
    assert columns(nucleus_client) == before


def test_records_of_others(application: Application, client_api: Api, nucleus_client: Client):
    """Made for, moved to or pointed at another client, of this tenant or another."""
    other_client: Any = ClientFactory(tenant=nucleus_client.tenant)
    foreign: Any = ClientFactory()
    own_link: Any = BankLinkFactory(client=nucleus_client)
    account: Any = AggregationAccountFactory(client=nucleus_client, is_manual=True)
    for other in (other_client, foreign):
        foreign_link: Any = BankLinkFactory(client=other)
        bank_link = bodies.bank_link(
            nucleus_client, is_link_verified=None, link_verified_date=None, client_id=str(other.pk)
        )
        business = bank_link | {"client_id": None, "business_id": str(other.pk)}
        for response in (
            client_api.post(f"{V1}/bank_link", bank_link),
            client_api.post(f"{V1}/bank_link", business),
            client_api.post(f"{V1}/aggregation_account", bodies.account(other)),
            client_api.put(f"{V1}/bank_link/{own_link.pk}", {"client_id": str(other.pk)}),
            client_api.put(f"{V1}/aggregation_account/{account.pk}", {"client_id": str(other.pk)}),
            client_api.put(
                f"{V1}/aggregation_account/{account.pk}", {"bank_link_id": str(foreign_link.pk)}
            ),
        ):
            assert response.status_code == 400
        assert client_api.get(f"{V1}/bank_link/{foreign_link.pk}").status_code == 404
        assert client_api.put(f"{V1}/bank_link/{foreign_link.pk}", {"type": "x"}).status_code == 404
    assert BankLink.unscoped.count() == 3
    own_link.refresh_from_db()
    assert own_link.client_id == nucleus_client.pk
