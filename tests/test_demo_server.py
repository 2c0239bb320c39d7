"""The demo's back end: serves its page, forwards its own few calls, refuses everything else."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from demo.gateway import Gateway
from demo.server import FILES, Server, Site, allowed
from tests.waiting import PATIENCE

ID = "1b2ab3ef-32cd-4cb0-a5a7-8e7f1d1d1b31"
PAGE = {"X-Demo-Page": "1"}
SECRET = "the-application-secret"


class Upstream(BaseHTTPRequestHandler):
    """Stands where the gateway would, to see what arrives there and to answer badly."""

    protocol_version = "HTTP/1.1"
    requests: list[tuple[str, str, str | None, bytes]] = []
    canned_responses: dict[str, tuple[int, str, bytes]] = {}
    tokens = 0

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.requests.append((self.command, self.path, self.headers["Authorization"], body))
        path = self.path.split("?")[0]
        if path.endswith("/token"):
            Upstream.tokens += 1
            token = {"access_token": f"token-{self.tokens}", "expires_in": 900}
            response = (200, "application/json", json.dumps(token).encode())
        else:
            response = (200, "application/json", b'{"content": []}')
        status, kind, content = self.canned_responses.get(path, response)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def upstream() -> Iterator[ThreadingHTTPServer]:
    Upstream.requests, Upstream.canned_responses, Upstream.tokens = [], {}, 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def demo(upstream: ThreadingHTTPServer) -> Iterator[Server]:
    gateway = Gateway(f"http://127.0.0.1:{upstream.server_port}", "app", SECRET)
    with Server(0, Site(gateway, connect_origin="http://127.0.0.1:8001")) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def request(demo: Server, method: str, path: str, body: Any = None, **headers: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", demo.server_port, timeout=PATIENCE)
    content = None if body is None else json.dumps(body)
    kind = {} if body is None else {"Content-Type": "application/json"}
    connection.request(method, path, content, kind | headers)
    response = connection.getresponse()
    response.text = response.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return response


def test_the_page_runs_only_its_own_code_and_mx_loader(demo: Server) -> None:
    response = request(demo, "GET", "/")
    assert response.status == 200
    assert 'src="http://127.0.0.1:8001/connect.js"' in response.text
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self' http://127.0.0.1:8001;" in policy
    assert "unsafe" not in policy


def test_every_file_is_served_and_holds_no_secret(demo: Server) -> None:
    request(demo, "GET", "/gateway/nucleus/v1/client", **PAGE)  # a token is held by now
    for path in FILES:
        response = request(demo, "GET", path)
        assert response.status == 200
        assert SECRET not in response.text
        assert "token-1" not in response.text


def test_a_call_of_the_page_is_forwarded_with_the_token(demo: Server) -> None:
    response = request(
        demo, "GET", f"/gateway/nucleus/v1/bank_link?filter=client_id%3D%3D{ID}&page=1", **PAGE
    )
    assert (response.status, response.text) == (200, '{"content": []}')
    assert response.headers["X-Gateway-New-Token"] == "1"
    path = f"/nucleus/v1/bank_link?filter=client_id%3D%3D{ID}&page=1"
    assert Upstream.requests[-1] == ("GET", path, "Bearer token-1", b"")
    repeated = request(demo, "GET", "/gateway/nucleus/v1/bank_link", **PAGE)
    assert "X-Gateway-New-Token" not in repeated.headers
    assert Upstream.tokens == 1


def test_a_body_is_forwarded_as_it_is(demo: Server) -> None:
    request(demo, "POST", "/gateway/nucleus/v1/client", {"username": "a"}, **PAGE)
    assert Upstream.requests[-1] == (
        "POST",
        "/nucleus/v1/client",
        "Bearer token-1",
        b'{"username": "a"}',
    )


def test_a_refused_token_is_renewed_once(demo: Server) -> None:
    refusal = (401, "application/json", b'{"message": "expired"}')
    Upstream.canned_responses["/nucleus/v1/client"] = refusal
    response = request(demo, "GET", "/gateway/nucleus/v1/client", **PAGE)
    assert response.status == 401
    assert Upstream.tokens == 2


@pytest.mark.parametrize(
    "headers",
    [
        {},
        PAGE | {"Origin": "http://evil.example"},
        PAGE | {"Origin": "null"},
        PAGE | {"Origin": "http://127.0.0.1:1"},
        PAGE | {"Sec-Fetch-Site": "cross-site"},
        PAGE | {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites_pages_are_refused(demo: Server, headers: dict[str, str]) -> None:
    for method, body in (("GET", None), ("POST", {})):
        response = request(demo, method, "/gateway/nucleus/v1/client", body, **headers)
        assert response.status == 403
    assert Upstream.requests == []


def test_another_host_name_is_refused(demo: Server) -> None:
    """Or a site whose name resolves to 127.0.0.1 could read the answers."""
    for path in ("/", "/gateway/nucleus/v1/client"):
        response = request(demo, "GET", path, Host=f"evil.example:{demo.server_port}", **PAGE)
        assert response.status == 421
    for host in ("evil.example", f"127.0.0.1:{demo.server_port + 1}"):
        own = PAGE | {"Host": host, "Origin": f"http://{host}"}  # they agree, as a browser's do
        response = request(demo, "POST", "/gateway/nucleus/v1/client", {}, **own)
        assert response.status == 403
        assert not [name for name in response.headers if name.lower().startswith("access-control")]
    assert Upstream.requests == []


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/admin/"),
        ("GET", "/authorization/v1/oauth/token"),
        ("POST", "/authorization/v1/oauth/token"),
        ("GET", "/nucleus/v1/client/../../admin/"),
        ("GET", "/nucleus/v1/client/%2e%2e/admin"),
        ("GET", "//evil.example/nucleus/v1/client"),
        ("GET", "http://evil.example/admin"),
        ("GET", f"/nucleus/v1/client/{ID}"),
        ("GET", f"/nucleus/v1/client?access_token={ID}"),
        ("GET", "/integration/v1/widget_link/not-an-id"),
        ("GET", f"/integration/v1/widget_link/{ID}?member_id=MBR-1"),
        ("POST", f"/integration/v1/widget_link/{ID}"),
        ("DELETE", f"/integration/v1/iav/{ID}"),
    ],
)
def test_only_the_calls_of_the_page_are_forwarded(method: str, target: str) -> None:
    assert allowed(method, target) is None


def test_a_path_that_is_not_the_pages_never_leaves(demo: Server) -> None:
    assert request(demo, "GET", "/gateway/admin/", **PAGE).status == 404
    assert request(demo, "GET", "/../pyproject.toml").status == 404
    assert request(demo, "DELETE", "/gateway/nucleus/v1/client", **PAGE).status == 501
    assert Upstream.requests == []


def test_an_oversized_or_odd_body_is_refused(demo: Server) -> None:
    path = "/gateway/nucleus/v1/client"
    assert request(demo, "POST", path, {"username": "x" * 20_000}, **PAGE).status == 400
    assert request(demo, "POST", path, **PAGE).status == 400
    assert Upstream.requests == []


def test_a_gateway_that_is_down_is_named(demo: Server, upstream: ThreadingHTTPServer) -> None:
    upstream.shutdown()
    upstream.server_close()
    response = request(demo, "GET", "/gateway/nucleus/v1/client", **PAGE)
    assert response.status == 502
    assert "does not answer" in json.loads(response.text)["message"]
    assert "make run" in json.loads(response.text)["message"]


@pytest.mark.parametrize("token", [b"<html>", b"[]", b"{}", b'{"access_token": 1}'])
def test_a_token_answer_that_is_none_is_an_error(demo: Server, token: bytes) -> None:
    Upstream.canned_responses["/authorization/v1/oauth/token"] = (200, "application/json", token)
    response = request(demo, "GET", "/gateway/nucleus/v1/client", **PAGE)
    assert response.status == 502
    assert "token" in json.loads(response.text)["message"]


def test_a_refused_secret_is_passed_on(demo: Server) -> None:
    refusal = (401, "application/json", b'{"message": "wrong secret"}')
    Upstream.canned_responses["/authorization/v1/oauth/token"] = refusal
    response = request(demo, "GET", "/gateway/nucleus/v1/client", **PAGE)
    assert (response.status, json.loads(response.text)) == (401, {"message": "wrong secret"})


def test_an_answer_that_is_not_json_is_an_error(demo: Server) -> None:
    Upstream.canned_responses["/nucleus/v1/client"] = (500, "text/html", b"<h1>Oops</h1>")
    response = request(demo, "GET", "/gateway/nucleus/v1/client", **PAGE)
    assert response.status == 502
    assert "500 without JSON" in json.loads(response.text)["message"]


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({}, "DEBUG=true"),
        ({"DEBUG": "false", "GATEWAY_URL": "http://127.0.0.1:1"}, "DEBUG=true"),
        ({"DEBUG": "true"}, "DEMO_CLIENT_SECRET"),
    ],
)
def test_it_refuses_to_run_outside_development(environment: dict[str, str], text: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert text in done.stderr
