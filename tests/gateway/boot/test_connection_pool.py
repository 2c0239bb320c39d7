"""The connections that the server's threads share, and when they are returned."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError
from pytest_django.plugin import DjangoDbBlocker

from gateway.boot import database
from gateway.boot.environment import Environment
from gateway.pooled_postgresql.base import DatabaseWrapper
from integrations import database_connections
from tests import templates

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="needs PostgreSQL"
    ),
]
SIZE = 3


@pytest.fixture
def config(
    monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, Any]]:
    """Django's settings of a database, as the server has them."""
    server = os.environ["DATABASE_URL"]
    monkeypatch.setattr(database, "shares_connections", True)
    url = templates.postgres(server)
    monkeypatch.setenv("DATABASE_URL", f"{url}?connect_timeout=2")
    values = database.connection_settings(
        Environment().db("DATABASE_URL", default=""), pool_size=SIZE
    )
    values |= {"TIME_ZONE": None, "AUTOCOMMIT": True, "ATOMIC_REQUESTS": False}
    values["OPTIONS"]["pool"]["timeout"] = 1
    monkeypatch.setattr(DatabaseWrapper, "pools", {})
    with django_db_blocker.unblock():
        yield values
    for pool in DatabaseWrapper.pools.values():
        for connection in pool.idle:
            connection.close()
    templates.drop(server, url)


def backend(connection: DatabaseWrapper) -> int:
    """The process id of the connection at the server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_threads_share_a_few_connections(config: dict[str, Any]):
    backends: list[int] = []

    def query() -> None:
        connection = DatabaseWrapper(config, "default")
        for _ in range(5):
            backends.append(backend(connection))
            connection.close()

    threads = [threading.Thread(target=query) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(backends) == 100
    assert len(set(backends)) <= SIZE


def test_a_request_without_a_free_connection_is_refused(config: dict[str, Any]):
    connections = [DatabaseWrapper(config, "default") for _ in range(SIZE + 1)]
    for connection in connections[:SIZE]:
        backend(connection)
    with pytest.raises(OperationalError, match="DATABASE_POOL_SIZE"):
        backend(connections[SIZE])
    connections[0].close()
    backend(connections[SIZE])
    for connection in connections:
        connection.close()


def test_a_connection_that_the_server_has_closed_is_replaced(config: dict[str, Any]):
    connection = DatabaseWrapper(config, "default")
    pid = backend(connection)
    connection.close()
    with psycopg.connect(os.environ["DATABASE_URL"].partition("?")[0], autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", [pid])
    assert backend(connection) != pid
    connection.close()


def test_an_unreachable_server_is_reported_at_once(config: dict[str, Any]):
    connection = DatabaseWrapper(config | {"PORT": 1}, "default")
    for _ in range(SIZE + 1):  # a failure occupies no connection
        began = time.monotonic()
        with pytest.raises(OperationalError, match="refused"):
            backend(connection)
        assert time.monotonic() - began < config["OPTIONS"]["connect_timeout"]


def test_an_open_transaction_keeps_its_connection(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    connection = DatabaseWrapper(config, "default")
    monkeypatch.setattr(database_connections, "connection", connection)
    pid = backend(connection)
    connection.in_atomic_block = True
    database_connections.release()
    assert connection.connection is not None
    connection.in_atomic_block = False
    database_connections.release()
    assert connection.connection is None
    assert backend(connection) == pid
    connection.close()


def test_a_forked_process_does_not_share_them(config: dict[str, Any]):
    connection = DatabaseWrapper(config, "default")
    pid = backend(connection)
    connection.close()
    child = os.fork()
    if child == 0:
        os._exit(int(backend(connection) == pid))
    assert os.waitpid(child, 0)[1] == 0
    assert backend(connection) == pid
    connection.close()
