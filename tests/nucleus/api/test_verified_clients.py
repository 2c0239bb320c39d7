"""The identity of a verified client, which client tokens cannot change."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.access.models import Application
from nucleus.api import clients
from nucleus.models import Client
from tests.api import Api
from tests.factories.access import access_token

CLIENTS = "/nucleus/v1/client"
IDENTITY: dict[str, Any] = {
    "first_name": "Victor",
    "middle_name": "V",
    "last_name": "Victim",
    "title": "Dr",
    "suffix": "Jr",
    "gender": "male",
    "date_of_birth": "1970-01-01",
    "identification_number": "123-45-6789",
    "identification_number_type": "ssn",
    "citizenship_status": "citizen",
    "country_of_citizenship": ["CH"],
    "country_of_residence": "CH",
    "firm_name": "Victims Ltd",
    "firm_type": "ltd",
}
OWN: dict[str, Any] = {
    "email": "ada@demo.example",
    "phone_number": "555-0100",
    "address": [
        {"address_line1": "1", "city": "T", "state": "UT", "country": "US", "type": "home"}
    ],
    "employment": {"employer": "Demo"},
    "income": 5,
    "liquid_net_worth": 6,
    "total_net_worth": 7,
}


@pytest.fixture
def path(nucleus_client: Client) -> str:
    return f"{CLIENTS}/{nucleus_client.pk}"


@pytest.fixture
def client_api(application: Application, nucleus_client: Client) -> Api:
    return Api(access_token(application, client=nucleus_client))


def test_the_list_of_identity_fields_is_complete():
    assert set(clients.IDENTITY) == set(IDENTITY)


@pytest.mark.parametrize("name", IDENTITY)
def test_a_client_token_cannot_change_a_verified_identity(
    api: Api, client_api: Api, path: str, nucleus_client: Client, name: str
):
    change = {name: IDENTITY[name]}
    assert client_api.put(path, change).status_code == 200
    assert api.put(path, {"is_verified": True}).status_code == 200
    before = Client.unscoped.get()
    other = ["DE"] if isinstance(IDENTITY[name], list) else "1971-02-02"
    for body in ({name: other}, {name: other, "email": "x@demo.example"}, {name: {"not": "one"}}):
        refused = client_api.put(path, body)
        assert refused.status_code == 403
        assert name in refused.data["message"]
        assert "verified" in refused.data["message"]
    bulk = client_api.put(
        "/nucleus/v1/bulk/client", [{"id": str(nucleus_client.pk), name: other}]
    ).data
    assert bulk["status"] == "FAILED"
    after = Client.unscoped.get()
    assert (getattr(after, name), after.email) == (getattr(before, name), before.email)
    assert after.is_verified
    changed = api.put(path, {name: other})  # the tenant's statement, which it answers for
    assert changed.status_code == 200
    assert changed.data["is_verified"] is True
    assert api.put(path, {"is_verified": False}).status_code == 200
    assert client_api.put(path, change).status_code == 200


def test_a_read_object_may_be_sent_back(api: Api, client_api: Api, path: str):
    """As the SDKs do."""
    assert api.put(path, {**IDENTITY, "is_verified": True}).status_code == 200
    response = client_api.put(path, client_api.get(path).data | OWN)
    assert response.status_code == 200
    assert {name: response.data[name] for name in ("email", "income")} == {
        name: OWN[name] for name in ("email", "income")
    }


def test_the_identification_number_cannot_be_guessed(api: Api, client_api: Api, path: str):
    api.put(path, {"identification_number": "123-45-6789", "is_verified": True})
    responses = [client_api.put(path, {"identification_number": n}) for n in ("123-45-6789", "9")]
    assert [response.status_code for response in responses] == [403, 403]
    assert responses[0].data["message"] == responses[1].data["message"]


def test_a_verification_during_the_request_counts(
    client_api: Api, path: str, monkeypatch: pytest.MonkeyPatch, nucleus_client: Client
):
    usual = clients.ClientBody.validate

    def validate(self: Any, attrs: dict[str, Any]) -> dict[str, Any]:
        Client.unscoped.update(is_verified=True)
        return usual(self, attrs)

    monkeypatch.setattr(clients.ClientBody, "validate", validate)
    assert client_api.put(path, {"first_name": "Victor"}).status_code == 403
    nucleus_client.refresh_from_db()
    assert nucleus_client.first_name == "Ada"
