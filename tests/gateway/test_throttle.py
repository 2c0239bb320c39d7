"""How often an application may call."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.db import connection, connections
from django.db.models import F
from django.test import RequestFactory

from gateway.access import retention, throttle, windows
from gateway.access.models import Application, UsageWindow
from tests.api import Api
from tests.factories.access import ApplicationFactory, access_token
from tests.gateway.test_access import ask
from tests.parallel import at_once

CLIENTS = "/nucleus/v1/client"


def pass_time(seconds: float) -> None:
    """Let the windows be so much older."""
    UsageWindow.objects.update(started=F("started") - seconds)


@pytest.mark.django_db(transaction=True)
def test_200_parallel_requests_against_a_limit_of_100_admit_exactly_100(
    live_server: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(windows, "BUSY_MILLISECONDS", 20_000)  # however slow this machine is
    application = ApplicationFactory(rate_limit_per_minute=100)
    headers = {"Authorization": f"Bearer {access_token(application)}"}

    def call() -> int:
        return requests.get(live_server.url + CLIENTS, headers=headers, timeout=60).status_code

    statuses = at_once(200, call)
    assert statuses.count(200) == 100
    assert statuses.count(429) == 100


def test_the_refusal_says_when_to_come_back(application: Application):
    application.rate_limit_per_minute = 2
    application.save()
    api = Api(access_token(application))
    answers = [api.get(CLIENTS) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert [one["RateLimit-Remaining"] for one in answers] == ["1", "0", "0"]
    assert {one["RateLimit-Limit"] for one in answers} == {"2"}
    refusal = answers[-1]
    assert 55 <= int(refusal["Retry-After"]) <= 60
    assert 55 <= int(refusal["RateLimit-Reset"]) <= 60
    assert refusal.data["code"] == "rate_limited"
    assert refusal.data["fault"] == "caller"
    retry_at, now = (
        datetime.fromisoformat(refusal.data[name]) for name in ("retry_at", "timestamp")
    )
    assert 55 <= (retry_at - now).total_seconds() <= 60
    # Every token of the application shares its limit; other applications have their own.
    assert Api(access_token(application)).get(CLIENTS).status_code == 429
    other = ApplicationFactory(tenant=application.tenant)
    assert Api(access_token(other)).get(CLIENTS).status_code == 200


def test_a_window_is_over_a_minute_after_its_first_request(application: Application):
    application.rate_limit_per_minute = 1
    application.save()
    api = Api(access_token(application))
    assert api.get(CLIENTS).status_code == 200
    pass_time(55)
    assert 1 <= int(api.get(CLIENTS)["Retry-After"]) <= 5
    pass_time(5)
    assert [api.get(CLIENTS).status_code for _ in range(2)] == [200, 429]
    pass_time(-3600)  # the clock was set back: nobody waits an hour for it
    assert api.get(CLIENTS).status_code == 200


def test_limits_of_their_own_and_none_at_all(application: Application, settings: Any):
    settings.RATE_LIMIT_PER_MINUTE = 1
    api = Api(access_token(application))
    assert [api.get(CLIENTS).status_code for _ in range(2)] == [200, 429]
    application.rate_limit_per_minute = 0
    application.save()
    answer = api.get(CLIENTS)
    assert answer.status_code == 200
    assert not answer.has_header("RateLimit-Limit")


def test_refused_work_is_not_done_and_the_count_outlives_a_failed_request(
    application: Application,
):
    application.rate_limit_per_minute = 1
    application.save()
    api = Api(access_token(application))
    assert api.post(CLIENTS, {"username": ""}).status_code == 400
    body = {"username": "ada", "client_type": "consumer"}
    assert api.post(CLIENTS, body).status_code == 429
    pass_time(60)
    assert api.post(CLIENTS, body).status_code == 201


def test_one_request_counts_once_whoever_asks(application: Application):
    request = RequestFactory().post(CLIENTS)
    first = throttle.admit(application, request)
    assert throttle.admit(application, request) == first
    assert UsageWindow.objects.get().used == 1
    throttle.admit(application)
    assert UsageWindow.objects.get().used == 2


def test_calls_for_tokens_have_a_limit_of_their_own(application: Application, settings: Any):
    settings.TOKEN_RATE_LIMIT_PER_MINUTE = 3
    token = ask(application).json()["access_token"]
    statuses = [ask(application, secret="wrong").status_code for _ in range(3)]
    assert statuses == [401, 401, 429]
    refusal = ask(application)  # a guess that is right learns nothing either
    assert refusal.status_code == 429
    assert int(refusal["Retry-After"]) > 50
    assert Api(token).get(CLIENTS).status_code == 200
    assert ask(ApplicationFactory(tenant=application.tenant)).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers")
def test_a_busy_writer_does_not_stop_reads(
    application: Application, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(windows, "BUSY_MILLISECONDS", 50)
    api = Api(access_token(application))
    writer = connections.create_connection("default")
    writer.cursor().execute("BEGIN IMMEDIATE")
    try:
        assert api.get(CLIENTS).status_code == 200
    finally:
        writer.cursor().execute("ROLLBACK")
        writer.close()
    assert not UsageWindow.objects.exists()
    with connection.cursor() as cursor:  # the connection is as it was
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (20_000,)
    assert api.get(CLIENTS)["RateLimit-Remaining"]


def test_old_windows_are_forgotten(application: Application):
    throttle.admit(application)
    assert retention.prune(10) == 0
    pass_time(24 * 3600 + 1)
    assert retention.prune(10) == 1
    assert not UsageWindow.objects.exists()


def test_provisioning_it(db: Any):
    base = ("provision", "--tenant", "demo", "--application", "app")
    call_command(*base, "--rate-limit", "7")
    call_command(*base)
    assert Application.objects.get().rate_limit_per_minute == 7
