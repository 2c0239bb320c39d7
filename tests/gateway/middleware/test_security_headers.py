"""Headers that every response carries."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client as HttpClient
from django.test import override_settings
from gunicorn.http import wsgi

from nucleus.models import Client
from tests.api import Api
from tests.gateway.access_matrix import PUBLIC
from tests.gateway.test_access_matrix import routes

PRODUCTION = {
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_SSL_REDIRECT": True,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
}
KEPT = {"", "docs", "redoc", "openapi.yaml"}


def addresses() -> list[str]:
    """Every path with something in its parameters."""
    plain = (re.sub(r"<\w+:\w+>|<path:\w+>", "1", path) for path in routes())
    return [f"/{path}" for path in plain if "(?P" not in path]


def assert_guarded(response: Any, label: str) -> None:
    policy = response["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy, label
    assert "*" not in policy, label
    assert "default-src" in policy, label
    assert "camera=()" in response["Permissions-Policy"], label
    assert response["X-Content-Type-Options"] == "nosniff", label
    assert response["X-Frame-Options"] == "DENY", label
    assert response["Referrer-Policy"] == "same-origin", label


def test_every_response_has_security_headers_and_is_not_cached(db: Any):
    http = HttpClient(raise_request_exception=False)
    for path in addresses():
        for method in ("GET", "POST", "OPTIONS"):
            response = http.generic(method, path)
            assert_guarded(response, f"{method} {path}")
            if path[1:] not in KEPT or response.status_code >= 400:
                assert "no-store" in response["Cache-Control"], (method, path)


@pytest.mark.parametrize("path", ["docs", "redoc", ""])
def test_public_pages_may_be_cached(db: Any, path: str):
    assert path in PUBLIC
    assert "no-store" not in HttpClient().get(f"/{path}").get("Cache-Control", "")


def test_responses_of_the_api_are_not_cached(api: Api, nucleus_client: Client):
    for path in (
        "/nucleus/v1/client", f"/nucleus/v1/client/{nucleus_client.pk}", "/nucleus/v1/bank_link",
        "/nucleus/v1/client/x", "/nucleus/v1/client?filter=nonsense", "/integration/v1/webhook",
        f"/integration/v1/iav/{nucleus_client.pk}", "/nucleus/v1/resource/account_category",
    ):  # fmt: skip
        response = api.get(path)
        assert "no-store" in response["Cache-Control"], path
        assert response["Content-Security-Policy"].startswith("default-src 'none'")


def test_pages_of_the_admin_run_no_inline_script(superuser_in_production: HttpClient):
    response = superuser_in_production.get("/admin/", secure=True)
    policy = dict(
        part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert "'unsafe-inline'" not in policy["script-src"]
    assert "http" not in response["Content-Security-Policy"]
    assert policy["form-action"] == "'self'"
    text = response.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\son(click|load|change|submit|error)=", text)
    assert "no-store" in response["Cache-Control"]


@pytest.fixture
def superuser_in_production(db: Any) -> Any:
    with override_settings(**PRODUCTION):
        http = HttpClient()
        User.objects.create_superuser("root", password="a password 271828")
        body = {"username": "root", "password": "a password 271828"}
        assert http.post("/admin/login/", body, secure=True).status_code == 302
        yield http


def test_cookies_of_staff(superuser_in_production: HttpClient):
    superuser_in_production.get("/admin/", secure=True)
    cookies = superuser_in_production.cookies
    assert {"sessionid", "csrftoken", "staff_browser"} <= set(cookies)
    for name, cookie in cookies.items():
        assert cookie["secure"], name
        assert cookie["samesite"] == "Lax", name
        assert cookie["httponly"] or name == "csrftoken", name
    assert cookies["sessionid"]["max-age"] == 8 * 3600


def test_transport_security(superuser_in_production: HttpClient):
    response = superuser_in_production.get("/admin/", secure=True)
    assert response["Strict-Transport-Security"] == "max-age=31536000"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    plain = superuser_in_production.get("/admin/")
    assert (plain.status_code, plain["Location"][:8]) == (301, "https://")
    assert settings.X_FRAME_OPTIONS == "DENY"


def test_no_header_names_the_server_software():
    importlib.import_module("gateway.gunicorn_conf")
    assert wsgi.SERVER == "gateway"
