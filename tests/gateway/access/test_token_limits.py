"""Failing token requests: their cost is bounded, and they do not affect other callers."""

from __future__ import annotations

import re
import statistics
import time
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.test import Client as HttpClient
from django.test.utils import CaptureQueriesContext

from gateway.access import throttle
from gateway.access.models import AccessToken, Application, UsageWindow
from gateway.access.oauth_backend import DUMMY_SECRET
from tests.api import Api
from tests.factories.access import SECRET, ApplicationFactory, access_token, basic, basic_header
from tests.factories.nucleus import ClientFactory
from tests.gateway.access.test_jwt_grant import KEY, PUBLIC, claims_of, exchange, signed
from tests.gateway.access.test_tokens import QUERY, TOKEN, request_token
from tests.parallel import at_once

REVOKE = "/authorization/v1/oauth/revoke"
CLIENTS = "/nucleus/v1/client"


@pytest.fixture(autouse=True)
def _limit(settings: Any) -> None:
    settings.TOKEN_RATE_LIMIT_PER_MINUTE = 3


def post_with(
    client_id: str, secret: str = "wrong", path: str = TOKEN + QUERY, **options: Any
) -> Any:
    http = HttpClient(raise_request_exception=False)
    return http.post(path, headers={"Authorization": basic_header(client_id, secret)}, **options)


def test_wrong_secrets_never_stop_the_right_one(application: Application):
    for _ in range(3):
        statuses = [request_token(application, secret="wrong").status_code for _ in range(5)]
        response = request_token(application)
        assert response.status_code == 200
    assert statuses == [429] * 5  # what fails is limited
    assert Api(response.json()["access_token"]).get(CLIENTS).status_code == 200
    refusal = request_token(application)  # its own fourth
    assert refusal.status_code == 429
    assert int(refusal["Retry-After"]) > 50
    assert "Keep a token" in refusal.json()["message"]
    assert request_token(ApplicationFactory(tenant=application.tenant)).status_code == 200


def test_the_right_secret_uses_up_nothing_of_wrong_ones(application: Application):
    assert [request_token(application).status_code for _ in range(4)] == [200, 200, 200, 429]
    statuses = [request_token(application, secret="wrong").status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]


@pytest.mark.parametrize("path", [TOKEN + QUERY, REVOKE, "/authorization/v1/client-token"])
def test_unknown_and_known_client_ids_are_answered_alike(application: Application, path: str):
    unusable = ApplicationFactory(tenant=application.tenant, is_active=False)
    all_bodies = []
    for client_id in (application.client_id, "unknown", unusable.client_id, "nul\0", "é", ""):
        UsageWindow.objects.all().delete()
        responses = [post_with(client_id, path=path) for _ in range(5)]
        all_bodies.append(
            [
                (response.status_code, response.json()["message"], response["WWW-Authenticate"])
                if response.status_code == 401
                else response.json()["message"]
                for response in responses
            ]
        )
        assert [response.status_code for response in responses] == [401, 401, 401, 429, 429]
        assert all(int(response["Retry-After"]) > 50 for response in responses[3:])
    assert all(bodies == all_bodies[0] for bodies in all_bodies)


def test_unknown_and_known_client_ids_cost_the_same(application: Application):
    """Queries and hashing: what could be measured from outside."""
    costs = {}
    for client_id in (application.client_id, "unknown"):
        post_with(client_id)
        with CaptureQueriesContext(connection) as queries:
            post_with(client_id)
        sql = [query["sql"].split("WHERE")[0] for query in queries]
        costs[client_id] = [
            re.sub("'token-failure:[0-9a-f]+'", "'…'", statement) for statement in sql
        ]
    assert costs[application.client_id] == costs["unknown"]
    work = ["$".join(hashed.split("$")[:2]) for hashed in (DUMMY_SECRET, application.client_secret)]
    assert work[0] == work[1]  # algorithm and rounds
    assert not check_password("", DUMMY_SECRET)


def test_checking_a_secret_is_cheap(application: Application):
    """However many wrong ones come, the right one can be looked for."""
    times = []
    for _ in range(20):
        began = time.process_time()
        check_password("wrong", application.client_secret)
        times.append(time.process_time() - began)
    assert statistics.median(times) < 0.02


def test_failures_are_counted_in_few_rows_by_client_id_and_address(
    application: Application, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(throttle, "FAILURE_BUCKETS", 8)
    settings.TOKEN_RATE_LIMIT_PER_MINUTE = 1000
    for n in range(100):  # anybody can invent client ids
        throttle.limit_failures(f"invented {n}", "203.0.113.9")
    assert UsageWindow.objects.count() == 8
    UsageWindow.objects.all().delete()
    settings.TOKEN_RATE_LIMIT_PER_MINUTE = 3
    for _ in range(3):
        throttle.limit_failures("one", "2001:db8::1")
    with pytest.raises(throttle.RateLimited):
        throttle.limit_failures("one", "2001:db8::ffff")
    throttle.limit_failures("one", "2001:db8:0:1::1")
    throttle.limit_failures("one", "")
    http = HttpClient(REMOTE_ADDR="203.0.113.9")
    wrong = {"Authorization": basic(application, "wrong")}
    statuses = [http.post(TOKEN + QUERY, headers=wrong).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert request_token(application, secret="wrong").status_code == 401  # from somewhere else


@pytest.mark.django_db(transaction=True)
def test_a_flood_of_wrong_secrets_while_the_right_one_is_used(application: Application):
    def call() -> int:
        statuses = [request_token(application, secret="wrong").status_code for _ in range(4)]
        assert set(statuses) <= {401, 429}
        status: int = request_token(application).status_code
        return status

    assert at_once(3, call) == [200] * 3


def test_bad_client_tokens_use_up_no_tokens(application: Application):
    application.client_token_key = PUBLIC
    application.save()
    ClientFactory(tenant=application.tenant, username="Ada@demo")
    good = signed(claims_of(application, jti="1"))
    wrong = ["a.b.c", signed(claims_of(application, sub="nobody")), good[:-8] + "AAAAAAAA"]
    statuses = [exchange(application, token).status_code for token in wrong * 2]
    assert statuses == [401] * 3 + [429] * 3
    assert exchange(application, good).status_code == 200
    assert [exchange(application, good).status_code for _ in range(3)] == [429] * 3  # used up
    for _ in range(2):
        assert exchange(application, signed(claims_of(application))).status_code == 200
    spared = signed(claims_of(application, jti="2"), key=KEY)
    assert exchange(application, spared).status_code == 429  # beyond the application's tokens
    UsageWindow.objects.filter(key=f"token:{application.pk}").delete()
    assert exchange(application, spared).status_code == 200  # so it was not used up


def test_other_refusals_use_up_no_tokens(application: Application):
    for path in (TOKEN + "?grant_type=x", TOKEN, f"{TOKEN}{QUERY}&scope=root"):
        assert [request_token(application, path=path).status_code for _ in range(2)] != [200, 200]
    assert [request_token(application, path=REVOKE).status_code for _ in range(2)] == [429] * 2
    assert [request_token(application).status_code for _ in range(4)] == [200] * 3 + [429]


def test_revocation_works_beside_wrong_secrets(application: Application):
    token = access_token(application)
    wrong, right = ({"Authorization": basic(application, secret)} for secret in ("wrong", SECRET))
    http = HttpClient()
    statuses = [http.post(REVOKE, {"token": token}, headers=wrong).status_code for _ in range(5)]
    assert statuses == [401] * 3 + [429] * 2
    assert http.post(REVOKE, {"token": token}, headers=right).status_code == 200
    assert Api(token).get(CLIENTS).status_code == 401


def test_scopes_are_stored_once_and_bounded(application: Application):
    response = request_token(application, path=f"{TOKEN}{QUERY}&scope=read%20create%20read%20read")
    assert response.json()["scope"] == "read create"
    assert AccessToken.objects.get().scope == "read create"
    form = "grant_type=client_credentials&scope=" + "read+" * 20_000
    kind = "application/x-www-form-urlencoded"
    refusal = request_token(application, path=TOKEN, body=form, kind=kind)
    assert refusal.status_code == 400
    assert "255" in refusal.json()["errors"]["scope"][0]
    assert len(refusal.content) < 1000
    assert AccessToken.objects.count() == 1
