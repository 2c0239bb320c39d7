"""The whole product as `make run` starts it, for tests that use it from outside.

With DATABASE_URL and REDIS_URL set, on a fresh PostgreSQL database and with Celery workers.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from demo.stack import Stack, temporary

REDIS_DATABASE = 14  # not the one whose queues other tests look into


@contextmanager
def running() -> Iterator[Stack]:
    """A stack on free ports; its data is gone afterwards."""
    with _services() as services, temporary({"SANDBOX_JOB_SECONDS": "0.3", **services}) as stack:
        yield stack


@contextmanager
def _services() -> Iterator[dict[str, str]]:
    server = urlsplit(os.environ.get("DATABASE_URL", ""))
    if not server.scheme.startswith("postgres"):
        yield {}
        return
    name = f"stack_{secrets.token_hex(8)}"
    with psycopg.connect(server.geturl(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    environment = {"DATABASE_URL": server._replace(path=f"/{name}").geturl()}
    if redis := os.environ.get("REDIS_URL"):
        environment["REDIS_URL"] = urlsplit(redis)._replace(path=f"/{REDIS_DATABASE}").geturl()
    try:
        yield environment
    finally:
        with psycopg.connect(server.geturl(), autocommit=True) as connection:
            drop = "DROP DATABASE {} WITH (FORCE)"
            connection.execute(sql.SQL(drop).format(sql.Identifier(name)))
