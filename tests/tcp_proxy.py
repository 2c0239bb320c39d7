"""A proxy before a server of a test, to cut its connections, keep its bytes, or be away."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass
class TcpProxy:
    """Forwards connections to a port of this machine."""

    target: tuple[str, int]
    port: int = 0
    listener: socket.socket | None = None
    sockets: list[socket.socket] = field(default_factory=list)
    passing: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Listen, on the same port as before."""
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        self.passing.set()
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def cut(self) -> None:
        """Close every connection; new ones are taken."""
        while self.sockets:
            item = self.sockets.pop()
            with suppress(OSError):
                item.shutdown(socket.SHUT_RDWR)
            item.close()

    def stop(self) -> None:
        """Nothing listens there any more."""
        assert self.listener is not None
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # ends accept()
        self.listener.close()
        self.cut()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self.target)
                self.sockets += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=ends, daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self.passing.wait()
                target.sendall(data)
        for item in (source, target):
            with suppress(OSError):
                item.shutdown(socket.SHUT_RDWR)
