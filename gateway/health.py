"""Liveness and readiness probes for load balancers, without authentication.

Because anybody may call them, they are cheap: migrations on disk, the connection to Redis and the
state of another broker are cached.
"""

from __future__ import annotations

import time
from functools import cache

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse

from gateway import redis_client
from integrations.jobs import broker

PROBE_SECONDS = 10.0  # between connections to a broker that is not REDIS_URL
_probes: dict[str, tuple[float, str]] = {}  # URL → when it was last probed, and the result


def live(request: HttpRequest) -> JsonResponse:
    """200 while the process serves requests."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 if the database answers and its schema is current, else 503.

    Without Redis or another broker jobs are slower, so its outage is reported as `degraded` with
    status 200.
    """
    checks = {"database": _database()}
    if settings.REDIS_URL:
        checks["redis"] = _redis()
    if settings.BROKER_URL not in ("", settings.REDIS_URL):
        checks["broker"] = _broker()
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
    # The executor also knows which migrations a squashed one replaces.
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    """The last migration of each app on disk."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _redis() -> str:
    try:
        redis_client.client(settings.REDIS_URL).ping()
    except redis.RedisError:
        return "not answering"
    return "ok"


def _broker() -> str:
    url = settings.BROKER_URL
    probed_at, result = _probes.get(url, (-PROBE_SECONDS, "ok"))
    now = time.monotonic()
    if now - probed_at >= PROBE_SECONDS:
        _probes[url] = (now, result)  # for other threads, which do not wait for this probe
        result = "not answering" if broker.probe(url) else "ok"
        _probes[url] = (now, result)
    return result
