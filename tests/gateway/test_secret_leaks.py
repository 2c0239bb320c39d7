"""No secret in logs, in error responses or in any table."""

from __future__ import annotations

import json
import logging
import time
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client as HttpClient
from jwcrypto.jwk import JWK

from gateway.access.log_filter import LOGGERS
from gateway.access.models import Application
from integrations.models import AuditLog
from nucleus.models import Client
from tests import mx_api
from tests.api import Api
from tests.factories.access import basic_header
from tests.gateway.access.test_jwt_grant import PATH as CLIENT_TOKEN
from tests.gateway.access.test_jwt_grant import signed
from tests.gateway.access.test_tokens import TOKEN
from tests.sandbox_process import Sandbox

CANARIES = {
    "CLIENT_SECRET": "canary-of-the-client-secret-0123456789",
    "WEBHOOK_SECRET": "canary-of-the-webhook-secret",
    "ADMIN_PASSWORD": "canary-of-the-admin-password",
}
PASSWORD = "canary of the client's password"
WRONG = "canary typed by mistake"
TAX_NUMBER = "078-05-1120"
CHOSEN = mx_api.chosen()
VENDOR_KEY = CHOSEN.api_key


def tables() -> str:
    """Every row of every table, as the database holds it."""
    dumps = []
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - the database's own names
            dumps.append(f"{name}: {cursor.fetchall()!r}")
    return "\n".join(dumps)


def raw_bytes() -> bytes:
    """SQLite's file with its log: also what has been overwritten or deleted is still in there."""
    if connection.vendor != "sqlite":
        return b""
    name = str(connection.settings_dict["NAME"])
    return b"".join(Path(name + end).read_bytes() for end in ("", "-wal"))


class TokenCalls:
    """Calls for tokens by one application; keeps what is secret in them, and refusals."""

    def __init__(self) -> None:
        self.http = HttpClient(raise_request_exception=False)
        self.authorization = basic_header("app-1", CANARIES["CLIENT_SECRET"])
        self.secrets = [*CANARIES.values(), PASSWORD, TAX_NUMBER, VENDOR_KEY, WRONG]
        self.secrets.append(self.authorization.removeprefix("Basic "))
        self.refusals: list[Any] = []

    def token(self, query: str, **headers: str) -> str:
        """The access token, or nothing if it is refused."""
        headers = {"Authorization": self.authorization, **headers}
        response = self.http.post(query, headers=headers)
        if response.status_code != 200:
            self.refusals.append(response)
            return ""
        self.secrets.append(response.json()["access_token"])
        return self.secrets[-1]


def provision(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, pem: Path) -> str:
    """Set up a tenant with secrets from the environment; returns the command's output."""
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VENDOR_SECRET", VENDOR_KEY)
    output = StringIO()
    arguments = [
        "--tenant", "demo", "--application", "app", "--client-id", "app-1", "--allow-passwords",
        "--client-token-key", str(pem), "--admin-user", "staff", "--webhook-user", "hook",
        "--environment", "custom", "--base-url", sandbox.base_url, "--api", CHOSEN.slug,
        "--vendor-client-id", CHOSEN.client_id,
    ]  # fmt: skip
    call_command("provision", *arguments, stdout=output)
    return output.getvalue()


def exchange_jwts(calls: TokenCalls, key: JWK) -> str:
    """Sign in with a JWT, then with the same and a forged one, which are refused."""
    now = int(time.time() * 1000)
    claims = {"iss": "app-1", "sub": "demo", "iat": now, "exp": now + 3_600_000, "jti": "1"}
    jwt = signed(claims, key=key)
    forged = signed(claims, key=JWK.generate(kty="RSA", size=2048))
    calls.secrets += [jwt, forged]
    token = calls.token(CLIENT_TOKEN, **{"Client-Token": f"Bearer {jwt}"})
    assert Api(token).get("/nucleus/v1/client").status_code == 200
    for refused in (jwt, forged):
        calls.token(CLIENT_TOKEN, **{"Client-Token": f"Bearer {refused}"})
    return jwt


def sign_in_with_passwords(calls: TokenCalls) -> Api:
    """Sign in with the right password, then wrongly in four ways."""
    sign_in = f"{TOKEN}?grant_type=password&username=demo&password="
    client_api = Api(calls.token(sign_in + quote(PASSWORD)))
    calls.token(sign_in + quote(WRONG))
    calls.token(f"{TOKEN}?grant_type=password&username={quote(WRONG)}&password=x")
    calls.token(f"{TOKEN}?grant_type={quote(WRONG)}&password={quote(PASSWORD)}")
    calls.token(f"{TOKEN}?grant_type=password&username=demo&password={quote(PASSWORD)}&scope=root")
    return client_api


def assert_no_leaks(secrets: list[str], places: dict[str, str]) -> None:
    assert "app-1" in places["tables"]  # the search does cover what is stored
    raw = raw_bytes()
    for secret in secrets:
        forms = {secret, quote(secret), json.dumps(secret)[1:-1]}
        leaks = [name for name, text in places.items() if any(form in text for form in forms)]
        assert not leaks, (secret, leaks)
        assert secret.encode() not in raw, secret


@pytest.mark.django_db(transaction=True)
def test_no_secret_is_logged_returned_or_stored_in_plain_text(
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.DEBUG)
    key = JWK.generate(kty="RSA", size=2048)
    pem = tmp_path / "key.pem"
    pem.write_bytes(key.export_to_pem())
    output = provision(sandbox, monkeypatch, pem)

    calls = TokenCalls()
    api = Api(calls.token(f"{TOKEN}?grant_type=client_credentials"))
    body = {
        "username": "demo",
        "client_type": "consumer",
        "password": PASSWORD,
        "identification_number": TAX_NUMBER,
    }
    client_id = api.post("/nucleus/v1/client", body).data["id"]
    jwt = exchange_jwts(calls, key)
    client_api = sign_in_with_passwords(calls)
    user = {"nucleus_client_id": client_id, "product": "atom"}
    assert client_api.post("/integration/v1/user", user).status_code == 200  # calls the vendor
    refusals = [
        *calls.refusals,
        api.post("/nucleus/v1/client", body),  # exists already
        client_api.put(f"/nucleus/v1/client/{client_id}", body | {"status": "x"}),
        Api(jwt).get("/nucleus/v1/client"),  # a JWT is no access token
    ]
    assert all(response.status_code in (400, 401, 403) for response in refusals)
    assert len(refusals) == 9
    assert AuditLog.objects.exists()
    assert Client.unscoped.get().password
    assert Application.objects.get().client_secret
    places = {
        "logs": caplog.text,
        "answers": "".join(response.content.decode() for response in refusals),
        "tables": tables(),
        "output": output,
    }
    assert_no_leaks(calls.secrets, places)


@pytest.mark.parametrize("name", LOGGERS)
def test_servers_log_no_queries_of_token_calls(caplog: pytest.LogCaptureFixture, name: str):
    """Django's development server and gunicorn write request lines with their own handlers."""
    caplog.set_level(logging.INFO, logger=name)
    logger = logging.getLogger(name)
    logger.propagate, before = True, logger.propagate
    try:
        line = f"POST {TOKEN}?grant_type=password&username=demo&password=canary HTTP/1.1"
        logger.info('"%s" %s %s', line, 200, 12)
        logger.info('%(h)s "%(r)s"', {"h": "127.0.0.1", "r": line})
        logger.info('"%s" %s', "GET /nucleus/v1/client?page=1 HTTP/1.1", 200)
    finally:
        logger.propagate = before
    assert "canary" not in caplog.text
    assert caplog.text.count(f"POST {TOKEN} HTTP/1.1") == 2
    assert "client?page=1" in caplog.text
