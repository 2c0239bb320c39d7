"""Everything here is about the sandbox alone, which has a database of its own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.sandbox.platform import V2011, V2025, at_rest
from tests.sandbox_process import Sandbox


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    directory = Path(__file__).parent
    for item in items:
        if directory in item.path.parents:
            item.add_marker(pytest.mark.sandbox)


@pytest.fixture(params=[V2011, V2025])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def platform(sandbox: Sandbox, version: str) -> Sandbox:
    return sandbox.as_platform(version)


@pytest.fixture
def user(platform: Sandbox) -> str:
    body = {"user": {"id": f"person-{time.time_ns()}"}}
    return str(platform.call("POST", "/users", json=body)["user"]["guid"])


@pytest.fixture
def member(platform: Sandbox, user: str) -> str:
    guid = platform.connect(user)
    assert at_rest(platform, user, guid)["connection_status"] == "CONNECTED"
    return guid
