"""A client's own token changes the password only with the present one."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.access import password_grant
from gateway.access.models import Application, UsageWindow
from nucleus.models import Client
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import ClientFactory
from tests.gateway.access.test_password_grant import PASSWORD, ada, application, sign_in  # noqa: F401

NEW = "another password"


@pytest.fixture
def path(ada: Client) -> str:  # noqa: F811
    return f"/nucleus/v1/client/{ada.pk}"


@pytest.fixture
def client_api(
    application: Application,  # noqa: F811
    ada: Client,  # noqa: F811
) -> Api:
    return Api(access_token(application, client=ada))


@pytest.mark.parametrize("current", [None, "", "wrong", 5, ["x"], PASSWORD + " ", "x" * 300])
def test_without_the_current_password_nothing_changes(
    application: Application,  # noqa: F811
    ada: Client,  # noqa: F811
    client_api: Api,
    path: str,
    current: Any,
):
    body = {"password": NEW, "first_name": "Victor", "current_password": current}
    refused = client_api.put(path, body)
    assert refused.status_code == 400
    assert set(refused.data["errors"]) == {"current_password"}
    assert sign_in(application, ada.username).status_code == 200
    ada.refresh_from_db()
    assert ada.first_name is None


def test_the_current_password_allows_it(
    application: Application,  # noqa: F811
    ada: Client,  # noqa: F811
    client_api: Api,
    path: str,
):
    other = Api(access_token(application, client=ada))
    response = client_api.put(path, {"password": NEW, "current_password": PASSWORD})
    assert response.status_code == 200
    assert NEW not in response.content.decode()
    assert "current_password" not in response.data
    assert other.get(path).status_code == 401
    assert sign_in(application, ada.username).status_code == 401
    assert sign_in(application, ada.username, NEW).status_code == 200


def test_wrong_current_passwords_lock_as_failed_sign_ins_do(
    application: Application,  # noqa: F811
    ada: Client,  # noqa: F811
    client_api: Api,
    path: str,
):
    def change(current: str) -> int:
        body = {"password": NEW, "current_password": current}
        return int(client_api.put(path, body).status_code)

    for _ in range(5):
        assert sign_in(application, ada.username, "wrong").status_code == 401
    assert [change(f"guess {n}") for n in range(6)] == [400] * 5 + [429]
    assert change(PASSWORD) == 429  # not even the right one
    locked = sign_in(application, ada.username)
    assert (locked.status_code, "Retry-After" in locked) == (429, True)
    UsageWindow.objects.all().delete()
    assert change(PASSWORD) == 200


def test_success_resets_the_count(
    application: Application,  # noqa: F811
    ada: Client,  # noqa: F811
    client_api: Api,
    path: str,
):
    for _ in range(password_grant.FAILURES_OF_USERNAME - 1):
        client_api.put(path, {"password": NEW, "current_password": "wrong"})
    assert client_api.put(path, {"password": NEW, "current_password": PASSWORD}).status_code == 200
    assert sign_in(application, ada.username, "wrong").status_code == 401
    assert sign_in(application, ada.username, NEW).status_code == 200


def test_the_first_password_is_the_tenants_to_set(
    api: Api,
    application: Application,  # noqa: F811
):
    """A client without one signs in through its tenant; a stolen token must not change that."""
    client = ClientFactory(tenant=application.tenant)
    path = f"/nucleus/v1/client/{client.pk}"
    client_api = Api(access_token(application, client=client))
    for more in ({}, {"current_password": ""}, {"current_password": "x"}):
        refused = client_api.put(path, {"password": NEW} | more)
        assert refused.status_code == 403
        assert "tenant" in refused.data["message"]
    assert api.put(path, {"password": NEW}).status_code == 200
    assert sign_in(application, client.username, NEW).status_code == 200


def test_the_tenant_needs_no_current_password(
    api: Api,
    application: Application,  # noqa: F811
    ada: Client,  # noqa: F811
    path: str,
):
    assert api.put(path, {"password": NEW}).status_code == 200
    body = {"password": PASSWORD, "current_password": "whatever"}
    assert api.put(path, body).status_code == 200
    assert sign_in(application, ada.username).status_code == 200


def test_bulk_requests_do_not_change_it_either(client_api: Api, ada: Client):  # noqa: F811
    item = {"id": str(ada.pk), "password": NEW, "current_password": PASSWORD}
    assert client_api.put("/nucleus/v1/bulk/client", [item]).data["status"] == "FAILED"


def test_other_changes_need_no_password(client_api: Api, path: str):
    assert client_api.put(path, {"first_name": "Ada", "password": None}).status_code == 200
    assert client_api.put(path, {"first_name": "Ada", "current_password": "x"}).status_code == 200
