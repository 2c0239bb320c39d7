"""JWTs signed by a tenant's back end for one of its clients."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as HttpClient
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from gateway.access.models import Application
from nucleus.models import Client
from tests.api import Api
from tests.factories.access import ApplicationFactory, access_token, basic
from tests.factories.nucleus import ClientFactory
from tests.parallel import at_once

PATH = "/authorization/v1/client-token"
KEY = JWK.generate(kty="RSA", size=2048)
PUBLIC = KEY.export_to_pem().decode()


@pytest.fixture
def application(application: Application) -> Application:
    application.client_token_key = PUBLIC
    application.save()
    return application


@pytest.fixture
def ada(application: Application) -> Client:
    return ClientFactory(tenant=application.tenant, username="Ada@demo")


def claims_of(application: Application, **changes: Any) -> dict[str, Any]:
    """What Hydrogen's clients send: milliseconds, one hour."""
    now = int(time.time() * 1000)
    usual = {"iss": application.client_id, "sub": "ada@demo", "iat": now, "exp": now + 3_600_000}
    return {name: value for name, value in (usual | changes).items() if value is not None}


def signed(claims: Any, *, key: JWK = KEY, alg: str = "RS512", **header: Any) -> str:
    token = JWS(json.dumps(claims))
    token.allowed_algs = [alg]
    token.add_signature(key, protected=json.dumps({"alg": alg, "typ": "JWT", **header}))
    return str(token.serialize(compact=True))


def exchange(application: Application, token: str, query: str = "") -> Any:
    http = HttpClient(raise_request_exception=False)
    headers = {"Authorization": basic(application), "Client-Token": f"Bearer {token}"}
    return http.post(PATH + query, headers=headers)


def test_a_signed_token_opens_one_client(application: Application, ada: Client):
    other = ClientFactory(tenant=application.tenant)
    token = signed(claims_of(application))
    response = exchange(application, token)
    assert response.status_code == 200, response.content
    assert response.json()["scope"] == "create read update delete"
    assert response["Cache-Control"] == "no-store"
    api = Api(response.json()["access_token"])
    assert [row["id"] for row in api.get("/nucleus/v1/client").data["content"]] == [str(ada.pk)]
    assert api.get(f"/nucleus/v1/client/{other.pk}").status_code == 404
    # Without a jti it may be used again until it expires, and may ask for scopes.
    narrow = exchange(application, token, "?scope=read%20account_numbers")
    assert narrow.json()["scope"] == "read account_numbers"
    assert exchange(application, token, "?scope=root").status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"iat": None},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": 10**400},
        {"iss": "another"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 5},
        {"sub": "nobody"},
        {"sub": "ada@demo\0"},
        {"sub": "\ud800"},
    ],
)
def test_tokens_with_wrong_claims_are_refused(
    application: Application, ada: Client, change: dict[str, Any]
):
    response = exchange(application, signed(claims_of(application, **change)))
    assert response.status_code == 401
    assert response.json()["message"]


@pytest.mark.parametrize("unit", [1, 1000])  # seconds are understood, too
@pytest.mark.parametrize(
    ("times", "status"),
    [
        ({"iat": -100, "exp": 3400}, 200),
        ({"iat": 50, "exp": 3600}, 200),  # a clock a little ahead
        ({"iat": 300, "exp": 3600}, 401),
        ({"iat": -100, "exp": -1}, 401),
        ({"iat": 0, "exp": 3700}, 401),  # more than an hour
        ({"iat": -5000, "exp": 100}, 401),
        ({"iat": 0, "exp": 3600, "nbf": 300}, 401),
    ],
)
def test_times(
    application: Application, ada: Client, unit: int, times: dict[str, int], status: int
):
    now = int(time.time())
    claims = {name: (now + offset) * unit for name, offset in times.items()}
    assert exchange(application, signed(claims_of(application, **claims))).status_code == status


def test_only_rs512_by_the_applications_own_key(application: Application, ada: Client):
    claims = claims_of(application)
    octets = JWK.from_password(PUBLIC)  # the public key as if it were a shared secret
    good = signed(claims)
    head, body, signature = good.split(".")
    another = JWK.generate(kty="RSA", size=2048)
    none = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    for token in (
        signed(claims, alg="RS256"),
        signed(claims, alg="PS512"),
        signed(claims, key=octets, alg="HS512"),
        signed(claims, key=another),
        signed(claims, key=another, jwk=another.export_public(as_dict=True)),
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-8]}AAAAAAAA",
        f"{head}.{body}x.{signature}",
        signed([1, 2]),
        "a.b.c",
        "..",
        "no token at all",
        "x" * 10_000,
    ):
        response = exchange(application, token)
        assert response.status_code == 401, token
        assert response["WWW-Authenticate"].startswith("Basic")
        assert token not in response.content.decode()
    assert exchange(application, good).status_code == 200


def test_the_secret_and_a_token_by_the_uploaded_key_are_both_needed(
    application: Application, ada: Client
):
    token = signed(claims_of(application))
    headers = {"Authorization": basic(application, "wrong"), "Client-Token": f"Bearer {token}"}
    assert HttpClient().post(PATH, headers=headers).status_code == 401
    assert HttpClient().post(PATH, headers={"Authorization": basic(application)}).status_code == 401
    keyless = ApplicationFactory(tenant=application.tenant)
    response = exchange(keyless, signed(claims_of(keyless)))
    assert response.status_code == 401
    assert "Upload" in response.json()["message"]
    foreign = ApplicationFactory(client_token_key=PUBLIC)
    assert exchange(foreign, signed(claims_of(foreign))).status_code == 401
    ada.is_active = False
    ada.save()
    assert exchange(application, token).status_code == 401


def test_the_subject_may_differ_by_case_but_not_by_look_alikes(
    application: Application, ada: Client
):
    """A sub that was lower-cased is one client's, and no other client gets a name like it."""
    api = Api(access_token(application))
    for name in ("ADA@DEMO", "ada@demo", "\uff21da@demo", "\u0430da@demo"):
        body = {"username": name, "client_type": "consumer"}
        assert set(api.post("/nucleus/v1/client", body).data["errors"]) == {"username"}
    for sub in ("ada@demo", "Ada@demo", "ADA@DEMO"):
        assert exchange(application, signed(claims_of(application, sub=sub))).status_code == 200
    for sub in ("\uff21da@demo", "\u0430da@demo", "ada@demo "):  # somebody else's, to the signer
        assert exchange(application, signed(claims_of(application, sub=sub))).status_code == 401


def test_old_names_that_differ_only_by_case_are_ambiguous_in_lower_case(
    application: Application, ada: Client
):
    """A signer that lower-cases means either of them."""
    older = ClientFactory(tenant=application.tenant, username="another")
    Client.unscoped.filter(pk=older.pk).update(
        username="ada@demo", username_key=ada.username_key, shares_username_key=True
    )
    assert exchange(application, signed(claims_of(application))).status_code == 401
    response = exchange(application, signed(claims_of(application, sub="Ada@demo")))
    assert response.status_code == 200
    clients = Api(response.json()["access_token"]).get("/nucleus/v1/client").data["content"]
    assert [row["id"] for row in clients] == [str(ada.pk)]


@pytest.mark.django_db(transaction=True)
def test_with_a_jti_it_works_once(application: Application, ada: Client):
    token = signed(claims_of(application, jti="1"))
    statuses = at_once(6, lambda: exchange(application, token).status_code)
    assert sorted(statuses) == [200, 401, 401, 401, 401, 401]
    assert exchange(application, signed(claims_of(application, jti="2"))).status_code == 200


def test_keys_are_uploaded_by_command(db: Any, tmp_path: Path):
    file = tmp_path / "key.pem"
    named = ("provision", "--tenant", "demo", "--application", "app")
    base = (*named, "--client-token-key", str(file))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command(*base)
    for pem, message in (
        ("nonsense", "not a public key"),
        (KEY.export_to_pem(private_key=True, password=None).decode(), "private key"),
        (JWK.generate(kty="RSA", size=1024).export_to_pem().decode(), "1024 bits"),
        (JWK.generate(kty="EC", crv="P-256").export_to_pem().decode(), "RSA key"),
    ):
        file.write_text(pem)
        with pytest.raises(CommandError, match=message):
            call_command(*base)
    file.write_text(PUBLIC)
    call_command(*base)
    call_command(*named)  # what is not said stays
    application = Application.objects.get()
    assert application.client_token_key == PUBLIC.strip()
    assert application.allow_passwords is False
