"""The demo page's back end: serves the page and forwards the few calls the page needs.

The application's secret and its tokens stay here. What may be forwarded is the table ROUTES;
only this page may ask (Host, Origin and a header that no other site's page can send are checked).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from demo.gateway import Gateway, GatewayUnreachable

STATIC = Path(__file__).parent / "static"
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FILES = {
    "/": STATIC / "index.html",
    **{
        f"/{path.relative_to(STATIC).as_posix()}": path
        for path in STATIC.rglob("*")
        if path.suffix in CONTENT_TYPES and path.name != "index.html"
    },
}
PREFIX = "/gateway"
MAX_BODY = 16 * 1024

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PAGED = {"page", "size", "order_by", "ascending", "filter"}
ROUTES: list[tuple[str, re.Pattern[str], set[str]]] = [
    (method, re.compile(path), query)
    for method, path, query in (
        ("GET", "/nucleus/v1/client", PAGED),
        ("POST", "/nucleus/v1/client", set()),
        ("POST", "/integration/v1/user", set()),
        ("GET", f"/integration/v1/widget_link/{UUID}", {"vendor_name", "mode"}),
        ("POST", "/integration/v1/aggregation/account", set()),
        ("GET", f"/integration/v1/aggregation/(?:balance|transaction|holding)/{UUID}", set()),
        ("POST", "/integration/v1/iav", set()),
        ("GET", "/nucleus/v1/aggregation_account(?:_balance|_transaction|_holding)?", PAGED),
        ("GET", "/nucleus/v1/bank_link", PAGED),
    )
]


@dataclass(frozen=True, slots=True)
class Site:
    """What the page is served with."""

    gateway: Gateway
    connect_origin: str  # where MX's connect.js and its widget come from

    @property
    def headers(self) -> dict[str, str]:
        """Sent with every answer: this page runs its own code and MX's loader, nothing else."""
        policy = [
            "default-src 'none'",
            f"script-src 'self' {self.connect_origin}",
            f"frame-src {self.connect_origin}",
            "connect-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
        return {
            "Content-Security-Policy": "; ".join(policy),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }


class Server(ThreadingHTTPServer):
    """One thread per connection, on 127.0.0.1 only."""

    daemon_threads = True

    def __init__(self, port: int, site: Site) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.site = site
        self.hosts = {f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost")}


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "demo", ""
    timeout = 60

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if self.headers.get("Host") not in self.server.hosts:
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, "Open the page as 127.0.0.1.")
        elif path in FILES:
            self._file(FILES[path])
        elif path.startswith(PREFIX + "/"):
            self._forward("GET", None)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "There is nothing here.")

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            self.close_connection = True
            self._refuse(HTTPStatus.BAD_REQUEST, f"Send JSON of up to {MAX_BODY} bytes.")
        else:
            self._forward("POST", body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
        """Say nothing: the page shows every call."""

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_BODY:
            return None
        if self.headers.get_content_type() != "application/json":
            return None
        return self.rfile.read(int(length))

    def _is_our_page(self) -> bool:
        host = self.headers.get("Host", "")
        return (
            host in self.server.hosts
            and self.headers.get("X-Demo-Page") == "1"
            and self.headers.get("Origin", f"http://{host}") == f"http://{host}"
            and self.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        )

    def _forward(self, method: str, body: bytes | None) -> None:
        if not self._is_our_page():
            self._refuse(HTTPStatus.FORBIDDEN, "Only the demo page may call this.")
            return
        path = allowed(method, self.path.removeprefix(PREFIX))
        if path is None:
            self._refuse(HTTPStatus.NOT_FOUND, "The demo does not forward this call.")
            return
        gateway = self.server.site.gateway
        tokens = gateway.token_calls
        try:
            response = gateway.call(method, path, body)
        except GatewayUnreachable as error:
            self._refuse(HTTPStatus.BAD_GATEWAY, f"{error} Is it running? Start it: make run")
            return
        if response.content and not response.content_type.startswith("application/json"):
            message = f"The gateway answered {response.status} without JSON; its log says why."
            self._refuse(HTTPStatus.BAD_GATEWAY, message)
            return
        extra = {"X-Gateway-Milliseconds": str(response.milliseconds)}
        if gateway.token_calls != tokens:
            extra["X-Gateway-New-Token"] = "1"
        self._send(response.status, response.content, "application/json", extra)

    def _file(self, path: Path) -> None:
        content = path.read_bytes()
        if path.name == "index.html":
            content = content.replace(b"%CONNECT%", self.server.site.connect_origin.encode())
        self._send(HTTPStatus.OK, content, CONTENT_TYPES[path.suffix], {})

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        content = json.dumps({"status": status, "error": status.phrase, "message": message})
        self._send(status, content.encode(), "application/json", {})

    def _send(self, status: int, content: bytes, content_type: str, extra: dict[str, str]) -> None:
        self.send_response(status)
        headers = self.server.site.headers | {"Content-Type": content_type} | extra
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def allowed(method: str, target: str) -> str | None:
    """The path and query to forward, rebuilt from what ROUTES admits; None if nothing does."""
    path, _, text = target.partition("?")
    query = parse_qsl(text, keep_blank_values=True)
    for verb, pattern, names in ROUTES:
        if verb == method and pattern.fullmatch(path):
            existing = {name for name, _ in query} <= names
            return path + (f"?{urlencode(query)}" if query else "") if existing else None
    return None
