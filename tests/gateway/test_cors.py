"""Front ends in browsers: only those on the list, only on the API's paths."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as HttpClient

from gateway.access.models import Application
from tests.factories.access import access_token

LISTED = "https://app.demo.example"
HEADERS = "authorization,content-type,idempotency-key,x-request-id"


@pytest.fixture(autouse=True)
def listed(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [LISTED]


def preflight(path: str, origin: str = LISTED, method: str = "PUT") -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": HEADERS,
    }
    return HttpClient().options(path, headers=headers)


@pytest.mark.parametrize("path", ["/integration/v1/webhook", "/nucleus/v1/client"])
def test_preflights_of_the_api(db: Any, path: str):
    response = preflight(path)
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == LISTED
    allowed = response["Access-Control-Allow-Headers"].replace(" ", "").split(",")
    assert set(HEADERS.split(",")) <= set(allowed)
    methods = response["Access-Control-Allow-Methods"].replace(" ", "").split(",")
    assert {"GET", "POST", "PUT", "DELETE"} <= set(methods)
    assert "Access-Control-Allow-Credentials" not in response  # tokens, never cookies


@pytest.mark.parametrize("path", ["/authorization/v1/oauth/token", "/admin/login/", "/health/live"])
def test_nothing_else_is_for_other_origins(db: Any, path: str):
    assert "Access-Control-Allow-Origin" not in preflight(path, method="POST")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{LISTED}.evil.example"])
def test_unlisted_origins_get_nothing(application: Application, origin: str):
    path = "/nucleus/v1/client"
    assert "Access-Control-Allow-Origin" not in preflight(path, origin)
    headers = {"Origin": origin, "Authorization": f"Bearer {access_token(application)}"}
    assert "Access-Control-Allow-Origin" not in HttpClient().get(path, headers=headers)


def test_responses_and_refusals_can_be_read(application: Application):
    token = access_token(application)
    for bearer, status in ((token, 200), ("nonsense", 401)):
        headers = {"Origin": LISTED, "Authorization": f"Bearer {bearer}"}
        response = HttpClient().get("/nucleus/v1/client", headers=headers)
        assert response.status_code == status
        assert response["Access-Control-Allow-Origin"] == LISTED
        exposed = response["Access-Control-Expose-Headers"].replace(" ", "").split(",")
        assert {"Retry-After", "X-Request-Id", "RateLimit-Remaining"} <= set(exposed)
