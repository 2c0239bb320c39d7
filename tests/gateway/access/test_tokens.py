"""Access tokens: how they are issued, revoked and checked."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client as HttpClient

from gateway.access.models import Application
from nucleus.models import Client
from tests.api import Api
from tests.factories.access import SECRET, ApplicationFactory, access_token, basic

TOKEN = "/authorization/v1/oauth/token"
QUERY = "?grant_type=client_credentials"


def request_token(
    application: Application,
    secret: str = SECRET,
    path: str = TOKEN + QUERY,
    body: str = "{}",
    kind: str = "application/json",
) -> Any:
    http = HttpClient(raise_request_exception=False)
    headers = {"Authorization": basic(application, secret)}
    return http.post(path, body, content_type=kind, headers=headers)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("{}", "application/json"),
        ("", "application/json"),
        ("", "application/x-www-form-urlencoded"),
        ("grant_type=client_credentials", "application/x-www-form-urlencoded"),
    ],
)
def test_tokens_are_requested_as_hydrogens_sdks_do(application: Application, body: str, kind: str):
    response = request_token(application, body=body, kind=kind)
    assert response.status_code == 200, response.content
    token = response.json()
    assert token["token_type"] == "bearer"
    assert token["expires_in"] == 900
    assert token["scope"] == "create read update delete account_numbers"
    assert token["apps"] == "nucleus,proton,electron"
    assert response["Cache-Control"] == "no-store"
    assert Api(token["access_token"]).get("/nucleus/v1/client").status_code == 200


def test_tokens_and_secrets_are_hashed_at_rest(application: Application):
    token = request_token(application).json()["access_token"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM access_accesstoken")
        dump = repr(cursor.fetchall())
        cursor.execute("SELECT * FROM access_application")
        dump += repr(cursor.fetchall())
    assert token not in dump
    assert SECRET not in dump


def test_fewer_scopes_can_be_asked_for_and_no_more(application: Application):
    assert request_token(application, path=f"{TOKEN}{QUERY}&scope=read").json()["scope"] == "read"
    refused = request_token(application, path=f"{TOKEN}{QUERY}&scope=everything")
    assert refused.status_code == 400
    assert "scope" in refused.json()["errors"]


def test_wrong_secrets_are_401_with_a_message(application: Application):
    response = request_token(application, secret="wrong")
    assert response.status_code == 401
    assert response.json()["message"]
    assert response["WWW-Authenticate"].startswith("Basic")
    assert HttpClient().post(TOKEN + QUERY).status_code == 401


def test_unreadable_requests_are_a_400(application: Application):
    assert HttpClient().post(TOKEN + QUERY, headers={"Authorization": "Basic é"}).status_code == 401
    headers = {"Authorization": basic(application)}
    form = "application/x-www-form-urlencoded; charset=utf-16"
    response = HttpClient().generic("POST", TOKEN, "x=y", content_type=form, headers=headers)
    assert response.status_code == 400
    assert "UTF-8" in response.json()["message"]


@pytest.mark.parametrize("grant", ["", "?grant_type=refresh_token", "?grant_type=x"])
def test_other_grants_are_explained(application: Application, grant: str):
    response = request_token(application, path=TOKEN + grant)
    assert response.status_code == 400
    assert "client_credentials" in response.json()["message"]


def test_a_secret_in_the_url_opens_nothing(application: Application):
    path = f"{TOKEN}{QUERY}&client_id={application.client_id}&client_secret={SECRET}"
    assert HttpClient().post(path).status_code == 401


def test_deactivated_applications_and_tenants_get_nowhere(application: Application):
    api = Api(access_token(application))
    application.is_active = False
    application.save()
    assert api.get("/nucleus/v1/client").status_code == 401
    assert request_token(application).status_code == 401
    application.is_active = True
    application.save()
    application.tenant.is_active = False
    application.tenant.save()
    assert api.get("/nucleus/v1/client").status_code == 401
    assert request_token(application).status_code == 401


def test_revocation(application: Application):
    """RFC 7009: the answer tells nothing; only the application's own tokens end."""
    revoked, kept = access_token(application), access_token(application)
    foreign = access_token(ApplicationFactory(tenant=application.tenant))
    path = "/authorization/v1/oauth/revoke"
    headers = {"Authorization": basic(application)}
    for token in (revoked, revoked, foreign, "unknown"):
        form = {"token": token, "token_type_hint": "access_token"}
        response = HttpClient().post(path, form, headers=headers)
        assert (response.status_code, response.content) == (200, b"")
    works = [Api(token).get("/nucleus/v1/client").status_code for token in (revoked, kept, foreign)]
    assert works == [401, 200, 200]
    wrong = {"Authorization": basic(application, "wrong")}
    assert HttpClient().post(path, {"token": kept}, headers=wrong).status_code == 401
    in_the_url = HttpClient().post(f"{path}?token={kept}", headers=headers)
    assert in_the_url.status_code == 400
    assert "form" in in_the_url.json()["message"]
    assert Api(kept).get("/nucleus/v1/client").status_code == 200


def test_a_removed_applications_tokens_end(application: Application):
    api = Api(access_token(application))
    application.delete()
    assert api.get("/nucleus/v1/client").status_code == 401


def test_tokens_outside_the_header_are_ignored(application: Application):
    token = access_token(application)
    assert HttpClient().get(f"/nucleus/v1/client?access_token={token}").status_code == 401


def test_a_revoked_scope_ends_at_once(application: Application, nucleus_client: Client):
    api = Api(access_token(application))
    application.scopes = "read"
    application.save()
    assert api.get(f"/nucleus/v1/client/{nucleus_client.pk}").status_code == 200
    response = api.delete(f"/nucleus/v1/client/{nucleus_client.pk}")
    assert response.status_code == 403
    assert "delete" in response.data["message"]


def test_a_clients_token_makes_no_other_clients(application: Application, nucleus_client: Client):
    api = Api(access_token(application, client=nucleus_client))
    assert api.post("/nucleus/v1/client", {"username": "x", "client_type": "y"}).status_code == 403
    other = ApplicationFactory(tenant=application.tenant)
    assert Api(access_token(other)).get("/nucleus/v1/client").status_code == 200
