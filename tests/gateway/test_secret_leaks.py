"""No secret in logs, in error responses or in any table."""

from __future__ import annotations

import json
import logging
import time
from io import StringIO
from pathlib import Path
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
from tests.api import Api
from tests.factories.access import basic_header
from tests.gateway.access.test_jwt_grant import PATH as CLIENT_TOKEN
from tests.gateway.access.test_jwt_grant import signed
from tests.gateway.access.test_tokens import TOKEN
from tests.sandbox_process import API_KEY, CLIENT_ID, Sandbox

CANARIES = {
    "CLIENT_SECRET": "canary-of-the-client-secret-0123456789",
    "WEBHOOK_SECRET": "canary-of-the-webhook-secret",
    "ADMIN_PASSWORD": "canary-of-the-admin-password",
}
PASSWORD = "canary of the client's password"
WRONG = "canary typed by mistake"
TAX_NUMBER = "078-05-1120"
VENDOR_KEY = API_KEY


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
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VENDOR_SECRET", VENDOR_KEY)
    output = StringIO()
    arguments = [
        "--tenant", "demo", "--application", "app", "--client-id", "app-1", "--allow-passwords",
        "--client-token-key", str(pem), "--admin-user", "staff", "--webhook-user", "hook",
        "--environment", "custom", "--base-url", sandbox.base_url, "--vendor-client-id", CLIENT_ID,
    ]  # fmt: skip
    call_command("provision", *arguments, stdout=output)

    secrets, responses = [*CANARIES.values(), PASSWORD, TAX_NUMBER, VENDOR_KEY], []
    authorization = basic_header("app-1", CANARIES["CLIENT_SECRET"])
    secrets.append(authorization.removeprefix("Basic "))
    http = HttpClient(raise_request_exception=False)

    def token(query: str, **headers: str) -> str:
        response = http.post(query, headers={"Authorization": authorization, **headers})
        if response.status_code == 200:
            secrets.append(response.json()["access_token"])
            return secrets[-1]
        responses.append(response)
        return ""

    api = Api(token(f"{TOKEN}?grant_type=client_credentials"))
    body = {
        "username": "ada",
        "client_type": "consumer",
        "password": PASSWORD,
        "identification_number": TAX_NUMBER,
    }
    ada = api.post("/nucleus/v1/client", body).data["id"]
    now = int(time.time() * 1000)
    claims = {"iss": "app-1", "sub": "ada", "iat": now, "exp": now + 3_600_000, "jti": "1"}
    jwt = signed(claims, key=key)
    forged = signed(claims, key=JWK.generate(kty="RSA", size=2048))
    secrets += [jwt, forged, WRONG]
    assert Api(token(CLIENT_TOKEN, **{"Client-Token": f"Bearer {jwt}"})).get("/nucleus/v1/client")
    for bad in (jwt, forged):
        token(CLIENT_TOKEN, **{"Client-Token": f"Bearer {bad}"})
    sign_in = f"{TOKEN}?grant_type=password&username=ada&password="
    client_api = Api(token(sign_in + quote(PASSWORD)))
    token(sign_in + quote(WRONG))
    token(f"{TOKEN}?grant_type=password&username={quote(WRONG)}&password=x")
    token(f"{TOKEN}?grant_type={quote(WRONG)}&password={quote(PASSWORD)}")
    token(f"{TOKEN}?grant_type=password&username=ada&password={quote(PASSWORD)}&scope=root")
    user = {"nucleus_client_id": ada, "product": "atom"}
    assert client_api.post("/integration/v1/user", user).status_code == 200  # a call to the vendor
    responses += [
        api.post("/nucleus/v1/client", body),  # there is one already
        client_api.put(f"/nucleus/v1/client/{ada}", body | {"status": "x"}),
        Api(jwt).get("/nucleus/v1/client"),  # an access token is something else
    ]
    assert all(response.status_code in (400, 401, 403) for response in responses)
    assert len(responses) == 9
    assert AuditLog.objects.exists()
    assert Client.unscoped.get().password
    assert Application.objects.get().client_secret

    places = {
        "logs": caplog.text,
        "answers": "".join(response.content.decode() for response in responses),
        "tables": tables(),
        "output": output.getvalue(),
    }
    assert "app-1" in places["tables"]  # the scan does see what is there
    raw = raw_bytes()
    for secret in secrets:
        forms = {secret, quote(secret), json.dumps(secret)[1:-1]}
        leaks = [name for name, text in places.items() if any(form in text for form in forms)]
        assert not leaks, (secret, leaks)
        assert secret.encode() not in raw, secret


@pytest.mark.parametrize("name", LOGGERS)
def test_servers_log_no_queries_of_token_calls(caplog: pytest.LogCaptureFixture, name: str):
    """Django's development server and gunicorn write request lines with their own handlers."""
    caplog.set_level(logging.INFO, logger=name)
    logger = logging.getLogger(name)
    logger.propagate, before = True, logger.propagate
    try:
        line = f"POST {TOKEN}?grant_type=password&username=ada&password=canary HTTP/1.1"
        logger.info('"%s" %s %s', line, 200, 12)
        logger.info('%(h)s "%(r)s"', {"h": "127.0.0.1", "r": line})
        logger.info('"%s" %s', "GET /nucleus/v1/client?page=1 HTTP/1.1", 200)
    finally:
        logger.propagate = before
    assert "canary" not in caplog.text
    assert caplog.text.count(f"POST {TOKEN} HTTP/1.1") == 2
    assert "client?page=1" in caplog.text
