"""How processes connect to the database.

The server has hundreds of threads, most of which wait for a vendor. They share a few connections,
which integrations.database_connections returns to the pool before each call to a vendor. Other
processes have few threads, each with a connection of its own.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

shares_connections = False  # gateway.gunicorn_conf sets it, before the settings are read

_without_jit: WeakSet[Any] = WeakSet()  # connections of psycopg
POOL_SECONDS = 30  # that a request waits while others use all connections


def connection_settings(config: dict[str, Any], *, pool_size: int) -> dict[str, Any]:
    """Django's settings of the database, from those in its URL.

    Args:
        pool_size: connections of one server process to PostgreSQL; 0: one for each thread.
    """
    config = {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True, "OPTIONS": {}} | config
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
        return config
    # The default is TCP's time-out, which is minutes.
    config["OPTIONS"].setdefault("connect_timeout", 5)
    if pool_size and shares_connections:
        config["ENGINE"] = "gateway.pooled_postgresql"
        config["CONN_MAX_AGE"] = 0  # a request returns its connection
        config["OPTIONS"]["pool"] = {"max_size": pool_size, "timeout": POOL_SECONDS}
    return config


def switch_off_jit(connection: Any, **signal: Any) -> None:
    """Keep PostgreSQL from compiling statements to machine code; receives connection_created.

    It compiles a query of the connections' states for seconds, because the estimated costs of all
    its subqueries add up, of which each row needs few.
    """
    if connection.vendor == "postgresql" and connection.connection not in _without_jit:
        with connection.cursor() as cursor:
            cursor.execute("SET jit = off")
        _without_jit.add(connection.connection)
