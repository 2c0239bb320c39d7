"""Hydrogen's host name leads to the live server; clients with a token; calls are counted."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import integration_api
import nucleus_api
import pytest

from gateway.access.models import Application
from tests.compat import sdk_methods
from tests.factories.access import SECRET

HOST = "sandbox.hydrogenplatform.com"


@pytest.fixture(scope="module", autouse=True)
def every_method(request: pytest.FixtureRequest) -> Iterator[None]:
    """The file makes every call that `sdk_methods.csv` says it makes, with the ending it says.

    The table and the calls meet within one file, because files may run in different processes.
    Nothing is asked of a file of which only some tests were chosen or one has failed.
    """
    endings: set[tuple[sdk_methods.Method, bool]] = set()
    failed = request.session.testsfailed
    with pytest.MonkeyPatch.context() as patch:
        sdk_methods.record(patch, endings)
        yield
    chosen = {item.originalname for item in request.session.items if item.path == request.path}
    tests = {name for name in vars(request.module) if name.startswith("test_")}
    if tests <= chosen and request.session.testsfailed == failed:
        reported = {row.ending for row in sdk_methods.table() if row.called_in == request.path.name}
        missing = sorted(reported - endings)
        assert missing == [], "sdk_methods.csv says that these end so in this file"


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
