"""Is it alive, is it ready? For load balancers; no authentication, nothing secret."""

from __future__ import annotations

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
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
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "not answering"
    return "migrations are missing" if missing else "ok"


def _redis() -> str:
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1).ping()
    except redis.RedisError:
        return "not answering"
    return "ok"
