"""Error responses: one body for everything that is not a success."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client as HttpClient

from gateway.errors import specs
from integrations.vendors import errors as vendor
from nucleus.api.record_types import RecordType
from tests.api import Api
from tests.factories.access import basic

FIELDS = {"status", "error", "code", "fault", "message", "path", "timestamp", "request_id"}


def subclasses(kind: type) -> set[type]:
    return {kind} | {
        deeper for subclass in kind.__subclasses__() for deeper in subclasses(subclass)
    }


def test_every_vendor_error_has_a_spec():
    for kind in subclasses(vendor.VendorError):
        public = kind.__base__ if kind.__name__.startswith("_") else kind
        assert public in specs.ERROR_SPECS, kind


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing/here", 404),
        ("/nucleus/v1/client/not-a-uuid", 404),
        ("/nucleus/v1/client", 401),
    ],
)
def test_error_bodies_have_the_same_fields(db: None, path: str, status: int):
    response = HttpClient().get(path, headers={"X-Request-Id": "of-the-caller-1"})
    body = response.json()
    assert response.status_code == body["status"] == status
    assert set(body) >= FIELDS
    assert body["path"] == path
    assert body["request_id"] == response["X-Request-Id"] == "of-the-caller-1"


def test_a_hostile_request_id_is_replaced(db: None):
    response = HttpClient().get("/nothing", headers={"X-Request-Id": "a b\tc"})
    assert response.json()["request_id"] != "a b\tc"


def test_an_unknown_method_is_a_405(api: Api):
    response = api.put("/integration/v1/user", {})
    assert response.status_code == 405
    assert response.data["code"] == "method_not_allowed"


def test_a_body_that_is_too_large_is_a_413(api: Api):
    response = api.post("/integration/v1/user", {"product": "x" * 300_000})
    assert response.status_code == 413


def test_a_defect_is_a_500_without_details(api: Api, monkeypatch: pytest.MonkeyPatch, caplog: Any):
    def broken(*args: Any) -> Any:
        raise RuntimeError("the secret is 12345")

    monkeypatch.setattr(RecordType, "visible_rows", broken)
    response = api.get("/nucleus/v1/bank_link")
    assert response.status_code == 500
    assert response.data["fault"] == "gateway"
    assert "12345" not in json.dumps(response.data, default=str)
    assert "the secret is 12345" in caplog.text  # staff find it under the request id


def test_an_unreachable_database_is_a_503(api: Api, monkeypatch: pytest.MonkeyPatch):
    def away(*args: Any) -> Any:
        raise OperationalError("connection refused")

    monkeypatch.setattr(RecordType, "visible_rows", away)
    response = api.get("/nucleus/v1/bank_link")
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert response.data["retry_at"]


def test_health_checks_answer(db: None):
    assert HttpClient().get("/health/live").json() == {"status": "ok"}
    ready = HttpClient().get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["checks"]["database"] == "ok"


def test_the_root_redirects_to_the_documentation(db: None):
    assert HttpClient().get("/").headers["Location"] == "/docs"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.yaml"])
def test_the_documentation_is_served_without_the_internet(db: None, path: str):
    response = HttpClient().get(path)
    assert response.status_code == 200
    assert b"cdn." not in response.content


@pytest.mark.parametrize("authorization", [None, "Basic aWQ6c2VjcmV0", "Bearer", "Token x"])
def test_a_401_says_how_to_get_a_token(db: None, authorization: str | None):
    headers = {"Authorization": authorization} if authorization else {}
    response = HttpClient().get("/nucleus/v1/client", headers=headers)
    assert response.status_code == 401
    assert "Authorization: Bearer" in response.json()["message"]
    assert "/authorization/v1/oauth/token" in response.json()["message"]


def test_a_405_names_the_allowed_methods(api: Api):
    response = HttpClient().get("/authorization/v1/oauth/token?grant_type=client_credentials")
    assert response.status_code == 405
    assert response.json()["message"] == 'Method "GET" not allowed. Use POST.'
    refused = api.put("/nucleus/v1/client", {})
    assert "Use GET or POST" in refused.data["message"]


def test_a_grant_outside_of_a_form_lists_the_grants(application: Any):
    response = HttpClient().post(
        "/authorization/v1/oauth/token",
        '{"grant_type": "client_credentials"}',
        content_type="application/json",
        headers={"Authorization": basic(application)},
    )
    assert response.status_code == 400
    assert "client_credentials or password" in response.json()["message"]
    assert "form" in response.json()["message"]


# Outside of the API and the admin: all that can only be read.
READ_ONLY_PATHS = (
    "/", "/docs", "/redoc", "/openapi.yaml", "/metrics", "/health/live", "/health/ready",
    "/accounts/profile/", "/admin",
)  # fmt: skip


@pytest.mark.parametrize("path", READ_ONLY_PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_read_only_paths_refuse_other_methods(db: None, path: str, method: str):
    http = HttpClient(enforce_csrf_checks=True, raise_request_exception=False)
    for accepted in ("*/*", "text/html,application/xhtml+xml,*/*;q=0.8"):
        response = http.generic(
            method, path, b"{}", "application/json", headers={"Accept": accepted}
        )
        assert response.status_code == 405
        assert response["Allow"] == "GET, HEAD"
        if path != "/admin":  # that is a page for people
            assert response.json()["code"] == "method_not_allowed"
            assert "GET" in response.json()["message"]
        assert http.head(path).status_code < 405
