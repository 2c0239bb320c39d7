"""Pages around the admin: the log-in, the start page and error pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client as HttpClient

from nucleus.encryption import DecryptionFailed
from nucleus.models import Tenant
from tests.gateway.admin.conftest import Staff

LOGIN = "/admin/login/"
RIGHT = "the right password of root"


@pytest.fixture
def root(db: Any) -> User:
    return User.objects.create_superuser("root", password=RIGHT)


def log_in(path: str, **more: str) -> Any:
    return HttpClient().post(path, {"username": "root", "password": RIGHT, **more})


@pytest.mark.parametrize("path", ["/admin", "/accounts/profile/"])
def test_typed_addresses_lead_to_the_start_page(superuser: HttpClient, staff: Staff, path: str):
    assert superuser.get(path)["Location"] == "/admin/"
    assert HttpClient().get(path, follow=True).redirect_chain[-1][0].startswith(LOGIN)


def test_a_forgotten_slash(superuser: HttpClient):
    response = superuser.get("/admin/nucleus/client?q=x")
    assert (response.status_code, response["Location"]) == (301, "/admin/nucleus/client/?q=x")
    assert superuser.get("/admin/nothing").status_code == 404
    assert superuser.get("/admin//evil.example").status_code == 404


def test_log_in_without_a_next_page_leads_to_the_start_page(root: User):
    assert log_in(LOGIN)["Location"] == "/admin/"


@pytest.mark.parametrize(
    "aim",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)",
        "http:evil.example", "\t//evil.example", "https:///evil.example", "//testserver@evil",
    ],
)  # fmt: skip
def test_the_log_in_leads_to_no_other_site(root: User, aim: str):
    assert log_in(LOGIN, next=aim)["Location"] == "/admin/"
    assert log_in(f"{LOGIN}?next={aim}")["Location"] == "/admin/"


def test_the_log_in_leads_to_the_page_that_was_asked_for(root: User):
    assert log_in(LOGIN, next="/admin/nucleus/client/")["Location"] == "/admin/nucleus/client/"
    first = HttpClient().get("/admin/nucleus/client/?q=x")["Location"]
    assert first == "/admin/login/?next=/admin/nucleus/client/%3Fq%3Dx"


def pages_about_errors(superuser: HttpClient, viewer: HttpClient) -> dict[int, Any]:
    big = {"name": "x" * 300_000}
    forged = HttpClient(enforce_csrf_checks=True)
    return {
        400: superuser.get("/admin/nucleus/client/?password__startswith=p"),
        403: viewer.get("/admin/integrations/job/"),
        404: superuser.get("/admin/nothing/"),
        413: superuser.post("/admin/nucleus/tenant/add/", big),
        -403: forged.post(LOGIN, {"username": "x", "password": "y"}),
    }


def test_errors_are_pages_that_say_what_to_do(superuser: HttpClient, staff: Staff):
    for status, response in pages_about_errors(superuser, staff()).items():
        assert response.status_code == abs(status)
        assert response["Content-Type"].startswith("text/html")
        text = response.content.decode()
        assert "To the start page" in text
        assert response["X-Request-Id"] in text
        assert "unfold/css/styles.css" in text  # the admin's look
        assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("canary"), 500),
        (OperationalError("canary"), 503),
        (DecryptionFailed("x"), 503),
    ],
)
def test_failures_are_pages_too(
    superuser: HttpClient, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
):
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr("nucleus.admin.tenants.TenantAdmin.get_list_display", fail)
    response = superuser.get("/admin/nucleus/tenant/")
    assert response.status_code == status
    assert response["Content-Type"].startswith("text/html")
    assert response["X-Request-Id"] in response.content.decode()
    assert "canary" not in response.content.decode()


def test_a_failure_without_a_database_is_still_a_page(
    superuser: HttpClient, monkeypatch: pytest.MonkeyPatch
):
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", fail)
    response = superuser.get("/admin/")
    assert response.status_code == 503
    assert response["X-Request-Id"] in response.content.decode()


def test_another_host_is_refused(db: Any):
    for headers in ({"Host": "evil.example"}, {"Host": "evil.example:80"}):
        response = HttpClient().get("/admin/", headers=headers)
        assert response.status_code == 400
        assert "evil.example" not in response.content.decode()
    response = HttpClient().get("/admin/", headers={"X-Forwarded-Host": "evil.example"})
    assert "evil.example" not in response["Location"]


def test_the_api_keeps_json(superuser: HttpClient, tenant: Tenant):
    for path in ("/nothing", "/nothing/", "/nucleus/v1/client", "/administration"):
        assert superuser.get(path)["Content-Type"] == "application/json"
