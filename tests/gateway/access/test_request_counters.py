"""Limits of requests that are counted in Redis."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import requests
from django.conf import settings as configured
from pytest_django.fixtures import Settings

from gateway.access import counters, request_counters
from gateway.access.models import Application, UsageWindow
from tests.api import Api
from tests.factories.access import ApplicationFactory, access_token
from tests.parallel import at_once

CLIENTS = "/nucleus/v1/client"
needs_redis = pytest.mark.skipif(not configured.REDIS_URL, reason="needs REDIS_URL")
pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Settings) -> Iterator[redis.Redis]:
    """Redis, which other processes of this run use, too."""
    settings.REDIS_URL = configured.REDIS_URL
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        yield server


@needs_redis
@pytest.mark.services
def test_counts_are_in_redis_and_windows_end(server: redis.Redis):
    application: Any = ApplicationFactory(rate_limit_per_minute=2)
    api = Api(access_token(application))
    responses = [api.get(CLIENTS) for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert [response["RateLimit-Remaining"] for response in responses] == ["1", "0", "0"]
    assert 55 <= int(responses[2]["Retry-After"]) <= 60
    assert not UsageWindow.objects.exists()
    (key,) = server.scan_iter(f"requests:*:api:{application.pk}")
    server.pexpire(key, 1)  # the minute is over
    assert 1 <= int(api.get(CLIENTS)["RateLimit-Reset"]) <= 60
    assert api.get(CLIENTS).status_code == 200
    assert api.get(CLIENTS).status_code == 429


@needs_redis
@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_parallel_requests_get_exactly_the_limit(server: redis.Redis, live_server: Any):
    application: Any = ApplicationFactory(rate_limit_per_minute=20)
    headers = {"Authorization": f"Bearer {access_token(application)}"}

    def call() -> int:
        return requests.get(live_server.url + CLIENTS, headers=headers, timeout=60).status_code

    statuses = at_once(40, call)
    assert (statuses.count(200), statuses.count(429)) == (20, 20)


def test_the_database_counts_while_redis_fails(
    application: Application, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    settings.REDIS_URL = f"redis://127.0.0.1:1/{secrets.randbelow(10)}"
    monkeypatch.setattr(request_counters, "_failures", {})
    application.rate_limit_per_minute = 1
    application.save()
    api = Api(access_token(application))
    assert [api.get(CLIENTS).status_code for _ in range(2)] == [200, 429]
    assert UsageWindow.objects.get().used == 1


def test_redis_is_left_alone_for_a_while_after_a_failure(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    calls: list[str] = []

    def fail(url: str, *_: Any) -> counters.Usage:
        calls.append(url)
        raise redis.ConnectionError

    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(request_counters, "_failures", {})
    monkeypatch.setattr(request_counters, "_increment_in_redis", fail)
    for _ in range(3):
        request_counters.increment("api:1", limit=5, seconds=60)
    assert len(calls) == 1
    monkeypatch.setattr(request_counters, "PAUSE", 0.0)
    request_counters.increment("api:1", limit=5, seconds=60)
    assert len(calls) == 2
