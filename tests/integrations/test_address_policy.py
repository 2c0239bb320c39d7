"""Where tenants' webhooks may go: refused on registration, and again when they are sent."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from integrations import address_policy, outbound_http

NEVER_PUBLIC = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1",  # noqa: S104
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    "192.88.99.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::a00:1", "::ffff:127.0.0.1", "::ffff:168.63.129.16",
    "::ffff:0:127.0.0.1", "::ffff:0:a00:1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::",
    "2001:0:7f00:1::", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "5f00::1",
    "3fff::1", "2001:db8::1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "93.184.216.34"]
SPELLINGS = [
    "localhost", "localhost.", "LOCALHOST", "a.localhost", "a.localhost.", "localhost.localdomain",
    "127.0.0.1.", "127.0.0.1..", "127。0。0。1", "127．0．0．1", "127｡0｡0｡1", "１２７.0.0.1",  # noqa: RUF001
    "①②⑦.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "0",
    "0x0", "[::1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[0:0:0:0:0:0:0:1]", "168.63.129.16",
    "metadata.google.internal", "printer.local", "intranet", "127.0.0.1%00", "%31%32%37.0.0.1",
    "[fe80::1%25eth0]", "ⓛocalhost",
]  # fmt: skip


@pytest.fixture
def production(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    outbound_http._manager.cache_clear()


@pytest.mark.parametrize("text", NEVER_PUBLIC)
def test_addresses_that_are_not_public(text: str):
    assert not address_policy.is_public(ip_address(text))
    assert address_policy.is_local(text)


@pytest.mark.parametrize("text", PUBLIC)
def test_addresses_that_are_public(text: str):
    assert address_policy.is_public(ip_address(text))
    assert not address_policy.is_local(text)


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_a_local_host_is_registered(production: None, host: str):
    problem = outbound_http.webhook_url_error(f"https://{host}/hook")
    assert problem is not None
    assert problem.startswith(("This address is not public", "Use an absolute", "A URL has no"))


@pytest.mark.parametrize(
    "url",
    [
        "https://app.demo.example/hook", "https://app.demo.example:8443/hook?x=1",
        "https://zürich.demo.example/", "https://1.1.1.1/", "https://[2606:4700::1111]/",
        "https://localhost.demo.example/",
    ],
)  # fmt: skip
def test_hosts_of_the_internet_are_registered(production: None, url: str):
    assert outbound_http.webhook_url_error(url) is None


@pytest.mark.parametrize(
    "url",
    ["https://@a.example/", "https://:p@a.example/", "https://u@a.example/", "https://a\t.example/",
     "https://a.example\\@b.example/", "https://a.example/ b", "javascript:alert(1)", "https://",
     "https:a.example", "//a.example/"],
)  # fmt: skip
def test_tricks_are_not_registered(production: None, url: str):
    assert outbound_http.webhook_url_error(url) is not None


@pytest.mark.parametrize("text", NEVER_PUBLIC)
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_name_that_resolves_to_it_is_not_connected_to(
    production: None, monkeypatch: pytest.MonkeyPatch, text: str, scheme: str
):
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    addresses = [(family, socket.SOCK_STREAM, 6, "", (text, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it connects"))
    reply = outbound_http.post(f"{scheme}://rebound.example/", body=b"{}", headers={})
    assert reply == outbound_http.Reply(None, "address_not_allowed")


@pytest.mark.parametrize(
    "url",
    ["https://@mx.demo.example", "https://:x@mx.demo.example", "https://mx.demo.example@evil.example",
     "https://mx.demo.example/path", "https://mx.demo.example.", "http://mx.demo.example"],
)  # fmt: skip
def test_a_base_url_is_scheme_and_allowed_host(settings: Any, url: str):
    settings.VENDOR_ALLOWED_HOSTS, settings.VENDOR_ALLOW_HTTP = ["mx.demo.example"], False
    assert address_policy.base_url_error("https://mx.demo.example") is None
    assert address_policy.base_url_error(url) is not None
