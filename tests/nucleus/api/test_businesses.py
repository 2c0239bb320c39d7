"""/nucleus/v1/business, and what refers to a business."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from gateway.access.models import Application
from integrations.models import AggregationSettings, Job
from nucleus.models import Business, Client, Tenant
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import AggregationAccountFactory, BusinessFactory, ClientFactory

URL = "/nucleus/v1/business"


def test_a_business_is_created_read_changed_and_deactivated(api: Api, nucleus_client: Client):
    body = {
        "legal_name": "Demo Bakery LLC",
        "incorporation_date": "2019-05-01",
        "address": [
            {"address_line1": "1", "city": "T", "state": "UT", "country": "US", "type": "office"}
        ],
        "ownership": [
            {"client_id": nucleus_client.id, "role": "owner", "percent_ownership": 62.5},
            {"client_id": nucleus_client.id, "role": "director", "percent_ownership": None},
        ],
        "identification_number": "12-3456789",
        "is_public": False,
        "metadata": {"ours": "yes"},
        "email": None,
    }
    created = api.post(URL, body)
    assert created.status_code == 200
    business = created.data
    assert "3456789" not in created.content.decode()
    assert (business["legal_name"], business["incorporation_date"]) == (
        "Demo Bakery LLC",
        "2019-05-01",
    )
    assert business["ownership"][0] == {
        "client_id": str(nucleus_client.id), "role": "owner", "percent_ownership": Decimal("62.5"),
    }  # fmt: skip
    path = f"{URL}/{business['id']}"
    assert api.get(path).data == business
    page = api.get(URL, filter='legal_name=="Demo Bakery LLC"', order_by="legal_name").data
    assert page["content"] == [business]
    changed = api.put(path, {"dba_name": "Demo Bread", "email": None}).data
    assert (changed["dba_name"], changed["legal_name"]) == ("Demo Bread", "Demo Bakery LLC")
    assert api.put(path, {"dba_name": "Demo Bread"}).data == changed  # nothing was written
    assert [api.delete(path).status_code for _ in range(2)] == [204, 204]
    assert api.get(path).data["is_active"] is False


def test_its_tax_number_is_encrypted(tenant: Tenant):
    row = BusinessFactory(tenant=tenant, identification_number="12-3456789")
    with connection.cursor() as cursor:
        cursor.execute("SELECT identification_number FROM nucleus_business")
        assert "3456789" not in str(cursor.fetchall())
    assert Business.unscoped.get(pk=row.pk).identification_number == "12-3456789"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"legal_name": None}, "legal_name"),
        ({"legal_name": "x" * 256}, "legal_name"),
        ({"incorporation_date": "tomorrow"}, "incorporation_date"),
        ({"address": [{"city": "T"}]}, "address"),
        ({"ownership": [{"role": "owner"}]}, "ownership"),
        ({"ownership": [{"client_id": uuid.uuid4(), "role": "owner"}]}, "ownership"),
        ({"ownership": "x"}, "ownership"),
        ({"percent": 101}, "ownership"),
        ({"percent": "NaN"}, "ownership"),
    ],
)
def test_an_invalid_business_is_a_400_that_names_the_field(
    api: Api, nucleus_client: Client, change: dict[str, Any], field: str
):
    if "percent" in change:
        part = {"client_id": nucleus_client.id, "role": "o", "percent_ownership": change["percent"]}
        change = {"ownership": [part]}
    responses = [api.post(URL, {"legal_name": "Demo Bakery LLC"} | change)]
    if change != {"legal_name": None}:  # which leaves the name of a change out
        responses.append(
            api.put(f"{URL}/{BusinessFactory(tenant=nucleus_client.tenant).pk}", change)
        )
    for response in responses:
        assert response.status_code == 400
        assert field in response.data["errors"]


def test_another_tenants_business_is_a_404(api: Api, foreign_api: Api, tenant: Tenant):
    own, foreign = BusinessFactory(tenant=tenant), BusinessFactory()
    assert api.get(f"{URL}/{foreign.pk}").status_code == 404
    assert api.put(f"{URL}/{foreign.pk}", {"legal_name": "Ours"}).status_code == 404
    assert api.delete(f"{URL}/{foreign.pk}").status_code == 404
    assert [item["id"] for item in api.get(URL).data["content"]] == [str(own.pk)]
    foreign.refresh_from_db()
    assert foreign.is_active


def test_a_clients_token_sees_no_business(application: Application, nucleus_client: Client):
    tenant = nucleus_client.tenant
    business = BusinessFactory(tenant=tenant)
    Client.unscoped.filter(pk=nucleus_client.pk).update(business=business)
    account = AggregationAccountFactory(client=None, business=business, tenant=tenant)
    confined = Api(access_token(application, client=nucleus_client))
    assert confined.get(f"{URL}/{business.pk}").status_code == 404
    assert confined.get(URL).data["content"] == []
    assert confined.post(URL, {"legal_name": "Mine"}).status_code == 403
    assert confined.get(f"/nucleus/v1/aggregation_account/{account.pk}").status_code == 404
    path = f"/nucleus/v1/client/{nucleus_client.pk}"
    me = confined.get(path).data
    assert me["business_id"] == str(business.pk)
    assert confined.put(path, {"business_id": me["business_id"]}).status_code == 200
    other = BusinessFactory(tenant=tenant)
    for another in (other.pk, uuid.uuid4()):  # which of them there is, is not outcome
        assert confined.put(path, {"business_id": another}).status_code == 403


def test_a_client_belongs_to_a_business_of_the_tenant(api: Api, tenant: Tenant):
    business, foreign = BusinessFactory(tenant=tenant), BusinessFactory()
    body = {"username": "ada", "client_type": "consumer"}
    for unknown in (foreign.pk, uuid.uuid4()):
        response = api.post("/nucleus/v1/client", body | {"business_id": unknown})
        assert response.status_code == 400
        assert "POST /nucleus/v1/business" in response.data["errors"]["business_id"][0]
    client = api.post("/nucleus/v1/client", body | {"business_id": business.pk}).data
    assert client["business_id"] == str(business.pk)
    page = api.get("/nucleus/v1/client", filter=f"business_id=={business.pk}").data
    assert [item["id"] for item in page["content"]] == [client["id"]]
    assert api.get("/nucleus/v1/client", order_by="business_id").status_code == 200


def test_no_vendor_user_is_created_automatically(api: Api, tenant: Tenant):
    AggregationSettings(tenant=tenant, create_vendor_user_automatically=True).save()
    assert api.post(URL, {"legal_name": "Demo Bakery LLC"}).status_code == 200
    assert not Job.objects.exists()


def test_the_database_refuses_an_account_without_owner(tenant: Tenant):
    with pytest.raises(IntegrityError), transaction.atomic():
        AggregationAccountFactory(client=None, tenant=tenant)
    both = AggregationAccountFactory(
        client=ClientFactory(tenant=tenant), business=BusinessFactory(tenant=tenant)
    )
    assert both.pk
