"""A page of another origin that embeds the widget, and records its events."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.browser.person import Person

PAGE = """<!doctype html><meta charset="utf-8"><title>Somebody's page</title>
<style>#addAccount iframe { border: 0; width: 480px; height: 720px; }</style>
<div id="addAccount"></div>
<script>
  const query = new URLSearchParams(location.search);
  window.messages = [];  // as they come
  window.calls = [];      // what the library makes of them
  window.invalid = [];
  addEventListener("message", ({ data }) => window.messages.push(data));
</script>
"""
FRAME = """<script>
  const frame = document.createElement("iframe");
  frame.src = query.get("url");
  document.getElementById("addAccount").append(frame);
</script>"""
SDK = """<script src="/sdk.js"></script><script>
  const names = ["Load", "Ping", "Navigation", "Loaded", "EnterCredentials", "InstitutionSearch",
    "SelectedInstitution", "MemberConnected", "ConnectedPrimaryAction", "MemberDeleted",
    "CreateMemberError", "MemberStatusUpdate", "OAuthError", "OAuthRequested", "StepChange",
    "SubmitMFA", "UpdateCredentials", "BackToSearch", "InvalidData"];
  const callbacks = Object.fromEntries(names.map((name) =>
    [`on${name}`, (payload) => window.calls.push([name, payload])]));
  window.widget = new widgetSdk.ConnectWidget({
    url: query.get("url"), container: "#addAccount",
    style: { border: "none", width: "480px", height: "720px" }, ...callbacks,
    onInvalidMessageError: (message) => window.invalid.push(message.data),
  });
</script>"""
LOADER = """<script src="{loader}"></script><script>
  window.mxConnect = new MXConnect({{
    id: "addAccount", url: query.get("url"),
    onLoad: () => window.calls.push(["onLoad"]),
    onSuccess: (member) => window.calls.push(["onSuccess", member]),
    onEvent: (type, metadata) => window.calls.push([type, metadata]),
  }});
</script>"""


@dataclass
class Embedding:
    """The page, at one person's browser."""

    url: str
    person: Person

    def opens(self, widget: str, how: str = "frame") -> None:
        """Open the page with a widget link, embedded by `frame`, `sdk` or `loader`."""
        self.person.opens(f"{self.url}/{how}?{urlencode({'url': widget})}")

    def run_script(self, script: str) -> Any:
        return self.person.driver.execute_script(script)

    def messages(self) -> list[dict[str, Any]]:
        """The version 4 events, in their order."""
        return [item for item in self.run_script("return window.messages") if item.get("mx")]

    def types(self) -> list[str]:
        return [message["type"].removeprefix("mx/") for message in self.messages()]

    def waits_for_event(self, kind: str) -> None:
        """Wait until such an event has come."""
        self.person.waits(lambda: kind in self.types())

    def callbacks(self) -> list[list[Any]]:
        return list(self.run_script("return window.calls"))


@contextmanager
def embedding(person: Person, loader: str, sdk: Path | None = None) -> Iterator[Embedding]:
    """The page on a free port of this machine; its origin is not the sandbox's."""
    pages = {
        "/frame": (PAGE + FRAME).encode(),
        "/sdk": (PAGE + SDK).encode(),
        "/loader": (PAGE + LOADER.format(loader=loader)).encode(),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            content, kind = pages.get(path), "text/html; charset=utf-8"
            if path == "/sdk.js" and sdk is not None:
                content, kind = sdk.read_bytes(), "text/javascript"
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Embedding(f"http://127.0.0.1:{server.server_port}", person)
        server.shutdown()
