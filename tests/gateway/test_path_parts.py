"""Invalid parameters in paths, queries and headers are never a 500."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client as HttpClient
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from gateway.access.models import Application
from integrations.models import AggregationSettings
from nucleus.hydrogen.fields import EXAMPLE_ID
from nucleus.models import Tenant
from tests.api import Api
from tests.factories.access import access_token
from tests.gateway.webhooks.conftest import basic

PARAMETER = re.compile(r"<(\w+):(\w+)>")
HOSTILE = [  # as they stand in a path, percent-encoded
    "%00", "a%00b", "%0a", "%0d%0aX-Evil:%201", "%ff", "%c3%28", "%ed%a0%80", "%", "%zz", "%2f",
    "..%2f..%2fetc", "%e2%80%a8", "%1b%5b2J", "a" * 5000, "%27%20OR%201=1--", "%7b%7d", "5", "-1",
    "1e400", "None", "null", "urn:uuid:" + EXAMPLE_ID, "%7b" + EXAMPLE_ID + "%7d",
    EXAMPLE_ID.replace("-", ""), EXAMPLE_ID.upper(), EXAMPLE_ID + "%0a", "%20" + EXAMPLE_ID,
]  # fmt: skip
IN_QUERIES = ["%00", "a%00b", "%0d%0aX-Evil:%201", "%ff", "1e400", "x==%00", "a" * 3000]


def routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and not route.startswith("admin"):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and not route.startswith("admin"):
            yield route


ALL = sorted(set(routes(get_resolver().url_patterns)))
WITH_PARAMETERS = [route for route in ALL if PARAMETER.search(route)]
LISTS = [route for route in ALL if "/v1/" in route and not PARAMETER.search(route)]


def fill(route: str, name: str, value: str) -> str:
    """The path with `value` as that parameter and something possible as every other."""
    good = {"uuid": EXAMPLE_ID, "integration_type": "aggregation", "service": "account",
            "entity_uri": "client", "vendor": "mx"}  # fmt: skip
    return "/" + PARAMETER.sub(
        lambda match: value if match[2] == name else good.get(match[1], good.get(match[2], "x")),
        route,
    )


@pytest.fixture
def http(application: Application) -> HttpClient:
    token = access_token(application)
    return HttpClient(raise_request_exception=False, headers={"Authorization": f"Bearer {token}"})


def send(http: HttpClient, method: str, path: str, headers: dict[str, str] | None = None) -> Any:
    """The path as it is, because the test client would quote it anew."""
    path, _, query = path.partition("?")
    unquoted = re.sub(
        rb"%([0-9a-fA-F]{2})", lambda match: bytes([int(match[1], 16)]), path.encode()
    ).decode("latin-1")
    response = http.generic(
        method, "/", "{}", "application/json", headers=headers,
        PATH_INFO=unquoted, QUERY_STRING=query,
    )  # fmt: skip
    if response.status_code not in (204, 302):
        assert response.content
    return response


@pytest.mark.parametrize("route", WITH_PARAMETERS)
def test_no_part_of_a_path_is_a_500(http: HttpClient, route: str):
    for kind, name in PARAMETER.findall(route):
        # What is no UUID meets no view, whatever the method.
        methods = ("GET", "POST", "PUT", "DELETE") if kind == "str" else ("GET",)
        for value in HOSTILE:
            for method in methods:
                response = send(http, method, fill(route, name, value))
                assert response.status_code < 500, (method, route, value)
                if response.status_code >= 400:
                    assert response.json()["message"], (method, route, value)


@pytest.mark.parametrize("route", LISTS)
def test_no_query_is_a_500(http: HttpClient, route: str):
    view = getattr(resolve(f"/{route}").func, "cls", None)
    names = getattr(getattr(view, "get", None), "query_names", ())
    for name in (*names, "no%00such"):
        for value in IN_QUERIES:
            response = send(http, "GET", f"/{route}?{name}={value}")
            assert response.status_code < 500, (route, name, value)
            assert "\n" not in str(dict(response.headers))


@pytest.mark.parametrize("name", ["Idempotency-Key", "X-Request-Id", "Accept", "Content-Type",
                                  "Authorization", "Client-Token", "Origin", "Host"])  # fmt: skip
@pytest.mark.parametrize("value", ["a\0b", "\0", "a\nb", "\x1b[2J", "x" * 60_000, "\xff", "\u20ac"])
def test_no_header_is_a_500(http: HttpClient, name: str, value: str):
    value = value.encode().decode("latin-1")
    for path in ("/nucleus/v1/client", "/authorization/v1/client-token", "/webhooks/mx/x"):
        response = send(http, "POST", path, headers={name: value})
        assert 400 <= response.status_code < 500, (path, name, value)
        assert value not in response["X-Request-Id"]


@pytest.mark.parametrize("part", ["%00", "a%00b", "%0a", "x" * 300, "%ff", "..", "%F0%9F%92%A9"])
def test_a_webhook_at_an_impossible_address(tenant: Tenant, part: str):
    row = AggregationSettings(tenant=tenant, webhook_user="mx", webhook_secret="a-secret-of-mx")
    row.save()
    http = HttpClient(raise_request_exception=False)
    for path in (f"/webhooks/mx/{part}", f"/webhooks/{part}/{row.webhook_path}"):
        response = send(http, "POST", path, {"Authorization": basic()})
        assert response.status_code == 404, path


@pytest.mark.parametrize("text", ["nonsense", "5", EXAMPLE_ID[:-1], EXAMPLE_ID.upper()])
@pytest.mark.parametrize(
    "route", [route for route in WITH_PARAMETERS if "<uuid:" in route], ids=lambda route: route
)
def test_a_malformed_id_in_a_path_is_named_as_such(http: HttpClient, route: str, text: str):
    name = next(name for kind, name in PARAMETER.findall(route) if kind == "uuid")
    response = send(http, "GET", fill(route, name, text))
    assert response.status_code == 404
    assert f"{text!r} is not the id of an object" in response.json()["message"]


def test_other_addresses_are_still_unknown(api: Api):
    for path in ("/nothing", "/nucleus/v1/clients/5", "/nucleus/v1/client/5/6", "/nucleus/v1"):
        assert api.get(path).data["message"] == "There is nothing at this address."


@pytest.mark.parametrize("text", ["5", EXAMPLE_ID.replace("-", ""), "{" + EXAMPLE_ID + "}", "a,b"])
def test_ids_in_queries_and_filters_are_as_strict(api: Api, text: str):
    for path, query in (
        ("/integration/v1/aggregation/balance", {"aggregation_account_id_list": text}),
        ("/integration/v1/audit_log", {"nucleus_client_id": text}),
        ("/nucleus/v1/bank_link", {"filter": f"client_id=='{text}'"}),
        ("/nucleus/v1/resource/account_category", {"hydrogen_account_category_id": text}),
    ):
        response = api.get(path, **query)
        assert response.status_code == 400, (path, quote(text))
        assert "UUID" in response.data["message"], path
