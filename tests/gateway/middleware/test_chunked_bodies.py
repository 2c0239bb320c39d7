"""Bodies of unknown length: read where the server says where they end."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from django.test import Client as HttpClient
from gunicorn.http.errors import InvalidChunkSize

from gateway.access.models import Application
from integrations.models import AggregationSettings, InboundWebhook
from nucleus.models import Client, Tenant
from tests.factories.access import access_token, basic
from tests.gateway.access.test_tokens import TOKEN
from tests.gateway.webhooks.conftest import SECRET, USER
from tests.gateway.webhooks.conftest import basic as webhook_basic

CLIENTS = "/nucleus/v1/client"
JSON = "application/json"


class Broken(BytesIO):
    """A body with a malformed chunk, as gunicorn reads it."""

    def read(self, *args: Any) -> bytes:
        raise InvalidChunkSize(b"ZZZ")


def chunked(
    path: str, body: bytes | BytesIO, kind: str = JSON, *, ends: bool = True, **headers: str
):
    """A request as gunicorn passes it on: no Content-Length, and an input that ends."""
    stream = body if isinstance(body, BytesIO) else BytesIO(body)
    extra: Any = {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "CONTENT_TYPE": kind,
        "wsgi.input_terminated": ends,
        "wsgi.input": stream,
    }
    http = HttpClient(raise_request_exception=False)
    return http.generic("POST", path, headers=headers, **extra)


def test_a_webhook(tenant: Tenant):
    chosen = AggregationSettings(tenant=tenant, webhook_user=USER, webhook_secret=SECRET)
    chosen.save()
    path, body = f"/webhooks/mx/{chosen.webhook_path}", b'{"action": "test"}'
    response = chunked(path, body, Authorization=webhook_basic())
    assert response.status_code == 202, response.content
    assert json.loads(InboundWebhook.objects.get().body) == {"action": "test"}
    assert chunked(path, body, Authorization=webhook_basic(secret="wrong")).status_code == 401
    assert chunked(path, b"{", Authorization=webhook_basic()).status_code == 400
    assert chunked(path, b"x" * 300_000, Authorization=webhook_basic()).status_code == 413


def test_the_api_and_token_calls(application: Application):
    bearer = {"Authorization": f"Bearer {access_token(application)}"}
    person = json.dumps({"username": "ada", "client_type": "consumer"}).encode()
    assert chunked(CLIENTS, person, **bearer).status_code == 201
    assert Client.unscoped.get().username == "ada"
    keyed = {**bearer, "Idempotency-Key": "a-key"}
    other = person.replace(b"ada", b"grace")
    assert chunked(CLIENTS, other, **keyed).status_code == 201
    assert "Idempotent-Replayed" in chunked(CLIENTS, other, **keyed)
    assert chunked(CLIENTS, person, **keyed).status_code == 422
    assert chunked(CLIENTS, b"", **bearer).status_code == 400
    assert chunked(CLIENTS, b" " * 300_000, **bearer).status_code == 413
    form = "application/x-www-form-urlencoded"
    response = chunked(
        TOKEN, b"grant_type=client_credentials", form, Authorization=basic(application)
    )
    assert response.status_code == 200, response.content


@pytest.mark.django_db
def test_broken_chunks_are_the_senders_mistake():
    response = chunked(CLIENTS, Broken())
    assert response.status_code == 400
    assert "chunks" in response.json()["message"]


def test_an_input_without_an_end_is_not_read(application: Application):
    response = chunked(
        CLIENTS, Broken(), ends=False, Authorization=f"Bearer {access_token(application)}"
    )
    assert response.status_code == 400
    assert "chunks" not in response.json()["message"]
