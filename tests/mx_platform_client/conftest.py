"""MX's client, speaking each version of the Platform API to the sandbox."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

if importlib.util.find_spec("mx_platform_python"):
    import mx_platform_python
else:  # the environment of the other tests; see __main__.py
    collect_ignore_glob = ["test_*.py"]

CLIENT_ID, API_KEY = "sandbox-platform-client-id", "sandbox-platform-api-key"
# The client is made for the first: it sends that Accept by itself, though not with deletions.
HEADERS: dict[str, dict[str, str]] = {
    "v20111101": {"Accept-Version": "v20111101"},
    "v20250224": {"Accept": "application/json", "Accept-Version": "v20250224"},
}


def opened(headers: dict[str, str], key: str = API_KEY) -> SimpleNamespace:
    """Every API class of the client, by its name, such as `users`."""
    configuration = mx_platform_python.Configuration(
        host=os.environ["SANDBOX_URL"], username=CLIENT_ID, password=key
    )
    client = mx_platform_python.ApiClient(configuration)
    for name, value in headers.items():
        client.set_default_header(name, value)
    classes = {
        re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.removesuffix("Api")).lower(): value
        for name, value in vars(mx_platform_python).items()
        if name.endswith("Api")
    }
    return SimpleNamespace(**{name: value(client) for name, value in classes.items()})


@pytest.fixture(params=HEADERS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def mx(version: str) -> SimpleNamespace:
    return opened(HEADERS[version])


@pytest.fixture
def user(mx: Any) -> Iterator[str]:
    """A user of MX, deleted after the test."""
    request = mx_platform_python.UserCreateRequest(metadata="of a test")
    body = mx_platform_python.UserCreateRequestBody(user=request)
    guid = str(mx.users.create_user(body).user.guid)
    yield guid
    if guid in {row.guid for row in mx.users.list_users(records_per_page=1000).users}:
        mx.users.delete_user("application/vnd.mx.api.v1+json", guid)
