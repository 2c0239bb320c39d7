"""Attacks on tokens, JWTs and the authorization server are refused."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.test import Client as HttpClient
from jwcrypto.common import base64url_encode
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from gateway.access.models import AccessToken, Application
from nucleus.models import Client
from tests.api import Api
from tests.factories.access import SECRET, ApplicationFactory, access_token, basic, basic_header
from tests.factories.nucleus import BankLinkFactory, ClientFactory
from tests.gateway.access.test_jwt_grant import KEY, PUBLIC, claims_of, exchange, signed
from tests.gateway.access.test_tokens import QUERY, TOKEN, request_token
from tests.parallel import at_once

CLIENTS = "/nucleus/v1/client"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def application(application: Application) -> Application:
    application.client_token_key = PUBLIC
    application.save()
    return application


@pytest.fixture
def ada(application: Application) -> Any:
    return ClientFactory(tenant=application.tenant, username="Ada@demo")


def assembled(header: dict[str, Any], payload: bytes | str, signature: bytes | str = b"") -> str:
    parts = [json.dumps(header).encode(), payload, signature]
    return ".".join(base64url_encode(part) for part in parts)


def hmac_by_public_key(claims: dict[str, Any], alg: str, digest: str) -> str:
    """Algorithm confusion: the public key as a shared secret, under any header."""
    unsigned = assembled({"alg": alg, "typ": "JWT"}, json.dumps(claims)).rpartition(".")[0]
    mac = hmac.new(PUBLIC.encode(), unsigned.encode(), digest).digest()
    return f"{unsigned}.{base64url_encode(mac)}"


def test_algorithms_keys_and_signatures(application: Application, ada: Client):
    claims = claims_of(application)
    text = json.dumps(claims)
    another = JWK.generate(kty="RSA", size=2048)
    named = {"kid": "/dev/null", "jku": "https://evil.example/keys", "x5u": "https://evil.example/"}
    head, _, signature = signed(claims).split(".")
    other_payload = base64url_encode(json.dumps(claims | {"sub": "grace@demo"}))
    ClientFactory(tenant=application.tenant, username="grace@demo")
    tokens = [
        *(assembled({"alg": alg}, text) for alg in ("none", "None", "nOnE", "NONE", "", None)),
        *(assembled({"alg": alg}, text, "x" * 256) for alg in ("none", "RS512")),
        *(signed(claims, alg=alg) for alg in ("RS256", "RS384", "PS256", "PS384", "PS512")),
        *(
            hmac_by_public_key(claims, alg, digest)
            for alg in ("HS256", "HS384", "HS512", "RS512")
            for digest in ("sha256", "sha512")
        ),
        signed(claims, key=another, **named),
        signed(claims, key=another, jwk=another.export_public(as_dict=True), **named),
        f"{head}.{other_payload}.{signature}",  # swapped payload
        f"{head}.{other_payload}.",
        f".{other_payload}.{signature}",
        json.dumps({"payload": other_payload, "protected": head, "signature": signature}),
    ]
    for token in tokens:
        assert exchange(application, token).status_code == 401, token
    assert exchange(application, signed(claims, kid="x")).status_code == 200  # looked at by nobody
    assert AccessToken.objects.count() == 1


@pytest.mark.parametrize("name", ["iat", "exp"])
@pytest.mark.parametrize(
    "value", ["1e17", "1e300", "Infinity", "-Infinity", "NaN", "9" * 5000, '"1"', "true", "[1]",
              "{}", "null", "-1", "0"],
)  # fmt: skip
def test_invalid_times_are_refused(application: Application, ada: Client, name: str, value: str):
    remaining_claims = json.dumps(
        {key: claim for key, claim in claims_of(application).items() if key != name}
    )
    text = f'{remaining_claims[:-1]}, "{name}": {value}}}'
    assert exchange(application, signed_text(text)).status_code == 401


def signed_text(text: str) -> str:
    """Claims as a text that json.dumps would not write."""
    token = JWS(text)
    token.allowed_algs = ["RS512"]
    token.add_signature(KEY, protected='{"alg": "RS512"}')
    return str(token.serialize(compact=True))


@pytest.mark.parametrize("deep", ["[" * 5000 + "]" * 5000, '{"a":' * 5000 + "1" + "}" * 5000])
def test_deeply_nested_claims(application: Application, ada: Client, deep: str):
    text = f'{json.dumps(claims_of(application))[:-1]}, "x": {deep}}}'
    assert exchange(application, signed_text(text)).status_code == 401
    assert exchange(application, signed_text(deep)).status_code == 401


@pytest.mark.parametrize(
    "subject",
    ["%", "_______", "a%", "Ada@demo%", "*", ".*", "ada@demo\0", "ada@demo ", ["ada@demo"],
     {"username": "ada@demo"}, True, "' OR 1=1 --", "x" * 5000],
)  # fmt: skip
def test_unknown_subjects_are_refused(application: Application, ada: Client, subject: Any):
    assert exchange(application, signed(claims_of(application, sub=subject))).status_code == 401


def test_foreign_issuers_are_refused(application: Application, ada: Client):
    other = ApplicationFactory(tenant=application.tenant, client_token_key=PUBLIC)
    for issuer in (other.client_id, application.client_id.upper(), [application.client_id], ""):
        token = signed(claims_of(application, iss=issuer))
        assert exchange(application, token).status_code == 401
    assert exchange(other, signed(claims_of(application))).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_one_of_twelve_uses_of_a_jti(application: Application, ada: Client):
    token = signed(claims_of(application, jti="1"))
    statuses = at_once(12, lambda: exchange(application, token).status_code)
    assert sorted(statuses) == [200] + [401] * 11


def test_one_kind_of_token_is_not_accepted_as_the_other(application: Application, ada: Client):
    jwt, bearer = signed(claims_of(application)), access_token(application)
    assert Api(jwt).get(CLIENTS).status_code == 401
    assert exchange(application, bearer).status_code == 401


PATHS = [
    "authorize", "authorize/", "authorize-device/", "device", "device-authorization/", "introspect",
    "introspect/", "token/", "revoke_token/", "revoke/", "applications/", "applications/register/",
    "authorized_tokens/", "logout/", "userinfo/", ".well-known/openid-configuration",
    ".well-known/jwks.json", ".well-known/oauth-authorization-server", "register", "par",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("prefix", ["/authorization/v1/oauth/", "/authorization/v1/", "/o/", "/"])
def test_nothing_else_of_the_oauth_library_answers(db: Any, prefix: str, path: str):
    for method in ("GET", "POST"):
        assert HttpClient().generic(method, prefix + path).status_code == 404


@pytest.mark.parametrize(
    "grant",
    ["authorization_code", "implicit", "refresh_token", "PASSWORD", "client_credentials\0",
     "urn:ietf:params:oauth:grant-type:jwt-bearer",
     "urn:ietf:params:oauth:grant-type:device_code"],
)  # fmt: skip
def test_other_grants(application: Application, grant: str):
    form = {"grant_type": grant, "code": "x", "refresh_token": "x", "device_code": "x"}
    headers = {"Authorization": basic(application)}
    http = HttpClient(raise_request_exception=False)
    assert http.post(TOKEN, form, headers=headers).status_code == 400
    assert not AccessToken.objects.exists()


def test_no_application_does_without_its_secret(application: Application, ada: Client):
    """The OAuth library lets public ones, which none is meant to be, off for devices."""
    application.client_type = Application.CLIENT_PUBLIC
    application.save()
    for grant in ("client_credentials", "urn:ietf:params:oauth:grant-type:device_code"):
        form = {"grant_type": grant, "client_id": application.client_id}
        assert HttpClient().post(TOKEN, form).status_code == 401
        headers = {"Client-Token": f"Bearer {signed(claims_of(application))}"}
        path = "/authorization/v1/client-token"
        assert HttpClient().post(path, form, headers=headers).status_code == 401
    assert not AccessToken.objects.exists()


def test_authentication_is_by_one_way(application: Application):
    right = {"client_id": application.client_id, "client_secret": SECRET}
    form = right | {"grant_type": "client_credentials"}
    assert HttpClient().post(TOKEN, form).status_code == 200
    other = ApplicationFactory(tenant=application.tenant)
    for wrong in (
        basic(application, "wrong"),
        basic(other, "wrong"),
        "Basic !!!",
        basic_header("", ""),
    ):
        headers = {"Authorization": wrong}
        assert HttpClient().post(TOKEN, form, headers=headers).status_code == 401, wrong
    query = f"{QUERY}&client_id={application.client_id}&client_secret={SECRET}"
    assert HttpClient().post(TOKEN + query).status_code == 401
    assert request_token(application, SECRET + " ").status_code == 401
    assert request_token(application, "").status_code == 401
    assert (
        request_token(application, application.client_secret).status_code == 401
    )  # the hash is no secret


def test_bearer_tokens_are_read_from_the_header_only(application: Application):
    token = access_token(application)
    http = HttpClient(raise_request_exception=False)
    assert http.get(f"{CLIENTS}?access_token={token}").status_code == 401
    form = http.post(CLIENTS, f"access_token={token}", content_type=FORM)
    assert form.status_code == 401
    assert http.get(CLIENTS, headers={"Cookie": f"access_token={token}"}).status_code == 401
    checksum = AccessToken.objects.get().token_checksum
    assert checksum == hashlib.sha256(token.encode()).hexdigest()
    for other in (checksum, token.upper(), token[:-1], f"{token}x", f"{token},{token}"):
        assert Api(other).get(CLIENTS).status_code == 401
    assert http.get(CLIENTS, headers={"Authorization": f"Basic {token}"}).status_code == 401
    assert http.get(CLIENTS, headers={"Authorization": f"bearer  {token} "}).status_code == 200


def test_a_clients_token_masks_numbers_unless_it_asked(application: Application, ada: Client):
    link: Any = BankLinkFactory(client=ada, bank_account_number="100012345678")
    path = f"/nucleus/v1/bank_link/{link.pk}"
    token = signed(claims_of(application))
    masked, unmasked = (
        Api(exchange(application, token, query).json()["access_token"]).get(path).data
        for query in ("", "?scope=read%20account_numbers")
    )
    assert masked["bank_account_number"] == "****5678"
    assert unmasked["bank_account_number"] == "100012345678"
    application.scopes = "read"
    application.save()
    assert exchange(application, token, "?scope=account_numbers").status_code == 400


@pytest.mark.parametrize("scope", ["root", "read root", "READ", "read,create", "*", "read\0"])
def test_unknown_scopes(application: Application, scope: str):
    headers = {"Authorization": basic(application)}
    form = {"grant_type": "client_credentials", "scope": scope}
    assert HttpClient().post(TOKEN, form, headers=headers).status_code == 400


def test_fields_that_a_clients_token_may_not_set_are_refused_or_ignored(
    application: Application, ada: Client
):
    client_api, path = Api(access_token(application, client=ada)), f"{CLIENTS}/{ada.pk}"
    foreign_client: Any = ClientFactory()
    for name, value in {"client_type": "admin", "hydro_id": "x", "secondary_id": "y"}.items():
        assert client_api.put(path, {name: value}).status_code == 403
    before: Any = Client.unscoped.values().get(pk=ada.pk)
    body = {
        "tenant": str(foreign_client.tenant_id), "tenant_id": str(foreign_client.tenant_id),
        "id": str(foreign_client.pk), "business": "00000000-0000-0000-0000-000000000001",
        "erase_requested_at": "2026-01-01T00:00:00.000+0000",
        "create_date": "2001-01-01T00:00:00.000+0000", "first_name": "Augusta",
    }  # fmt: skip
    response = client_api.put(path, body)
    assert response.status_code in (200, 400)
    after: Any = Client.unscoped.values().get(pk=ada.pk)
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"first_name", "update_date"}
