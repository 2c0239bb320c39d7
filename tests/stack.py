"""The whole product as `make run` starts it, for tests that use it from outside.

With DATABASE_URL and REDIS_URL set, on a fresh PostgreSQL database and with Celery workers.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from demo.stack import Stack, temporary
from tests import mx_api, templates

REDIS_DATABASE = 14  # not the one whose queues other tests look into


@contextmanager
def running() -> Iterator[Stack]:
    """A stack on free ports; its data is gone afterwards."""
    with (
        services() as environment,
        temporary(
            {"SANDBOX_JOB_SECONDS": "0.3", **environment}, mx_api=str(mx_api.chosen())
        ) as stack,
    ):
        yield stack


@contextmanager
def services() -> Iterator[dict[str, str]]:
    """A migrated database, and Redis where there is one, as environment variables."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        with tempfile.TemporaryDirectory(prefix="stack-data-") as directory:
            yield {"DATABASE_URL": templates.sqlite(Path(directory))}
        return
    environment = {"DATABASE_URL": templates.postgres(server)}
    if redis := os.environ.get("REDIS_URL"):
        environment["REDIS_URL"] = urlsplit(redis)._replace(path=f"/{REDIS_DATABASE}").geturl()
    try:
        yield environment
    finally:
        templates.drop(server, environment["DATABASE_URL"])
