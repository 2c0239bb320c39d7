"""Scenarios with real processes. Short by default; FAULTS=long asks for the full numbers."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import services
from tests.faults.deployment import Deployment, deployed
from tests.sandbox_process import Sandbox

LONG = os.environ.get("FAULTS") == "long"
needs_postgres = pytest.mark.skipif(
    not services.HAS_POSTGRES, reason="no PostgreSQL binaries (and runuser, as root)"
)
needs_redis = pytest.mark.skipif(not services.HAS_REDIS, reason="no redis-server")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    directory = Path(__file__).parent
    for item in items:
        if directory in item.path.parents:
            item.add_marker(pytest.mark.faults)


def often(short: int, long: int) -> int:
    """How often, in this form of the suite."""
    return long if LONG else short


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory for databases and logs."""
    directory = Path(tempfile.mkdtemp(prefix="faults-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def on_sqlite(place: Path, own_sandbox: Sandbox) -> Iterator[Deployment]:
    with deployed(place, own_sandbox) as deployment:
        yield deployment


@pytest.fixture
def cluster() -> Iterator[services.Postgres]:
    with services.postgres() as server:
        yield server


@pytest.fixture
def on_postgres(
    place: Path, own_sandbox: Sandbox, cluster: services.Postgres
) -> Iterator[Deployment]:
    with deployed(place, own_sandbox, cluster.url) as deployment:
        yield deployment


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=needs_postgres)])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """On either database."""
    result: Deployment = request.getfixturevalue(f"on_{request.param}")
    return result
