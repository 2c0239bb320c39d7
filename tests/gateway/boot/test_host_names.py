"""Hosts and URLs in settings: which are refused, in any spelling."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from gateway.boot import host_names
from tests.gateway.boot.test_checks import ids, manage_each

pytestmark = pytest.mark.embedded  # settings are the same for every database


@pytest.mark.parametrize(
    "host",
    ["*", ".", "*.", "*.bank.example", ".com", "**", "https://gateway.bank.example",
     "gateway.bank.example:8000", "gateway.bank.example/x", "-bank",
     "0.0.0.0", "0", "[::]"],  # noqa: S104
)  # fmt: skip
def test_allowed_hosts_that_admit_everybody_or_nobody(production: Settings, host: str) -> None:
    production.ALLOWED_HOSTS = ["gateway.bank.example", host]
    assert ids() == ["gateway.E002"]


def test_allowed_hosts_have_to_be_given_and_may_have_subdomains(
    production: Settings,
) -> None:
    production.ALLOWED_HOSTS = []
    assert ids() == ["gateway.E002"]
    production.ALLOWED_HOSTS = [".bank.example", "10.0.0.1", "[2001:db8::1]", "GATEWAY.example"]
    assert ids() == []
    production.ALLOWED_HOSTS += ["localhost", "127.0.0.1"]  # probes of the same machine
    assert ids() == []


@pytest.mark.parametrize(
    "host",
    ["api.mx.com", "metadata.vendor.example", "ec2-54-93-1-2.vendor.example", "v1-2-3.example.org",
     "xlvh.me", "nip.io.vendor.example", "api-2026-11-26.vendor.example"],
)  # fmt: skip
def test_vendor_hosts_that_only_look_similar(production: Settings, host: str) -> None:
    production.VENDOR_ALLOWED_HOSTS = [host]
    assert ids() == []


THIS_MACHINE = [
    "localhost", "LOCALHOST", "localhost.", "localhost:8001", "a.localhost",
    "localhost.localdomain",
    "ip6-localhost", "127.0.0.1", "127.0.0.1.", "127.0.0.2", "127.0.0.1:8001", "127.1", "127.0.1",
    "2130706433", "0x7f000001", "0x7F.1", "0177.0.0.1", "017700000001", "0",
    "0.0.0.0", "[::1]",  # noqa: S104
    "::1", "[::1]:8001", "0:0:0:0:0:0:0:1", "::", "[::]", "::ffff:127.0.0.1",
    "[::ffff:127.0.0.1]:80", "::ffff:7f00:1", "127\u30020\u30020\u30021",
    "127\uff0e0\uff0e0\uff0e1",
    "\uff4c\uff4fcalhost", "\u2460\u2461\u2466.0.0.1", "http://127.0.0.1", "user@localhost",
    "loopback", "localtest.me", "a.localtest.me", "LVH.me", "127.0.0.1.nip.io", "7f000001.nip.io",
    "127-0-0-1.sslip.io",
]  # fmt: skip
NOT_PUBLIC = [
    "169.254.169.254", "fe80::1%eth0", "10.1.2.3", "192.168.0.1", "172.16.0.1", "100.64.0.1",
    "fd00::1", "224.0.0.1", "255.255.255.255", "metadata.google.internal", "host.docker.internal",
    "0xa9fea9fe", "::ffff:10.0.0.1", "instance-data", "metadata.azure.internal", "METADATA.goog",
    "10.0.0.1.vendor.example", "ip-10-0-0-1.vendor.example", "api.192.168.0.1.vendor.example",
    "app-127-0-0-1.vendor.example",
]  # fmt: skip


@pytest.mark.parametrize("host", THIS_MACHINE + NOT_PUBLIC)
def test_vendors_are_not_on_this_machine_or_network(production: Settings, host: str) -> None:
    production.VENDOR_ALLOWED_HOSTS = ["atrium.vendor.example", host]
    assert ids() == ["gateway.E003"]


@pytest.mark.parametrize(
    "host", ["*", "*.vendor.example", "https://vendor.example", "a:443", "a b"]
)
def test_vendor_hosts_are_names(production: Settings, host: str) -> None:
    production.VENDOR_ALLOWED_HOSTS = [host]
    assert ids() == ["gateway.E003"]


def test_this_machine_is_known_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_names.socket, "gethostname", lambda: "Box.bank.example")
    assert host_names.is_not_public("box.bank.example")
    assert not host_names.is_not_public("api.vendor.example")


def test_a_server_may_have_the_public_name_of_the_gateway(
    production: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_names.socket, "gethostname", lambda: "gateway.bank.example")
    production.PUBLIC_URL = "https://gateway.bank.example"
    assert ids() == []


@pytest.mark.parametrize(
    "url",
    ["", "http://gateway.bank.example", "gateway.bank.example", "https://", "https://[::1",
     "https://x:99999", "https://user@gateway.bank.example", "https://gateway.bank.example/?a=b",
     "https://localhost", "https://127.0.0.1:8443", "https://[::1]", "https://0x7f.1",
     "https://gateway.bank.example/", "https://gateway.bank.example//",
     "https://gateway.bank.example/path", "https://gateway.bank.example/ x",
     "https://gateway.bank.example\n", "https://gateway.bank.example\\evil",
     'https://"><script>', "https://gateway.bank.example:0", "https://gateway.bank.example?",
     "https://10.0.0.5", "https://169.254.169.254", "https://[fd00::1]", "https://[gateway]",
     "https://metadata.google.internal"],
)  # fmt: skip
@pytest.mark.parametrize("allowed", [[], ["hosts.bank.example"]])
def test_public_url(production: Settings, url: str, allowed: list[str]) -> None:
    production.PUBLIC_URL = url
    production.ALLOWED_HOSTS += allowed
    assert ids() == ["gateway.E004"]


@pytest.mark.parametrize(
    ("url", "allowed", "expected"),
    [
        ("https://gateway.bank.example", "other.bank.example", ["gateway.E004"]),
        ("https://bank.example.org", ".bank.example", ["gateway.E004"]),
        ("https://gateway.bank.example:8443", ".bank.example", []),
        ("HTTPS://GATEWAY.bank.example", "gateway.BANK.example", []),
        ("https://[2606:4700::1111]", "[2606:4700::1111]", []),
    ],
)
def test_the_host_of_the_public_url_is_allowed(
    production: Settings, url: str, allowed: str, expected: list[str]
) -> None:
    production.PUBLIC_URL = url
    production.ALLOWED_HOSTS = [allowed]
    assert ids() == expected


def test_a_slash_at_the_end_of_the_public_url_is_dropped() -> None:
    variables = {"PUBLIC_URL": "https://gateway.bank.example/"}
    check, shown = manage_each("check --deploy", "diffsettings", **variables)
    assert check[0] == 0
    assert "PUBLIC_URL = 'https://gateway.bank.example'" in shown[1]


def test_warns_if_all_callers_share_the_address_of_the_proxy() -> None:
    variables = {"BEHIND_TLS_PROXY": "true", "DATABASE_URL": "sqlite://:memory:"}
    for _, text in manage_each("check", "doctor", **variables):
        assert "gateway.W003" in text
        assert "FIX  gateway.W" not in text  # it works, so it is no failure
    for changes in ({"TRUSTED_PROXY_COUNT": "1"}, {"BEHIND_TLS_PROXY": "false"}):
        for _, text in manage_each("check", "doctor", **variables | changes):
            assert "gateway.W003" not in text


@pytest.mark.parametrize(
    "origin",
    ["*", "app.bank.example", "null", "https://*.bank.example", "https://app.bank.example/path",
     "ftp://app.bank.example", "https://", "https://app.bank.example:x"],
)  # fmt: skip
def test_origins(production: Settings, origin: str) -> None:
    production.CORS_ALLOWED_ORIGINS = ["https://app.bank.example", origin]
    assert ids() == ["gateway.E010"]


def test_origins_without_tls_are_for_development(production: Settings) -> None:
    production.CORS_ALLOWED_ORIGINS = ["http://app.bank.example", "http://localhost:3000"]
    assert ids() == ["gateway.E010", "gateway.E010"]
    production.DEVELOPMENT = True
    assert ids() == []
