"""Is it alive, is it ready? For load balancers; no authentication, nothing secret.

Anybody may ask, so a probe is a few queries: what is on disk and the connection to Redis are kept.
"""

from __future__ import annotations

from functools import cache

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse


def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Requests can be served: the database answers and its schema is current.

    Without Redis the gateway still works, only slower, so that is reported and is no failure.
    """
    checks = {"database": _database()}
    if settings.REDIS_URL:
        checks["redis"] = _redis()
    failed = checks["database"] != "ok"
    status = "unavailable" if failed else "ok" if set(checks.values()) == {"ok"} else "degraded"
    return JsonResponse({"status": status, "checks": checks}, status=503 if failed else 200)


def _database() -> str:
    try:
        return "ok" if _is_migrated() else "migrations are missing"
    except DatabaseError:
        return "not answering"


def _is_migrated() -> bool:
    if MigrationRecorder(connection).applied_migrations().keys() >= _newest_migrations():
        return True
    # Squashed migrations count by the ones they replace, which only the executor knows.
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    """The last of each app on disk, which all others lead to; code does not change while it
    runs."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _redis() -> str:
    try:
        _redis_client(settings.REDIS_URL).ping()
    except redis.RedisError:
        return "not answering"
    return "ok"


@cache
def _redis_client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
