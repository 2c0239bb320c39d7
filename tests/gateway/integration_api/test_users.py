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
    answer = api.post(URL, body(nucleus_client, integration_type="aggregation"))
    assert answer.status_code == 200
    assert answer.data["nucleus_client_id"] == str(nucleus_client.id)
    assert answer.data["vendor_name"] == "mx"
    guid = answer.data["vendor_response"]["guid"]
    assert mx.call("GET", f"/users/{guid}")["user"]["guid"] == guid


def test_twice_is_the_same_answer(api: Api, mx: Sandbox, nucleus_client: Client):
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
    answer = api.post(URL, body(nucleus_client) | change)
    assert answer.status_code == 400
    assert field in answer.data["errors"]


def test_what_is_left_out_is_atom_and_aggregation(api: Api, mx: Sandbox, nucleus_client: Client):
    answer = api.post(URL, {"nucleus_client_id": nucleus_client.id})
    assert answer.status_code == 200
    assert (answer.data["product"], answer.data["integration_type"]) == ("atom", "aggregation")
    shouted = {"product": "Atom", "vendor_name": "MX", "integration_type": "AGGREGATION"}
    assert api.post(URL, {"nucleus_client_id": nucleus_client.id, **shouted}).data == answer.data


def test_an_unknown_vendor_is_named(api: Api, mx: Sandbox, nucleus_client: Client):
    answer = api.post(URL, body(nucleus_client, vendor_name="acme"))
    assert answer.status_code == 400
    assert "acme" in answer.data["message"]
    assert "mx" in answer.data["message"]


def test_without_credentials_it_says_where_to_add_them(api: Api, nucleus_client: Client):
    answer = api.post(URL, body(nucleus_client))
    assert answer.status_code == 400
    assert "Credentials" in answer.data["message"]


def test_another_tenants_client_is_not_found(api: Api, mx: Sandbox):
    foreign = ClientFactory(tenant=TenantFactory())
    assert api.post(URL, body(foreign)).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_leave_one_user(api: Api, mx: Sandbox, nucleus_client: Client):
    token = api.headers["Authorization"][7:]
    answers = at_once(20, lambda: Api(token).post(URL, body(nucleus_client)))
    assert [answer.status_code for answer in answers] == [200] * 20
    assert len({answer.data["vendor_response"]["guid"] for answer in answers}) == 1
    assert VendorUser.unscoped.filter(client=nucleus_client).count() == 1
