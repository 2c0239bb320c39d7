"""/nucleus/v1/webhook: subscriptions under the Nucleus API, with the same deliveries."""

from __future__ import annotations

import json

from gateway.access.models import Application
from integrations.jobs import runner
from integrations.models import OutboundEvent, WebhookDelivery
from nucleus.models import Client
from tests.api import Api
from tests.factories.access import access_token
from tests.gateway.integration_api.conftest import link
from tests.sandbox_process import Sandbox

NUCLEUS, INTEGRATION = "/nucleus/v1/webhook", "/integration/v1/webhook"
LOCAL_URL = "http://127.0.0.1:9"


def test_each_api_shows_its_own_subscriptions_and_names(
    api: Api, foreign_api: Api, application: Application, nucleus_client: Client
):
    body = {"url": f"{LOCAL_URL}/n", "atom_service": ["aggregation_account_balance", "client"]}
    made = api.post(NUCLEUS, body | dict.fromkeys(["id", "secret", "secondary_id"]))
    assert made.status_code == 200, made.data
    assert made.data["secret"].startswith("whsec_")
    assert "integration_service" not in made.data
    other = {"url": f"{LOCAL_URL}/i", "extended_events": ["aggregation_account_balance"]}
    integration = api.post(INTEGRATION, other).data["id"]
    path = f"{NUCLEUS}/{made.data['id']}"
    assert [row["id"] for row in api.get(NUCLEUS).data["content"]] == [made.data["id"]]
    assert [row["id"] for row in api.get(INTEGRATION).data["content"]] == [integration]
    assert api.get(f"{INTEGRATION}/{made.data['id']}").status_code == 404
    assert api.get(f"{NUCLEUS}/{integration}").status_code == 404
    assert foreign_api.get(path).status_code == 404
    assert Api(access_token(application, client=nucleus_client)).get(NUCLEUS).status_code == 403

    second = api.post(NUCLEUS, body | {"url": f"{LOCAL_URL}/m"})
    assert second.status_code == 400
    assert made.data["id"] in second.data["message"]
    assert "atom_service" in api.post(NUCLEUS, {"url": f"{LOCAL_URL}/m"}).data["message"]
    for wrong in ("async_aggregation_account", "nonsense"):
        refused = api.post(NUCLEUS, {"url": f"{LOCAL_URL}/m", "atom_service": [wrong]})
        assert "atom_service" in refused.data["errors"]
    changed = api.put(path, {"is_active": False, "atom_service": None}).data
    assert (changed["is_active"], changed["secret"]) == (False, None)
    assert changed["atom_service"] == body["atom_service"]
    assert api.post(NUCLEUS, body | {"url": f"{LOCAL_URL}/m"}).status_code == 200
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_events_are_delivered_under_the_names_of_each_api(
    api: Api, mx: Sandbox, nucleus_client: Client
):
    api.post(
        NUCLEUS,
        {
            "url": f"{LOCAL_URL}/n",
            "atom_service": [
                "aggregation_account", "aggregation_account_transaction",
                "aggregation_account_balance",
            ],
        },
    )  # fmt: skip
    body = {"url": f"{LOCAL_URL}/i", "integration_service": ["async_aggregation_account"]}
    api.post(INTEGRATION, body)
    request = {"nucleus_client_id": nucleus_client.pk, "product": "atom"}
    user = api.post("/integration/v1/user", request).data["vendor_response"]["guid"]
    accounts = link(api, nucleus_client, mx.connect(user))["nucleus_aggregation_accounts"]
    runner.drain()
    deliveries = WebhookDelivery.unscoped.values_list("subscription__api", "event__type")
    assert set(deliveries) == {
        ("nucleus", "aggregation_account"),
        ("nucleus", "aggregation_account_transaction"),
        ("nucleus", "aggregation_account_balance"),
        ("integration", "async_aggregation_account"),
    }
    linked = OutboundEvent.unscoped.filter(type="aggregation_account")
    assert linked.count() == len(accounts)
    assert json.loads(linked.first().payload)["event"] == "aggregation_account"  # type: ignore[union-attr]
    assert api.get("/integration/v1/async/aggregation/account").status_code == 200
    runner.drain()
    assert linked.count() == len(accounts)  # that a call has ended is no news about accounts
