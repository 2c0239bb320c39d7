"""Hydrogen's host name leads to the live server."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

HOST = "sandbox.hydrogenplatform.com"


@pytest.fixture
def resolved(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Hydrogen's host name leads to the live server."""
    port = urlsplit(live_server.url).port
    genuine = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host == HOST:
            return genuine("127.0.0.1", port, *args[1:], **kwargs)
        return genuine(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return f"http://{HOST}"
