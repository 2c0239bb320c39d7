"""Hydrogen's host name leads to the live server; clients with a token."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import integration_api
import nucleus_api
import pytest

from gateway.access.models import Application
from tests.factories.access import SECRET

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


@pytest.fixture
def nucleus_sdk(resolved: str, application: Application) -> Iterator[nucleus_api.ApiClient]:
    """An API client with a token."""
    configuration = nucleus_api.Configuration()
    configuration.host = resolved
    nucleus_api.Configuration.set_default(configuration)
    auth = nucleus_api.AuthApi(nucleus_api.ApiClient(configuration))
    token = auth.create_using_post_client_credentials(application.client_id, SECRET)
    configuration.access_token = token.access_token
    yield nucleus_api.ApiClient(configuration)
    nucleus_api.Configuration.set_default(None)


@pytest.fixture
def integration_sdk(resolved: str, application: Application) -> Iterator[integration_api.ApiClient]:
    """An API client that fetched its token as Hydrogen's documentation shows."""
    configuration = integration_api.Configuration()
    configuration.host = f"{resolved}/integration/v1"
    integration_api.Configuration.set_default(configuration)
    auth = integration_api.AuthApi(integration_api.ApiClient(configuration))
    token = auth.create_using_post_client_credentials(application.client_id, SECRET)
    configuration.access_token = token.access_token
    yield integration_api.ApiClient(configuration)
    integration_api.Configuration.set_default(None)
