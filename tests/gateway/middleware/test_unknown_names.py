"""Unknown fields and query parameters are named in a Warning header, on every endpoint."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client as HttpClient
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers

from gateway.access.models import Application
from nucleus.api.bulk_items import ENTITIES
from nucleus.api.record_types import RECORD_TYPES
from nucleus.hydrogen import unknown_names
from nucleus.models import Client, Tenant
from tests.api import Api
from tests.factories import nucleus as factories
from tests.factories.access import basic
from tests.gateway.access_matrix import ROUTES
from tests.gateway.test_path_parts import fill

WARNING = '299 - "Unknown fields were ignored: frist (did you mean first_name?)"'
WITH_BODIES = sorted(
    {route.partition(" (")[0] for route, about in ROUTES.items() if "POST" in about.good}
    - {"integration/v1/async/<str:integration_type>/<str:service>"}
)  # what is sent there is not looked at
LISTS = sorted(
    {route.partition(" (")[0] for route, about in ROUTES.items() if "GET" in about.good}
)  # fmt: skip


def body_of(route: str, *, unknown: dict[str, Any]) -> Any:
    """A body for POST, whether or not what it refers to is there."""
    about = next(ROUTES[name] for name in (f"{route} (POST)", route) if name in ROUTES)
    item = {**about.body, **unknown}
    return [item] if about.many else item


@pytest.mark.parametrize("route", WITH_BODIES)
def test_every_post_names_an_unknown_field(api: Api, route: str):
    bulk = "/nucleus/v1/bulk/aggregation_account"
    entity = bulk if "entity_uri" in route else fill(route, "", "")
    response = api.post(entity, body_of(route, unknown={"frist": 1, "unset": None}))
    assert response.status_code < 500
    assert "Unknown fields were ignored: frist" in response["Warning"]
    assert "unset" not in response["Warning"]
    baseline = api.post(entity, body_of(route, unknown={"unset": None}))
    assert "Warning" not in baseline, baseline["Warning"]


@pytest.mark.parametrize("route", LISTS)
def test_every_get_names_an_unknown_parameter(api: Api, route: str):
    path = fill(route, "", "")
    assert "pgae" in api.get(path, pgae=1)["Warning"]
    assert "Warning" not in api.get(path)


@pytest.mark.parametrize("entity", ENTITIES)
def test_items_to_delete_name_an_unknown_field(api: Api, entity: str):
    item = {"id": str(uuid.uuid4()), "create_date": "2026-01-01"}

    def warning(*items: Any) -> str:
        response: Any = api.delete(f"/nucleus/v1/bulk/{entity}", body=list(items))
        assert response.status_code == 200, response.data
        return response.get("Warning", "")

    assert "fields were ignored: idd" in warning(item["id"], item | {"idd": 1, "unset": None})
    assert warning(item["id"], item) == ""


def written_serializers() -> Iterator[tuple[str, Any]]:
    """Every serializer of a JSON body, at any depth, with where it is used."""
    generator = SchemaGenerator()
    generator._initialise_endpoints()
    for path, _, method, view in generator._get_paths_and_endpoints():
        view.schema.method = method
        declared = view.schema.get_request_serializer()
        pending = [] if isinstance(declared, dict) else [declared]  # other media types; arrays
        while pending:
            serializer = pending.pop()
            serializer = serializer() if isinstance(serializer, type) else serializer
            if isinstance(serializer, serializers.Serializer):
                yield f"{method} {path}: {type(serializer).__name__}", serializer
                pending += serializer.fields.values()
            elif child := getattr(serializer, "child", None):
                pending.append(child)


def test_every_serializer_of_a_body_names_unknown_fields():
    used = dict(written_serializers())
    assert len(used) > 30
    assert [
        at
        for at, serializer in used.items()
        if not isinstance(serializer, unknown_names.BodySerializer)
    ] == []


@pytest.mark.parametrize("call", ["oauth/token", "oauth/revoke", "client-token"])
def test_token_calls_name_what_they_do_not_read(application: Application, call: str):
    """A misspelt `scope` would give all scopes without a word."""
    headers = {"Authorization": basic(application)}
    path = f"/authorization/v1/{call}"
    form = "application/x-www-form-urlencoded"

    def warning(query: str, body: str, kind: str = form) -> str:
        response: Any = HttpClient().post(f"{path}?{query}", body, kind, headers=headers)
        assert response.status_code < 500
        return response.get("Warning", "")

    parameter = "token=x" if call == "oauth/revoke" else "scope=read"
    grant = "grant_type=client_credentials" if call == "oauth/token" else ""
    assert "query parameters were ignored: scpoe" in warning(f"{grant}&scpoe=read", "")
    assert "fields were ignored: scpoe" in warning("", f"{grant}&{parameter}&scpoe=read")
    assert "fields were ignored: scope" in warning(grant, '{"scope": "read"}', "application/json")
    assert warning("", f"{grant}&{parameter}&client_id=x&client_secret=y") == ""
    for body in ("", "{}", "[1]", "{", "[" * 100_000):
        assert warning(grant, body, "application/json") == ""


def test_the_wording(api: Api):
    body = {"username": "ada", "client_type": "consumer", "frist": "Ada"}
    response = api.post("/nucleus/v1/client", body)
    assert (response.status_code, response["Warning"]) == (201, WARNING)
    response = api.get("/nucleus/v1/client", pgae=1, sise=2)
    assert response["Warning"] == (
        '299 - "Unknown query parameters were ignored: pgae (did you mean page?), sise (did you '
        'mean size?)"'
    )


def test_nested_fields_and_items_of_lists(api: Api, nucleus_client: Client):
    address = {"address_line1": "1 Main", "city": "T", "state": "UT", "country": "US",
               "type": "home", "postal_code": "84043"}  # fmt: skip
    response = api.put(f"/nucleus/v1/client/{nucleus_client.pk}", {"address": [address]})
    assert response.status_code == 200
    assert "postal_code (did you mean postalcode?)" in response["Warning"]
    body = {"nucleus_client_id": str(nucleus_client.pk), "vendor_request": {"memberid": "MBR-1"}}
    response = api.post("/integration/v1/iav", body)
    assert "memberid (did you mean member_id?)" in response["Warning"]
    response = api.put("/nucleus/v1/bulk/client", [{"id": str(nucleus_client.pk), "frist": "x"}])
    assert response["Warning"] == WARNING


def test_answers_can_be_sent_back_as_bodies(api: Api, tenant: Tenant, nucleus_client: Client):
    account: Any = factories.AggregationAccountFactory(client=nucleus_client)
    rows = [nucleus_client, factories.BusinessFactory(tenant=tenant), account,
            factories.BalanceFactory(aggregation_account=account),
            factories.TransactionFactory(aggregation_account=account),
            factories.HoldingFactory(aggregation_account=account),
            factories.BankLinkFactory(client=nucleus_client)]  # fmt: skip
    paths = ["client", "business", *(kind.path for kind in RECORD_TYPES if "/" not in kind.path)]
    for path, row in zip(paths, rows, strict=True):
        read = api.get(f"/nucleus/v1/{path}/{row.pk}")
        response = api.put(f"/nucleus/v1/{path}/{row.pk}", read.data)
        assert response.status_code == 200, (path, response.data)
        assert "Warning" not in response, (path, response["Warning"])
    hook = {"url": "http://127.0.0.1:9/x", "extended_events": ["bank_link_verified"]}
    made = api.post("/integration/v1/webhook", hook)
    response = api.put(f"/integration/v1/webhook/{made.data['id']}", made.data)
    assert (response.status_code, "Warning" in response) == (200, False)


def test_names_cannot_forge_a_header_or_flood_it(api: Api):
    names = {f"x{number}": 1 for number in range(5000)}
    hostile = {'a"b\\c': 1, "\r\nX-Evil: 1": 1, "ü" * 500: 1, "": 1, **names}
    response = api.post("/nucleus/v1/client", {"username": "u", **hostile})
    warning = response["Warning"]
    assert warning.endswith(', and more"')
    assert warning.isascii()
    assert warning.isprintable()
    assert warning.count('"') == 2
    assert len(warning) < 1000
    assert "X-Evil" not in response
    listed = api.get("/nucleus/v1/client", **{"\r\nX-Evil: 1": "x", "a" * 4000: "y"})
    assert len(listed["Warning"]) < 200


def test_a_replayed_answer_keeps_its_warning(api: Api):
    body = {"username": "ada", "client_type": "consumer", "frist": "Ada"}
    headers = {**api.headers, "Idempotency-Key": "one"}
    for _ in range(2):
        response: Any = api.http.post(
            "/nucleus/v1/client", json.dumps(body), "application/json", headers=headers
        )
        assert (response.status_code, response["Warning"]) == (201, WARNING)
    assert response["Idempotent-Replayed"] == "true"


def test_pages_of_other_origins_can_read_it(api: Api, settings: Any):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.demo.example"]
    headers = {**api.headers, "Origin": "https://app.demo.example"}
    response = HttpClient().get("/nucleus/v1/client?pgae=1", headers=headers)
    assert "Warning" in response["Access-Control-Expose-Headers"]


def test_nothing_is_collected_outside_of_a_request():
    unknown_names.report_fields(["x"], ["y"])
    with unknown_names.collecting() as collected:
        unknown_names.report_fields(["first"], {"first": 1})
    assert collected.warning() is None
