"""A connection pool whose exchanges can be cut off, whatever the other side does."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

import requests
import urllib3


class Watchdog:
    """Shuts the exchange's sockets down when its time is up, headers and handshake included.

    Time-outs of sockets start anew with every byte, so a server that drips could hold a thread for
    ever.
    """

    def __init__(self, seconds: float) -> None:
        self.fired = False
        self.sockets: list[socket.socket] = []
        self.timer = threading.Timer(max(seconds, 0.0), self._fire)
        self.timer.daemon = True

    def __enter__(self) -> None:
        _exchange.watchdog = self
        self.timer.start()

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()
        _exchange.watchdog = None

    def _fire(self) -> None:
        self.fired = True
        for opened in self.sockets:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)


_exchange = threading.local()


def _watched(opened: Any) -> Any:
    """Tell this thread's watchdog, if any, about a socket."""
    watchdog: Watchdog | None = getattr(_exchange, "watchdog", None)
    if watchdog is not None and opened is not None:
        watchdog.sockets.append(opened)
    return opened


class _Connection(urllib3.connection.HTTPConnection):
    """Shows its socket to the watchdog: when it is opened, and when an answer is awaited."""

    def _new_conn(self) -> socket.socket:
        opened: socket.socket = _watched(super()._new_conn())
        return opened

    def getresponse(self) -> Any:
        _watched(self.sock)
        return super().getresponse()


class _SecureConnection(_Connection, urllib3.connection.HTTPSConnection):
    """The same, with TLS on top."""


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(requests.adapters.HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def watch(session: requests.Session) -> None:
    """Let the watchdog see the sockets of somebody else's adapters, too."""
    for adapter in session.adapters.values():
        manager = getattr(adapter, "poolmanager", None)
        if manager is not None:
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


# One pool for the process: connections outlive the use case that opened them.
ADAPTER = _Adapter(pool_connections=16, pool_maxsize=64, max_retries=0)
