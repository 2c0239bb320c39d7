"""A row that changes between reading and writing: no 500, no lost update, no row restored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.signals import post_save, pre_save

from gateway.access.models import Application
from gateway.webhook_api import subscriptions
from integrations.flows import erasure, webhook_subscriptions
from integrations.models import WebhookSubscription
from nucleus.api import clients, owner_views
from nucleus.models import AggregationAccount, BulkTransaction, Client
from tests.api import Api
from tests.factories.access import access_token
from tests.gateway.integration_api.conftest import link, member_guid, user_guid  # noqa: F401
from tests.nucleus import bodies
from tests.parallel import at_once

CLIENTS, WEBHOOKS = "/nucleus/v1/client", "/nucleus/v1/webhook"
HOOK = {"url": "https://app.demo.example/hooks", "atom_service": ["client"]}


@pytest.fixture
def run_before(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str, Callable[[], Any]], None]:
    """Registers a callback that runs before a function which the request calls."""

    def before(module: Any, name: str, happens: Callable[[], Any]) -> None:
        usual = getattr(module, name)

        def changed(*args: Any, **options: Any) -> Any:
            happens()
            return usual(*args, **options)

        monkeypatch.setattr(module, name, changed)

    return before


def test_changing_a_client_that_was_just_erased_is_a_404(
    api: Api, nucleus_client: Client, run_before: Any
):
    run_before(clients, "make_password", nucleus_client.delete)
    path = f"{CLIENTS}/{nucleus_client.pk}"
    assert api.put(path, {"password": "correct horse"}).status_code == 404
    assert not Client.unscoped.exists()


def test_changing_a_client_whose_erasure_was_just_requested_is_refused(
    api: Api, nucleus_client: Client, run_before: Any
):
    run_before(
        clients, "make_password", lambda: erasure.request(nucleus_client, requested_by="staff")
    )
    body = {"password": "correct horse", "first_name": "Augusta", "is_active": True}
    response = api.put(f"{CLIENTS}/{nucleus_client.pk}", body)
    assert response.status_code == 400
    assert "being erased" in response.data["message"]
    row = Client.unscoped.get()
    assert (row.is_active, row.first_name) == (False, "Ada")


def test_changing_a_deleted_webhook_does_not_restore_it(api: Api, run_before: Any):
    path = f"{WEBHOOKS}/{api.post(WEBHOOKS, HOOK).data['id']}"
    run_before(subscriptions, "parse_body", WebhookSubscription.unscoped.all().delete)
    assert api.put(path, {"is_active": True}).status_code == 404
    assert not WebhookSubscription.unscoped.exists()


def test_changing_a_webhook_keeps_a_secret_that_was_just_rotated(api: Api, run_before: Any):
    path = f"{WEBHOOKS}/{api.post(WEBHOOKS, HOOK).data['id']}"
    rotated = []

    def rotate() -> None:
        row = WebhookSubscription.unscoped.get()
        webhook_subscriptions.rotate_secret(row)
        row.save()
        rotated.append(row.secret)

    run_before(subscriptions, "parse_body", rotate)
    assert api.put(path, {"secondary_id": "ours"}).status_code == 200
    row = WebhookSubscription.unscoped.get()
    assert (row.secret, row.secondary_id) == (rotated[0], "ours")


def test_erasing_a_client_that_was_just_erased_succeeds(
    api: Api, nucleus_client: Client, run_before: Any
):
    erasure.request(nucleus_client, requested_by="staff")
    run_before(owner_views, "_asks_for_erasure", Client.unscoped.all().delete)
    path = f"{CLIENTS}/{nucleus_client.pk}?nucleus_data=delete"
    assert api.delete(path).status_code == 204
    assert api.delete(path).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_concurrent_subscriptions_to_an_event_one_is_accepted(application: Application):
    token = access_token(application)
    statuses = at_once(8, lambda: Api(token).post(WEBHOOKS, HOOK).status_code)
    assert (statuses.count(200), statuses.count(400)) == (1, 7)


def test_linking_an_account_that_is_being_deleted_is_a_conflict(
    api: Api,
    nucleus_client: Client,
    member_guid: str,  # noqa: F811
):
    link(api, nucleus_client, member_guid)
    AggregationAccount.unscoped.update(account_name="Another")  # so that there is much to write

    def delete(sender: Any, instance: Any, **_: Any) -> None:
        AggregationAccount.unscoped.filter(pk=instance.pk).delete()

    pre_save.connect(delete, AggregationAccount)
    try:
        response = api.post(
            "/integration/v1/aggregation/account",
            {"nucleus_client_id": nucleus_client.pk, "vendor_request": {"member_id": member_guid}},
        )
    finally:
        pre_save.disconnect(delete, AggregationAccount)
    assert (response.status_code, response.data["code"]) == (409, "conflict")
    assert "deleted" in response.data["message"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "a-key"}])
def test_an_owner_deleted_before_the_commit_is_a_conflict(
    api: Api, nucleus_client: Client, key: dict[str, str]
):
    """Both databases look at foreign keys at the end of the transaction, wherever that is."""

    def delete(sender: Any, instance: Any, **_: Any) -> None:
        rows = Client.unscoped.filter(pk=nucleus_client.pk)
        rows._raw_delete(rows.db)

    post_save.connect(delete, BulkTransaction)
    try:
        api.headers = api.headers | key
        body = [bodies.account(nucleus_client)]
        response = api.post("/nucleus/v1/bulk/aggregation_account", body)
    finally:
        post_save.disconnect(delete, BulkTransaction)
    assert (response.status_code, response.data["code"]) == (409, "conflict")
    assert not AggregationAccount.unscoped.exists()
