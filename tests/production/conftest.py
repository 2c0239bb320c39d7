"""Needs DATABASE_URL (PostgreSQL) and REDIS_URL, whose database number is for these tests alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests import templates
from tests.production.deployment import Deployment, deployed
from tests.production.readme import blocks

DIRECTORY = Path(__file__).parent
SERVER, BROKER = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
needs_services = pytest.mark.skipif(
    not (SERVER.startswith("postgres") and BROKER),
    reason="needs DATABASE_URL of a PostgreSQL server and REDIS_URL: make test-production",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if DIRECTORY in item.path.parents:
            item.add_marker(pytest.mark.production)
            item.add_marker(needs_services)


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A new, empty database."""
    url = templates.empty_postgres(SERVER)
    yield url
    templates.drop(SERVER, url)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A database of Redis that nobody else uses."""
    with redis.Redis.from_url(BROKER) as client:
        if client.dbsize():
            pytest.fail("REDIS_URL names a database that is in use: give it another number.")
        yield BROKER
        client.flushdb()


@pytest.fixture(scope="session")
def production(database_url: str, redis_url: str) -> Iterator[Deployment]:
    """An installation by the README's first block, in another directory than /opt/gateway."""
    with (
        tempfile.TemporaryDirectory(prefix="production-") as directory,
        deployed(Path(directory), database_url, redis_url) as item,
    ):
        # Python of the tests; and pip's own settings, which say where packages come from.
        python = Path(sys.executable).resolve().parent
        clean = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
        clean["PATH"] = f"{python}:{clean['PATH']}"
        script = "set -e\n" + "\n".join(blocks()[0]).replace("/opt/gateway", str(item.place))
        subprocess.run(
            ["bash", "-c", script], cwd=item.checkout, env=clean, check=True, timeout=600
        )
        yield item
