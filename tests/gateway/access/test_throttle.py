"""Rate limits per application and per client."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.db import connection, connections
from django.db.models import F
from django.test import RequestFactory

from gateway.access import retention, throttle
from gateway.access.models import Application, UsageWindow
from nucleus.models import Client
from tests.api import Api
from tests.factories.access import ApplicationFactory, access_token
from tests.factories.nucleus import ClientFactory
from tests.parallel import at_once

CLIENTS = "/nucleus/v1/client"


@pytest.fixture(autouse=True)
def in_the_database(settings: Any) -> None:
    """Counted there, also where there is a Redis."""
    settings.REDIS_URL = ""


def pass_time(seconds: float) -> None:
    """Let the windows be so much older."""
    UsageWindow.objects.update(started=F("started") - seconds)


@pytest.mark.django_db(transaction=True)
def test_200_parallel_requests_against_a_limit_of_100_admit_exactly_100(
    live_server: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(throttle, "MAX_WAIT", 20.0)  # however slow this machine is
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
    responses = [api.get(CLIENTS) for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert [response["RateLimit-Remaining"] for response in responses] == ["1", "0", "0"]
    assert {response["RateLimit-Limit"] for response in responses} == {"2"}
    refusal = responses[-1]
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


def test_an_application_may_have_its_own_limit_or_none(application: Application, settings: Any):
    settings.RATE_LIMIT_PER_MINUTE = 1
    api = Api(access_token(application))
    assert [api.get(CLIENTS).status_code for _ in range(2)] == [200, 429]
    application.rate_limit_per_minute = 0
    application.save()
    response = api.get(CLIENTS)
    assert response.status_code == 200
    assert not response.has_header("RateLimit-Limit")


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


def test_forbidden_requests_are_counted(application: Application):
    application.rate_limit_per_minute = 2
    application.save()
    reader = Api(access_token(application, scope="read"))
    responses = [reader.post(CLIENTS, {}) for _ in range(3)]
    assert [response.status_code for response in responses] == [403, 403, 429]
    assert responses[0]["RateLimit-Remaining"] == "1"
    assert reader.get(CLIENTS).status_code == 429


def test_one_clients_token_takes_nothing_from_the_tenant_and_other_clients(
    application: Application, nucleus_client: Client
):
    application.rate_limit_per_minute = 60
    application.save()
    other_client: Any = ClientFactory(tenant=application.tenant)
    ada, grace = (
        Api(access_token(application, client=client)) for client in (nucleus_client, other_client)
    )
    responses = [ada.get(CLIENTS) for _ in range(61)]
    assert [response.status_code for response in responses] == [200] * 6 + [429] * 55
    assert {response["RateLimit-Limit"] for response in responses} == {"6"}  # a tenth
    refusal = responses[-1]
    assert "client" in refusal.data["message"]
    assert 55 <= int(refusal["Retry-After"]) <= 60
    # Another token of hers is no way round it.
    second_token = Api(access_token(application, client=nucleus_client))
    assert second_token.get(CLIENTS).status_code == 429
    assert grace.get(CLIENTS)["RateLimit-Remaining"] == "5"
    assert Api(access_token(application)).get(CLIENTS)["RateLimit-Remaining"] == "59"
    other_application = ApplicationFactory(tenant=application.tenant)
    same_client = Api(access_token(other_application, client=nucleus_client))
    assert same_client.get(CLIENTS)["RateLimit-Limit"] == "600"


def test_clients_together_have_as_much_as_the_tenant(application: Application):
    application.rate_limit_per_minute, application.client_rate_limit_per_minute = 4, 3
    application.save()
    clients: list[Any] = ClientFactory.create_batch(3, tenant=application.tenant)
    ada, grace, joan = (Api(access_token(application, client=client)) for client in clients)
    assert [ada.get(CLIENTS).status_code for _ in range(9)] == [200] * 3 + [429] * 6
    last = grace.get(CLIENTS)  # what ada was refused has not been taken from the others
    assert (last.status_code, last["RateLimit-Limit"], last["RateLimit-Remaining"]) == (
        200,
        "4",
        "0",
    )
    refusal = joan.get(CLIENTS)
    assert (refusal.status_code, refusal["RateLimit-Limit"]) == (429, "4")
    assert "clients" in refusal.data["message"]
    tenants = Api(access_token(application))
    assert [tenants.get(CLIENTS).status_code for _ in range(5)] == [200] * 4 + [429]


@pytest.mark.parametrize(
    ("usual", "tenant_limit", "own", "share"),
    [
        (600, None, None, "600"),
        (600, 3000, None, "300"),
        (600, 5, None, "1"),  # never none
        (600, 0, None, "600"),  # the application has no limit; its clients do
        (20, 3000, None, "20"),
        (600, 3000, 1000, "1000"),
        (600, 3000, 0, "3000"),  # only that of all clients
        (0, 3000, None, "3000"),
        (0, 0, None, None),
    ],
)
def test_the_limit_of_a_client(
    application: Application,
    nucleus_client: Client,
    settings: Any,
    usual: int,
    tenant_limit: int | None,
    own: int | None,
    share: str | None,
):
    settings.CLIENT_RATE_LIMIT_PER_MINUTE = usual
    application.rate_limit_per_minute, application.client_rate_limit_per_minute = tenant_limit, own
    application.save()
    response = Api(access_token(application, client=nucleus_client)).get(CLIENTS)
    assert response.status_code == 200
    assert response.get("RateLimit-Limit") == share


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_of_one_client_get_exactly_its_share(
    live_server: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(throttle, "MAX_WAIT", 20.0)  # however slow this machine is
    application = ApplicationFactory(client_rate_limit_per_minute=10)
    client = ClientFactory(tenant=application.tenant)
    headers = {"Authorization": f"Bearer {access_token(application, client=client)}"}

    def call() -> int:
        return requests.get(live_server.url + CLIENTS, headers=headers, timeout=60).status_code

    statuses = at_once(20, call)
    assert (statuses.count(200), statuses.count(429)) == (10, 10)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers")
def test_a_busy_writer_does_not_stop_reads(
    application: Application, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(throttle, "MAX_WAIT", 0.05)
    api = Api(access_token(application))
    writer = connections.create_connection("default")
    writer.cursor().execute("BEGIN IMMEDIATE")
    with connection.cursor() as cursor:
        busy_timeout = cursor.execute("PRAGMA busy_timeout").fetchone()
    try:
        assert api.get(CLIENTS).status_code == 200
    finally:
        writer.cursor().execute("ROLLBACK")
        writer.close()
    assert not UsageWindow.objects.exists()
    with connection.cursor() as cursor:  # the connection is as it was
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == busy_timeout
    assert api.get(CLIENTS)["RateLimit-Remaining"]


def test_old_windows_are_forgotten(application: Application):
    throttle.admit(application)
    assert retention.prune(10) == 0
    pass_time(24 * 3600 + 1)
    assert retention.prune(10) == 1
    assert not UsageWindow.objects.exists()


def test_provision_sets_the_limit(db: Any):
    base = ("provision", "--tenant", "demo", "--application", "app")
    call_command(*base, "--rate-limit", "7", "--client-rate-limit", "2")
    call_command(*base)
    row = Application.objects.get()
    assert (row.rate_limit_per_minute, row.client_rate_limit_per_minute) == (7, 2)
