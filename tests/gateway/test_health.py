"""Probes: right, and cheap enough for anybody to ask."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client as HttpClient
from django.test.utils import CaptureQueriesContext

from gateway import health
from integrations.jobs import broker
from tests.faults import services

pytestmark = pytest.mark.django_db


def ready() -> Any:
    return HttpClient().get("/health/ready")


def test_a_probe_is_a_few_queries(monkeypatch: pytest.MonkeyPatch):
    assert ready().status_code == 200

    def built(*args: Any) -> Any:
        raise AssertionError("the migrations on disk are read for every probe")

    monkeypatch.setattr(MigrationExecutor, "__init__", built)
    with CaptureQueriesContext(connection) as queries:
        response = ready()
    assert response.json()["checks"]["database"] == "ok"
    assert len(queries) <= 3


def test_a_missing_migration_is_seen_at_once():
    assert ready().status_code == 200
    app, name = sorted(health._newest_migrations())[-1]  # replaces no others, which would count
    MigrationRecorder(connection).record_unapplied(app, name)
    response = ready()
    assert response.status_code == 503
    assert response.json()["checks"]["database"] == "migrations are missing"
    MigrationRecorder(connection).record_applied(app, name)
    assert ready().status_code == 200


def test_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch):
    def away(*args: Any) -> Any:
        raise OperationalError

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", away)
    response = ready()
    assert (response.status_code, response.json()["status"]) == (503, "unavailable")
    assert HttpClient().get("/health/live").status_code == 200


def test_redis_that_is_away_is_no_failure(settings: Any):
    settings.REDIS_URL = settings.BROKER_URL = "redis://127.0.0.1:1/0"
    response = ready()
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["checks"] == {"database": "ok", "redis": "not answering"}


def test_another_broker_that_is_away_is_no_failure(settings: Any, monkeypatch: pytest.MonkeyPatch):
    settings.REDIS_URL = ""
    settings.BROKER_URL = f"amqp://127.0.0.1:{services.free_port()}/x"
    response = ready()
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["checks"] == {"database": "ok", "broker": "not answering"}
    monkeypatch.setattr(broker, "probe", None)  # the next probes do not connect again
    assert ready().json()["checks"]["broker"] == "not answering"


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_probes_come_by_plain_http_to_an_address(settings: Any, path: str, method: str):
    """As those of containers and pods do, which no ALLOWED_HOSTS names."""
    settings.ALLOWED_HOSTS = ["gateway.bank.example"]
    settings.SECURE_SSL_REDIRECT = True
    settings.METRICS_TOKEN = "a-token-of-the-scrape"
    headers = {"host": "10.1.2.3:8000", "authorization": "Bearer a-token-of-the-scrape"}
    response = getattr(HttpClient(), method)(path, headers=headers)
    assert response.status_code == 200
    assert response["X-Request-Id"]
    if path == "/metrics":
        assert HttpClient().get(path, headers={"host": "10.1.2.3"}).status_code == 401
    other = HttpClient().get("/docs", headers=headers, secure=True)
    assert other.json()["code"] == "unknown_host"
