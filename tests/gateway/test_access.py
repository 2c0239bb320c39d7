"""Tokens and who they let in."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as HttpClient
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from gateway.access.models import AccessToken, Application
from nucleus.models import Client
from tests.api import Api
from tests.factories.access import SECRET, ApplicationFactory, access_token, basic

TOKEN = "/authorization/v1/oauth/token"
QUERY = "?grant_type=client_credentials"


def ask(
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
def test_hydrogens_dialect(application: Application, body: str, kind: str):
    answer = ask(application, body=body, kind=kind)
    assert answer.status_code == 200, answer.content
    token = answer.json()
    assert token["token_type"] == "bearer"
    assert token["expires_in"] == 900
    assert token["scope"] == "create read update delete account_numbers"
    assert token["apps"] == "nucleus,proton,electron"
    assert answer["Cache-Control"] == "no-store"
    assert Api(token["access_token"]).get("/nucleus/v1/client").status_code == 200


def test_tokens_and_secrets_are_hashed_at_rest(application: Application):
    token = ask(application).json()["access_token"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM access_accesstoken")
        dump = repr(cursor.fetchall())
        cursor.execute("SELECT * FROM access_application")
        dump += repr(cursor.fetchall())
    assert token not in dump
    assert SECRET not in dump


def test_fewer_scopes_can_be_asked_for_and_no_more(application: Application):
    assert ask(application, path=f"{TOKEN}{QUERY}&scope=read").json()["scope"] == "read"
    refused = ask(application, path=f"{TOKEN}{QUERY}&scope=everything")
    assert refused.status_code == 400
    assert "scope" in refused.json()["errors"]


def test_wrong_secrets_are_401_with_a_message(application: Application):
    answer = ask(application, secret="wrong")
    assert answer.status_code == 401
    assert answer.json()["message"]
    assert answer["WWW-Authenticate"].startswith("Basic")
    assert HttpClient().post(TOKEN + QUERY).status_code == 401


@pytest.mark.parametrize("grant", ["", "?grant_type=refresh_token", "?grant_type=x"])
def test_other_grants_are_explained(application: Application, grant: str):
    answer = ask(application, path=TOKEN + grant)
    assert answer.status_code == 400
    assert "client_credentials" in answer.json()["message"]


def test_a_secret_in_the_url_opens_nothing(application: Application):
    path = f"{TOKEN}{QUERY}&client_id={application.client_id}&client_secret={SECRET}"
    assert HttpClient().post(path).status_code == 401


def test_deactivated_applications_and_tenants_get_nowhere(application: Application):
    api = Api(access_token(application))
    application.is_active = False
    application.save()
    assert api.get("/nucleus/v1/client").status_code == 401
    assert ask(application).status_code == 401
    application.is_active = True
    application.save()
    application.tenant.is_active = False
    application.tenant.save()
    assert api.get("/nucleus/v1/client").status_code == 401
    assert ask(application).status_code == 401


def routes() -> list[str]:
    """Every API path of the URL configuration, ids filled in."""
    found = []

    def walk(patterns: list[Any], prefix: str) -> None:
        for one in patterns:
            path = prefix + str(one.pattern)
            if isinstance(one, URLResolver):
                walk(one.url_patterns, path)
            elif isinstance(one, URLPattern) and path.startswith(("integration/", "nucleus/")):
                found.append("/" + path)

    walk(get_resolver().url_patterns, "")
    zero = "00000000-0000-0000-0000-000000000000"
    words = {"integration_type": "aggregation", "service": "account"}
    return sorted(
        {re.sub(r"<\w+:(\w+)>", lambda one: words.get(one[1], zero), path) for path in found}
    )


def test_the_map_is_not_empty():
    assert len(routes()) >= 20


@pytest.mark.parametrize("path", routes())
def test_every_route_refuses_who_is_not_allowed(application: Application, path: str):
    past = timezone.now() - timedelta(seconds=1)
    for token in ("", "nonsense", access_token(application, expires=past)):
        answer = Api(token).get(path)
        assert answer.status_code == 401, path
        assert answer.data["message"]
        assert answer["WWW-Authenticate"].startswith("Bearer")
    unscoped = Api(access_token(application, scope=""))
    for send in (unscoped.get, unscoped.post, unscoped.put, unscoped.delete):
        assert send(path).status_code in (403, 405), path


def test_a_revoked_token(application: Application):
    api = Api(access_token(application))
    assert api.get("/nucleus/v1/client").status_code == 200
    AccessToken.objects.all().delete()
    assert api.get("/nucleus/v1/client").status_code == 401


def test_tokens_outside_the_header_are_not_looked_at(application: Application):
    token = access_token(application)
    assert HttpClient().get(f"/nucleus/v1/client?access_token={token}").status_code == 401


def test_a_scope_taken_away_is_gone_at_once(application: Application, nucleus_client: Client):
    api = Api(access_token(application))
    application.scopes = "read"
    application.save()
    assert api.get(f"/nucleus/v1/client/{nucleus_client.pk}").status_code == 200
    answer = api.delete(f"/nucleus/v1/client/{nucleus_client.pk}")
    assert answer.status_code == 403
    assert "delete" in answer.data["message"]


def test_a_clients_token_makes_no_other_clients(application: Application, nucleus_client: Client):
    api = Api(access_token(application, client=nucleus_client))
    assert api.post("/nucleus/v1/client", {"username": "x", "client_type": "y"}).status_code == 403
    other = ApplicationFactory(tenant=application.tenant)
    assert Api(access_token(other)).get("/nucleus/v1/client").status_code == 200
