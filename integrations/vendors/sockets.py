"""A connection pool whose exchanges can be cut off, and record how far they came."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

import requests
import urllib3


class Watchdog:
    """Shuts the exchange's sockets down when its time is up, headers and handshake included.

    Time-outs of sockets start again with every byte, so a slow server could block a thread without
    end. It also records how far the exchange came, which decides whether it may be repeated.

    Args:
        use_new_connection: leave the idle connections of the pool alone.
    """

    def __init__(self, seconds: float, *, use_new_connection: bool = False) -> None:
        self.use_new_connection = use_new_connection
        self.is_reused = True  # until a connection is opened for it
        self.is_sent = False  # the request, to its last byte
        self.is_answered = False  # status line and headers have arrived
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


def _current() -> Watchdog | None:
    watchdog: Watchdog | None = getattr(_exchange, "watchdog", None)
    return watchdog


class _Connection(urllib3.connection.HTTPConnection):
    """Shows its socket to the watchdog: when it is opened, and when an answer is awaited."""

    def _new_conn(self) -> socket.socket:
        watchdog = _current()
        if watchdog is not None:
            watchdog.is_reused = False
        opened: socket.socket = super()._new_conn()
        if watchdog is not None:
            watchdog.sockets.append(opened)
        return opened

    def request(self, *args: Any, **kwargs: Any) -> None:
        super().request(*args, **kwargs)
        if watchdog := _current():
            watchdog.is_sent = True

    def getresponse(self) -> Any:
        watchdog = _current()
        if watchdog is not None and self.sock is not None:
            watchdog.sockets.append(self.sock)
        response = super().getresponse()
        if watchdog is not None:
            watchdog.is_answered = True
        return response


class _SecureConnection(_Connection, urllib3.connection.HTTPSConnection):
    """The same, with TLS on top."""


class _Reopening(urllib3.HTTPConnectionPool):
    """Hands out idle connections unless the exchange wants a new one."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)
        watchdog = _current()
        if watchdog is not None and watchdog.use_new_connection:
            connection.close()  # urllib3 opens it again when the request is sent
        return connection


class _Pool(_Reopening):
    ConnectionCls = _Connection


class _SecurePool(_Reopening, urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(requests.adapters.HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def watch(session: requests.Session) -> None:
    """Let the watchdog reach the sockets of another library's adapters as well."""
    for adapter in session.adapters.values():
        manager = getattr(adapter, "poolmanager", None)
        if manager is not None:
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


# One pool for the process: connections outlive the use case that opened them.
ADAPTER = _Adapter(pool_connections=16, pool_maxsize=64, max_retries=0)
