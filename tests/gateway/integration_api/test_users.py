"""POST /integration/v1/user."""

from __future__ import annotations

import uuid

import pytest

from integrations.models import VendorUser
from nucleus.models import Client
from tests.api import Api
from tests.factories.nucleus import ClientFactory, TenantFactory
from tests.parallel import at_once
from tests.sandbox_process import Sandbox

URL = "/integration/v1/user"


def body(client: Client, **more: object) -> dict[str, object]:
    return {"nucleus_client_id": client.id, "product": "atom", "vendor_name": "mx", **more}


def test_creates_the_user_at_mx(api: Api, mx: Sandbox, nucleus_client: Client):
    response = api.post(URL, body(nucleus_client, integration_type="aggregation"))
    assert response.status_code == 200
    assert response.data["nucleus_client_id"] == str(nucleus_client.id)
    assert response.data["vendor_name"] == "mx"
    guid = response.data["vendor_response"]["guid"]
    assert mx.call("GET", f"/users/{guid}")["user"]["guid"] == guid


def test_a_repeated_request_gets_the_same_response(api: Api, mx: Sandbox, nucleus_client: Client):
    first = api.post(URL, body(nucleus_client))
    second = api.post(URL, body(nucleus_client))
    assert second.data == first.data
    assert VendorUser.unscoped.count() == 1


def test_a_crash_after_mx_created_the_user_adopts_it(api: Api, mx: Sandbox, nucleus_client: Client):
    first = api.post(URL, body(nucleus_client))
    VendorUser.unscoped.update(vendor_user_id=None)  # as if the answer had never been stored
    second = api.post(URL, body(nucleus_client))
    assert second.status_code == 200
    assert second.data["vendor_response"]["guid"] == first.data["vendor_response"]["guid"]


def test_a_user_deleted_at_mx_is_created_again(api: Api, mx: Sandbox, nucleus_client: Client):
    first = api.post(URL, body(nucleus_client))
    mx.call("DELETE", f"/users/{first.data['vendor_response']['guid']}")
    second = api.post(URL, body(nucleus_client))
    assert second.status_code == 200
    assert second.data["vendor_response"]["guid"] != first.data["vendor_response"]["guid"]


def test_sdk_bodies_carry_nulls(api: Api, mx: Sandbox, nucleus_client: Client):
    nulls = dict.fromkeys(["nucleus_business_id", "tenant_id", "vendor_request"])
    assert api.post(URL, body(nucleus_client, **nulls)).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"nucleus_client_id": None}, "nucleus_client_id"),
        ({"nucleus_client_id": "nonsense"}, "nucleus_client_id"),
        ({"product": "atmo"}, "product"),
        ({"product": 5}, "product"),
        ({"integration_type": "agregation"}, "integration_type"),
        ({"vendor_name": "plaid"}, "vendor_name"),
        ({"nucleus_client_id": 5}, "nucleus_client_id"),
        ({"tenant_id": str(uuid.uuid4())}, "tenant_id"),
    ],
)
def test_bad_bodies_say_what_to_change(
    api: Api, mx: Sandbox, nucleus_client: Client, change: dict[str, object], field: str
):
    response = api.post(URL, body(nucleus_client) | change)
    assert response.status_code == 400
    assert field in response.data["errors"]


def test_methods_out_of_scope_are_of_atom_and_aggregation(
    api: Api, mx: Sandbox, nucleus_client: Client
):
    response = api.post(URL, {"nucleus_client_id": nucleus_client.id})
    assert response.status_code == 200
    assert (response.data["product"], response.data["integration_type"]) == ("atom", "aggregation")
    shouted = {"product": "Atom", "vendor_name": "MX", "integration_type": "AGGREGATION"}
    assert api.post(URL, {"nucleus_client_id": nucleus_client.id, **shouted}).data == response.data


def test_an_unknown_vendor_is_named(api: Api, mx: Sandbox, nucleus_client: Client):
    response = api.post(URL, body(nucleus_client, vendor_name="acme"))
    assert response.status_code == 400
    assert "acme" in response.data["message"]
    assert "mx" in response.data["message"]


def test_without_credentials_it_says_where_to_add_them(api: Api, nucleus_client: Client):
    response = api.post(URL, body(nucleus_client))
    assert response.status_code == 400
    assert "Credentials" in response.data["message"]


def test_another_tenants_client_is_not_found(api: Api, mx: Sandbox):
    foreign = ClientFactory(tenant=TenantFactory())
    assert api.post(URL, body(foreign)).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_leave_one_user(api: Api, mx: Sandbox, nucleus_client: Client):
    token = api.headers["Authorization"][7:]
    responses = at_once(20, lambda: Api(token).post(URL, body(nucleus_client)))
    assert [response.status_code for response in responses] == [200] * 20
    assert len({response.data["vendor_response"]["guid"] for response in responses}) == 1
    assert VendorUser.unscoped.filter(client=nucleus_client).count() == 1
