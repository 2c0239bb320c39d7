"""Requests to addresses that tenants choose never reach private or local networks."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from integrations import outbound_http
from tests.api import Api


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://localhost/", "https://2130706433/", "https://0x7f.1/",
        "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest/",
        "https://10.0.0.1/", "https://192.168.1.1/", "https://[64:ff9b::7f00:1]/",
        "https://100.64.0.1/", "https://0.0.0.0/", "http://a.example/", "https://[fd00::1]/",
    ],
)  # fmt: skip
def test_private_and_local_addresses_are_refused(settings: Any, api: Api, url: str):
    settings.WEBHOOK_ALLOW_PRIVATE = False
    refused = api.post("/integration/v1/webhook", {"url": url, "integration_service": ["kyc"]})
    reply = outbound_http.post(url, body=b"{}", headers={})
    assert reply.status is None
    assert refused.status_code == 400 or reply.error == "address_not_allowed"


def test_a_name_that_resolves_to_a_private_address_is_not_connected_to(
    settings: Any, monkeypatch: pytest.MonkeyPatch
):
    settings.WEBHOOK_ALLOW_PRIVATE = False
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
    assert outbound_http.webhook_url_error("https://rebound.example/") is None
    reply = outbound_http.post("https://rebound.example/", body=b"{}", headers={})
    assert reply == outbound_http.Reply(None, "address_not_allowed")
