"""Pages of other sites do not reach the sandbox, however their names resolve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests import sandbox_process
from tests.sandbox_process import API_KEY, CLIENT_ID, Sandbox
from tests.waiting import PATIENCE

PATHS = ("/", "/_control/members", "/_control/deliveries", "/healthz", "/connect.js", "/users",
         "/md/connect/guess", "/_control/static/control.js", "/nothing")  # fmt: skip
KEYS = {"MX-API-Key": API_KEY, "MX-Client-ID": CLIENT_ID}


def port(sandbox: Sandbox) -> int:
    return urlsplit(sandbox.base_url).port or 80


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "localhost.evil", "",
                                  "169.254.169.254", "127.0.0.2", "*"])  # fmt: skip
def test_a_name_that_is_made_to_resolve_here_reaches_nothing(sandbox: Sandbox, name: str) -> None:
    host = f"{name}:{port(sandbox)}"
    for path in PATHS:
        headers = {"Host": host, "Origin": f"http://{host}"} | KEYS
        for method in ("GET", "POST"):
            url = sandbox.base_url + path
            response = requests.request(method, url, json={}, headers=headers, timeout=PATIENCE)
            assert response.status_code == 421, (method, path)
            assert response.headers["X-Sandbox"] == "mx"
    before = sandbox.call("GET", "/_control/webhooks")
    requests.post(
        f"{sandbox.base_url}/_control/webhooks",
        json={"url": "http://127.0.0.1:9/internal"},
        headers={"Host": host, "Origin": f"http://{host}"},
        timeout=PATIENCE,
    )
    assert sandbox.call("GET", "/_control/webhooks") == before


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_its_own_names(sandbox: Sandbox, name: str) -> None:
    host = f"{name}:{port(sandbox)}"
    headers = {"Host": host, "Origin": f"http://{host}"}
    url = f"{sandbox.base_url}/_control/faults"
    response = requests.post(url, json={"path": "/x"}, headers=headers, timeout=PATIENCE)
    assert response.ok
    assert not [
        header for header in response.headers if header.lower().startswith("access-control")
    ]


@pytest.mark.parametrize(
    "origin",
    ["null", "http://evil.example", "http://localhost", "http://127.0.0.1:1", "http://localhost:3000",
     "file://", ""],
)  # fmt: skip
def test_pages_of_other_origins(sandbox: Sandbox, origin: str) -> None:
    """Also those of other ports of this machine, and with a Host that agrees with them."""
    for host in (urlsplit(sandbox.base_url).netloc, urlsplit(origin).netloc or "localhost"):
        headers = {"Origin": origin, "Host": host}
        url = f"{sandbox.base_url}/_control/faults"
        response = requests.post(url, json={"path": "/x"}, headers=headers, timeout=PATIENCE)
        assert response.status_code in (403, 421)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One that a container or proxy shows under other names."""
    hosts = {"SANDBOX_ALLOWED_HOSTS": "mx.internal, box:9001"}
    with sandbox_process.running(tmp_path_factory.mktemp("behind"), **hosts) as server:
        yield server


def test_configured_names(behind: Sandbox) -> None:
    url = f"{behind.base_url}/_control/faults"
    own = port(behind)
    cases = {
        ("mx.internal", f"http://mx.internal:{own}"): 200,
        ("mx.internal", "http://mx.internal:1"): 403,
        ("box:9001", "http://box:9001"): 200,
        ("box:9001", "http://box:9002"): 403,
        ("other:9001", "http://other:9001"): 421,
    }
    for (host, origin), status in cases.items():
        headers = {"Host": host, "Origin": origin}
        response = requests.post(url, json={"path": "/x"}, headers=headers, timeout=PATIENCE)
        assert response.status_code == status, (host, origin)


def test_the_file_beside_the_database_holds_the_address(tmp_path: Path) -> None:
    with sandbox_process.running(tmp_path) as server:
        assert server.base_url in (tmp_path / "sandbox.json").read_text()
    assert not (tmp_path / "sandbox.json").exists()
