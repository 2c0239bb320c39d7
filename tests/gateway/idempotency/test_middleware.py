"""Idempotency-Key: executed once, the response repeated, forgotten after a failure."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gateway.access import retention
from gateway.access.models import Application, IdempotencyKey
from gateway.idempotency import middleware
from integrations.flows import users
from integrations.models import VendorUser, WebhookSubscription
from nucleus.models import Client
from tests.api import Api
from tests.factories.access import ApplicationFactory, access_token
from tests.parallel import at_once
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db
CLIENTS, USERS, WEBHOOKS = "/nucleus/v1/client", "/integration/v1/user", "/integration/v1/webhook"
PERSON = {"username": "ada", "client_type": "consumer"}
HOOK = {"url": "https://app.demo.example/hooks", "integration_service": ["kyc"]}


def keyed(api: Api, key: str = "a-key") -> Api:
    """The same caller, whose POSTs carry a key."""
    keyed_api = Api("")
    keyed_api.headers = api.headers | {"Idempotency-Key": key}
    return keyed_api


def user_of(client: Client) -> dict[str, Any]:
    return {"nucleus_client_id": str(client.id), "product": "atom", "vendor_name": "mx"}


def test_fingerprints_are_keyed_by_the_server(api: Api, settings: Any):
    """Bodies hold passwords and account numbers, few enough to be tried against a plain hash."""
    body = PERSON | {"password": "correct horse"}
    assert keyed(api).post(CLIENTS, body).status_code == 201
    assert keyed(api).post(CLIENTS, body).headers["Idempotent-Replayed"] == "true"
    settings.SECRET_KEY = "another" * 10
    assert keyed(api).post(CLIENTS, body).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_execute_once(application: Application, live_server: Any):
    headers = {
        "Authorization": f"Bearer {access_token(application)}",
        "Idempotency-Key": str(uuid.uuid4()),
    }
    responses = at_once(
        50,
        lambda: requests.post(live_server.url + CLIENTS, json=PERSON, headers=headers, timeout=120),
    )
    assert [response.status_code for response in responses] == [201] * 50
    assert len({response.content for response in responses}) == 1
    assert sum("Idempotent-Replayed" in response.headers for response in responses) == 49
    assert Client.unscoped.count() == 1


@pytest.mark.django_db(transaction=True)
def test_at_a_vendor_the_first_of_twenty_is_executed(
    application: Application, mx: Sandbox, nucleus_client: Client
):
    token, body = access_token(application), user_of(nucleus_client)
    mx.fault(method="POST", path="/users", kind="latency", latency_seconds=0.5)
    responses = at_once(20, lambda: keyed(Api(token)).post(USERS, body))
    statuses = sorted(response.status_code for response in responses)
    assert set(statuses) <= {200, 409}
    done = [response for response in responses if response.status_code == 200]
    assert sum("Idempotent-Replayed" not in response for response in done) == 1
    assert len({response.content for response in done}) == 1
    running = [response for response in responses if response.status_code == 409]
    assert running
    assert {response.data["code"] for response in running} == {"idempotency_key_in_use"}
    assert all(int(response["Retry-After"]) > 0 for response in running)


def test_a_repeated_request_gets_the_stored_response(api: Api, settings: Any):
    first = keyed(api).post(CLIENTS, PERSON)
    repeated = keyed(api).post(CLIENTS, dict(reversed(PERSON.items())))
    assert (first.status_code, repeated.status_code) == (201, 201)
    assert repeated.content == first.content
    assert repeated["Content-Type"] == first["Content-Type"]
    assert "Idempotent-Replayed" not in first
    assert repeated["Idempotent-Replayed"] == "true"
    assert (Client.unscoped.count(), IdempotencyKey.objects.count()) == (1, 1)


def test_a_key_stands_for_one_request(api: Api, foreign_api: Api):
    assert keyed(api).post(CLIENTS, PERSON).status_code == 201
    for path, body in [
        (CLIENTS, PERSON | {"username": "grace"}),
        (CLIENTS + "?page=1", PERSON),
        (WEBHOOKS, PERSON),
        (USERS, PERSON),
    ]:
        response = keyed(api).post(path, body)
        assert (response.status_code, response.data["code"]) == (422, "idempotency_key_reused"), (
            path
        )
    assert keyed(foreign_api).post(CLIENTS, PERSON).status_code == 201
    assert Client.unscoped.count() == 2
    other = Api(access_token(ApplicationFactory(tenant=Client.unscoped.first().tenant)))
    own = keyed(other).post(CLIENTS, PERSON | {"username": "joan"})  # another application
    assert (own.status_code, "Idempotent-Replayed" in own) == (201, False)


def test_the_stored_response_needs_the_same_permission(
    application: Application, api: Api, mx: Sandbox, nucleus_client: Client
):
    body = user_of(nucleus_client)
    assert keyed(api).post(USERS, body).status_code == 200
    confined = access_token(application, client=nucleus_client)
    masked = access_token(application, scope="create read")
    reader = access_token(application, scope="read")
    refusals = [
        keyed(Api(token)).post(USERS, body).status_code
        for token in (confined, masked, reader, "nonsense")
    ]
    # The client's keys are its own, so its request is done.
    assert refusals == [200, 422, 403, 401]
    later = access_token(application)  # tokens live shorter than keys
    assert "Idempotent-Replayed" in keyed(Api(later)).post(USERS, body)


def test_failures_are_not_kept(api: Api, mx: Sandbox, nucleus_client: Client):
    assert keyed(api).post(CLIENTS, {"username": "ada"}).status_code == 400
    assert keyed(api).post(CLIENTS, PERSON).status_code == 201
    vendor = keyed(api, "another")
    mx.fault(method="POST", path="/users", status=500, count=10)
    assert vendor.post(USERS, user_of(nucleus_client)).status_code == 503
    mx.heal()
    assert vendor.post(USERS, {"product": "atom"}).status_code == 400
    assert IdempotencyKey.objects.count() == 1


def test_a_failure_leaves_nothing_of_its_effect(api: Api, monkeypatch: pytest.MonkeyPatch):
    def broken(client: Client) -> None:
        raise RuntimeError

    monkeypatch.setattr(users, "client_created", broken)
    assert keyed(api).post(CLIENTS, PERSON).status_code == 500
    monkeypatch.undo()
    assert not Client.unscoped.exists()
    assert keyed(api).post(CLIENTS, PERSON).status_code == 201


def test_a_lease_is_respected_and_taken_over(api: Api, mx: Sandbox, nucleus_client: Client):
    body = user_of(nucleus_client)
    first = keyed(api).post(USERS, body)
    rows = IdempotencyKey.objects.all()
    now = timezone.now()
    # As if the process had died before it could store its answer.
    rows.update(status=None, lease_until=now + timedelta(minutes=1))
    running = keyed(api).post(USERS, body)
    assert (running.status_code, running.data["code"]) == (409, "idempotency_key_in_use")
    rows.update(lease_until=now - timedelta(seconds=1))
    taken_over = keyed(api).post(USERS, body)
    assert (taken_over.status_code, taken_over.content) == (200, first.content)
    assert "Idempotent-Replayed" not in taken_over
    assert "Idempotent-Replayed" in keyed(api).post(USERS, body)
    assert VendorUser.unscoped.count() == 1


def test_a_request_whose_lease_was_taken_over_stores_nothing(
    api: Api, mx: Sandbox, nucleus_client: Client, monkeypatch: pytest.MonkeyPatch
):
    create = users.create

    def slow(**arguments: Any) -> Any:
        IdempotencyKey.objects.update(token=2)
        return create(**arguments)

    monkeypatch.setattr(users, "create", slow)
    assert keyed(api).post(USERS, user_of(nucleus_client)).status_code == 200
    assert IdempotencyKey.objects.get().status is None


def test_stored_answers_are_encrypted(api: Api):
    first = keyed(api).post(WEBHOOKS, HOOK)
    assert first.status_code == 200, first.data
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM access_idempotencykey")
        dump = repr(cursor.fetchall())
    assert first.data["secret"] not in dump
    assert "app.demo.example" not in dump
    assert keyed(api).post(WEBHOOKS, HOOK).data["secret"] == first.data["secret"]
    assert WebhookSubscription.unscoped.count() == 1


def test_a_week_later_it_is_forgotten(api: Api):
    keyed(api).post(CLIENTS, PERSON)
    keyed(api, "fresh").post(CLIENTS, PERSON | {"username": "grace"})
    old = IdempotencyKey.objects.filter(key="a-key")
    assert old.get().expires_at > timezone.now() + timedelta(days=6)
    old.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert keyed(api).post(CLIENTS, PERSON | {"username": "joan"}).status_code == 201
    old.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert retention.prune(10) == 1
    assert [row.key for row in IdempotencyKey.objects.all()] == ["fresh"]


@pytest.mark.parametrize("key", ["", "two words", "ü", "x" * 256, "x" * 7000])
def test_an_invalid_key_is_refused(api: Api, key: str):
    response = keyed(api, key).post(CLIENTS, PERSON)
    assert response.status_code == 400
    assert "Idempotency-Key" in response.data["errors"]
    assert not Client.unscoped.exists()


@pytest.mark.parametrize("content", ["{", "[1e999999999999999999999]", "[" * 5000, "x" * 300_000])
def test_unreadable_bodies_are_refused_as_without_a_key(api: Api, content: str):
    responses = [
        api.http.post(CLIENTS, content, "application/json", headers=caller.headers)
        for caller in (api, keyed(api))
    ]
    assert responses[0].status_code == responses[1].status_code
    assert responses[0].status_code in (400, 413)


def test_the_token_is_looked_up_once_and_other_methods_ignore_the_key(api: Api):
    with CaptureQueriesContext(connection) as queries:
        keyed(api).post(CLIENTS, PERSON)
    tokens = [query for query in queries if 'FROM "access_accesstoken"' in query["sql"]]
    assert len(tokens) == 1
    assert keyed(api).get(CLIENTS).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_waiting_request_gives_up(
    application: Application, monkeypatch: pytest.MonkeyPatch, settings: Any
):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite waits for its one write lock")
    inside, go_on = threading.Event(), threading.Event()

    def slow(client: Client) -> None:
        inside.set()
        go_on.wait(20)

    monkeypatch.setattr(users, "client_created", slow)
    monkeypatch.setattr(middleware, "LOCK_TIMEOUT", "50ms")
    token, statuses = access_token(application), []

    def first() -> None:
        statuses.extend(at_once(1, lambda: keyed(Api(token)).post(CLIENTS, PERSON).status_code))

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(20)
    second = keyed(Api(token)).post(CLIENTS, PERSON)
    go_on.set()
    thread.join()
    assert (second.status_code, second.data["code"]) == (409, "idempotency_key_in_use")
    assert statuses == [201]
