"""/nucleus/v1/audit_log: the tenant's own audit log."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.access.models import Application
from nucleus.models import Client
from tests.api import Api
from tests.factories.access import access_token

URL = "/nucleus/v1/audit_log"
BODY = {"request_url": "https://app.demo.example/consents", "response": "accepted"}


def test_entries_are_added_and_read_but_never_changed(
    api: Api, foreign_api: Api, nucleus_client: Client
):
    nulls = dict.fromkeys(["request", "goal_ids", "metadata", "secondary_id", "id"])
    ids = {"client_ids": [str(nucleus_client.pk).upper()]}
    made = api.post(URL, BODY | nulls | ids | {"metadata": {"version": "3"}})
    assert made.status_code == 200, made.data
    path = f"{URL}/{made.data['id']}"
    read = api.get(path).data
    assert read == made.data
    assert read["client_ids"] == [str(nucleus_client.pk)]
    assert (read["request"], read["goal_ids"], read["metadata"]) == (None, [], {"version": "3"})
    assert [row["id"] for row in api.get(URL, filter="response==accepted").data["content"]] == [
        read["id"]
    ]
    assert api.put(path, BODY).status_code == 405
    assert api.delete(path).status_code == 405
    assert foreign_api.get(path).status_code == 404
    assert foreign_api.get(URL).data["total_elements"] == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"request_url": None}, "request_url"),
        ({"response": None}, "response"),
        ({"client_ids": ["nonsense"]}, "client_ids"),
        ({"client_ids": "1"}, "client_ids"),
        ({"metadata": []}, "metadata"),
    ],
)
def test_an_invalid_body_is_a_400_that_names_the_field(
    api: Api, change: dict[str, Any], field: str
):
    response = api.post(URL, BODY | change)
    assert response.status_code == 400
    assert field in response.data["errors"]


def test_client_tokens_are_refused(application: Application, nucleus_client: Client):
    confined = Api(access_token(application, client=nucleus_client))
    assert confined.post(URL, BODY).status_code == 403
    assert confined.get(URL).status_code == 403
