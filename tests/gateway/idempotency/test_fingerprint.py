"""To whom an Idempotency-Key belongs, and which requests count as equal."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.access.models import Application, IdempotencyKey
from gateway.idempotency.fingerprint import canonical_body
from nucleus.models import Client
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import AggregationAccountFactory, ClientFactory
from tests.gateway.idempotency.test_middleware import keyed
from tests.parallel import at_once

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('{"shares": 1.5}', '{"shares": "1.5"}'),
        ('{"shares": 1}', '{"shares": "1"}'),
        ('{"shares": 1}', '{"shares": true}'),
        ('{"shares": 1.5}', '{"shares": 1.50}'),
        ('{"shares": 1e1}', '{"shares": 10}'),
        ('{"shares": 1, "shares": 2}', '{"shares": 2}'),
        ('{"shares": 1, "shares": 2}', '{"shares": 2, "shares": 1}'),
        ('{"shares": null}', "{}"),
        ('{"shares": {"number": "1"}}', '{"shares": 1}'),
        ('{"shares": {"members": []}}', '{"shares": {}}'),
        ('{"shares": {"members": [["a", 1]]}}', '{"shares": {"a": 1}}'),
        ("[1, 2]", "[2, 1]"),
        ('{"shares": NaN}', '{"shares": "NaN"}'),
        ("[]", "{}"),
        ("x", '"78"'),
    ],
)
def test_other_bodies(first: str, second: str):
    assert canonical_body(first.encode()) != canonical_body(second.encode())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('{"a": 1.5, "b": {"c": [], "d": null}}', ' {"b":{"d":null,"c":[]},\n"a":1.5}'),
        ('["\\u00fc"]', '["ü"]'),
    ],
)
def test_the_same_body(first: str, second: str):
    assert canonical_body(first.encode()) == canonical_body(second.encode())


def test_number_and_text_are_different_requests(api: Api, nucleus_client: Client):
    account: Any = AggregationAccountFactory(client=nucleus_client, is_manual=True)
    path = "/nucleus/v1/aggregation_account_holding"
    body = {"aggregation_account_id": str(account.pk), "currency_code": "USD", "ticker": "DEF"}
    assert keyed(api).post(path, body | {"shares": 1.5}).status_code == 200
    assert keyed(api).post(path, body | {"shares": "1.5"}).status_code == 422
    assert "Idempotent-Replayed" in keyed(api).post(path, body | {"shares": 1.5})


def test_nobody_occupies_or_probes_the_keys_of_others(
    application: Application, api: Api, nucleus_client: Client
):
    """The tenant and each of its clients have keys of their own."""
    other_client: Any = ClientFactory(tenant=application.tenant)
    callers = [
        api,
        Api(access_token(application, client=nucleus_client)),
        Api(access_token(application, client=other_client)),
    ]
    path = "/nucleus/v1/aggregation_account"
    made = []
    for n, caller in enumerate(callers):
        owner = other_client if n == 2 else nucleus_client
        body = {
            "client_id": str(owner.pk), "account_name": f"Account {n}", "category": "Bank Account",
            "currency_code": "USD", "institution_name": "MX Bank", "is_manual": True,
        }  # fmt: skip
        first, repeated = keyed(caller).post(path, body), keyed(caller).post(path, body)
        assert (first.status_code, repeated.status_code) == (200, 200), first.data
        assert "Idempotent-Replayed" not in first
        assert "Idempotent-Replayed" in repeated
        made.append(first.data["id"])
        other = keyed(caller).post(path, body | {"account_name": "Another"})
        assert other.status_code == 422  # the caller's own key is known as ever
    assert len(set(made)) == 3
    assert IdempotencyKey.objects.count() == 3
    later = Api(access_token(application, client=nucleus_client))  # another token of the client
    assert keyed(later).post(path, {}).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_one_key_of_three_callers_at_once(application: Application, nucleus_client: Client):
    other_client: Any = ClientFactory(tenant=application.tenant)
    path, responses = "/nucleus/v1/aggregation_account", []
    requests_ = []
    for owner in (None, nucleus_client, other_client):
        token = access_token(application, client=owner)
        body = {
            "client_id": str((owner or other_client).pk), "account_name": "Checking",
            "category": "Bank Account", "currency_code": "USD", "institution_name": "MX Bank",
            "is_manual": True,
        }  # fmt: skip
        requests_ += [(token, body)] * 4
    left = iter(requests_)

    def call() -> Any:
        token, body = next(left)
        return keyed(Api(token)).post(path, body)

    responses = at_once(len(requests_), call)
    assert [response.status_code for response in responses] == [200] * len(requests_)
    assert len({response.data["id"] for response in responses}) == 3
