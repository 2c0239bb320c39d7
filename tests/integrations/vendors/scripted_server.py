"""An HTTP server that says exactly what a test wants, badly if need be."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from integrations.vendors import errors
from integrations.vendors.transport import VendorRequest, VendorResponse

Script = Callable[[socket.socket, bytes], None]
Wrap = Callable[[socket.socket], socket.socket]


class ScriptedServer:
    """Runs `script(connection, request)` for every request on a real socket."""

    def __init__(self, script: Script, wrap: Wrap) -> None:
        self.script = script
        self.wrap = wrap
        self.requests: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, accepted: socket.socket) -> None:
        connection = accepted
        with closing(accepted):
            try:
                connection = self.wrap(accepted)
                while request := self._read(connection):
                    self.requests.append(request)
                    self.script(connection, request)
            except OSError:
                return  # the client hung up, which is what many tests want
            finally:
                connection.close()  # TLS has taken the accepted socket over

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            if not chunk:
                return b""
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                while len(body) < int(line.split(b":")[1]):
                    body += connection.recv(65536)
        return head + b"\r\n\r\n" + body


@contextmanager
def serving(script: Script, wrap: Wrap = lambda plain: plain) -> Iterator[ScriptedServer]:
    """A server for the length of a test; `wrap` may put TLS on its connections."""
    server = ScriptedServer(script, wrap)
    try:
        yield server
    finally:
        server.listener.close()


def answer(status: int = 200, body: bytes = b"{}", headers: str = "") -> bytes:
    """A whole HTTP answer."""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def always(data: bytes) -> Script:
    """Send the same bytes to every request."""
    return lambda connection, request: connection.sendall(data)


def error_for(call: VendorRequest, response: VendorResponse) -> errors.VendorError | None:
    """What the answer means to a vendor that tells few failures apart."""
    if response.status < 300:
        return None
    if response.status == 404:
        return errors.VendorNotFound(status=404)
    if response.status == 429:
        return errors.VendorRateLimited(status=429)
    kind = errors.VendorUnavailable if response.status >= 500 else errors.VendorBadResponse
    return kind(status=response.status)
