"""/bulk/{entity_uri}: each item succeeds or fails independently."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from gateway.access.models import Application
from integrations.flows import retention
from nucleus.api import bulk_errors
from nucleus.models import (
    AggregationAccount,
    AggregationAccountTransaction,
    BulkTransaction,
    Client,
)
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import (
    AggregationAccountFactory,
    ClientFactory,
)
from tests.nucleus import bodies

V1 = "/nucleus/v1"


@pytest.fixture
def account(nucleus_client: Client) -> AggregationAccount:
    return AggregationAccountFactory(client=nucleus_client)


def test_at_most_200_clients_in_a_request(api: Api):
    response = api.post(f"{V1}/bulk/client", [{}] * 201)
    assert (response.status_code, "200 clients" in response.data["message"]) == (400, True)


def outcome_of(api: Api, response: Any) -> Any:
    assert response.status_code == 200, response.data
    status = api.get(f"{V1}/bulk/status/{response.data['id']}")
    assert status.data["status"] == response.data["status"]
    return status.data


def test_each_item_succeeds_or_fails_independently(
    api: Api, foreign_api: Api, account: AggregationAccount
):
    path = f"{V1}/bulk/aggregation_account_transaction"
    valid, invalid = bodies.transaction(account), bodies.transaction(account, transaction_date="x")
    response = api.post(path, [valid, invalid, valid])
    assert response.data["status"] == "PARTIAL"
    assert response.data["data"] == {
        "entity_uri": "aggregation_account_transaction",
        "operation": "create",
        "total": 3,
        "succeeded": 2,
        "failed": 1,
    }
    outcome = outcome_of(api, response)
    assert outcome["progress"] == {"total": 3, "succeeded": 2, "failed": 1}
    assert [item["index"] for item in outcome["success"]] == [0, 2]
    (error,) = outcome["error"]
    assert (error["index"], list(error["errors"])) == (1, ["transaction_date"])
    assert foreign_api.get(f"{V1}/bulk/status/{outcome['id']}").status_code == 404
    ids = [item["id"] for item in outcome["success"]]
    changes = [{"id": record_id, "status": "pending"} for record_id in [*ids, str(uuid.uuid4())]]
    outcome = outcome_of(api, api.put(path, changes))
    assert [item["id"] for item in outcome["success"]] == ids
    assert outcome["error"][0]["message"].startswith("There is no record")
    listed = api.get(f"{V1}/aggregation_account_transaction", filter="status==pending").data
    assert listed["total_elements"] == 2
    outcome = outcome_of(api, api.delete(path, body=[ids[0], {"id": ids[1]}]))
    assert (outcome["status"], outcome["error"]) == ("COMPLETED", [])
    assert outcome_of(api, api.delete(path, body=ids))["status"] == "FAILED"
    assert not AggregationAccountTransaction.unscoped.exists()


def stored_errors() -> str:
    (row,) = BulkTransaction.unscoped.values("error")
    return json.dumps(row["error"])


def test_equal_reasons_are_stored_once(api: Api):
    response = api.post(f"{V1}/bulk/aggregation_account_transaction", [5] * 1000)
    outcome = outcome_of(api, response)
    assert outcome["progress"] == {"total": 1000, "succeeded": 0, "failed": 1000}
    assert [item["index"] for item in outcome["error"]] == list(range(1000))
    assert {error["message"] for error in outcome["error"]} == {"A record is a JSON object."}
    assert len(stored_errors()) < 500


def test_alternating_reasons_are_stored_once_with_their_ranges(api: Api):
    outcome = outcome_of(api, api.post(f"{V1}/bulk/aggregation_account_transaction", [5, {}] * 500))
    assert [item["index"] for item in outcome["error"]] == list(range(1000))
    assert len({error["message"] for error in outcome["error"]}) == 2
    assert len(stored_errors()) < 20_000


def test_different_reasons_are_stored_up_to_a_limit(api: Api, monkeypatch: pytest.MonkeyPatch):
    path, ids = f"{V1}/bulk/aggregation_account", [str(uuid.uuid4()) for _ in range(1000)]
    outcome = outcome_of(api, api.delete(path, body=ids))
    assert [item["message"] for item in outcome["error"]] == [
        f"There is no record {record_id}." for record_id in ids
    ]
    BulkTransaction.unscoped.all().delete()
    monkeypatch.setattr(bulk_errors, "MAX_STORED", 1000)
    outcome = outcome_of(api, api.delete(path, body=ids))
    assert outcome["progress"]["failed"] == 1000
    assert [item["index"] for item in outcome["error"]] == list(range(1000))
    assert outcome["error"][0]["message"] == f"There is no record {ids[0]}."
    assert "smaller request" in outcome["error"][-1]["message"]
    assert len(stored_errors()) < 2500


def test_errors_stored_per_item_by_earlier_versions_are_read(api: Api, nucleus_client: Client):
    old = [{"index": 3, "message": "No.", "errors": {"id": ["No."]}}]
    row = BulkTransaction.unscoped.create(
        tenant=nucleus_client.tenant, error=old, status="FAILED", operation="create"
    )
    status = api.get(f"{V1}/bulk/status/{row.pk}").data
    assert (status["error"], status["progress"]["failed"]) == (old, 1)


def test_changes_of_a_batch_touch_only_the_columns_of_their_item(
    api: Api, account: AggregationAccount
):
    path = f"{V1}/bulk/aggregation_account_transaction"
    created = outcome_of(api, api.post(path, [bodies.cash(account), bodies.transaction(account)]))
    cash, credit = (item["id"] for item in created["success"])
    changes = [
        {"id": cash, "cash": {"name": "Other"}},
        {"id": credit, "bank_credit": {"location": {"city": "Bern"}}},
    ]
    assert outcome_of(api, api.put(path, changes))["error"] == []
    rows: Any = AggregationAccountTransaction.unscoped
    assert rows.get(cash__isnull=True).location == {"city": "Bern"}
    assert rows.get(location__isnull=True).cash["name"] == "Other"


def test_clients_are_created_changed_and_deactivated(api: Api, nucleus_client: Client):
    path = f"{V1}/bulk/client"
    people: list[Any] = [
        {"username": "ada", "client_type": "consumer"},
        {"username": "ada", "client_type": "consumer"},
        {"username": "bob", "client_type": "consumer", "password": "a secret of ours"},
    ]
    outcome = outcome_of(api, api.post(path, people))
    assert [item["index"] for item in outcome["success"]] == [0]
    assert [list(error["errors"]) for error in outcome["error"]] == [["username"], ["password"]]
    (created,) = outcome["success"]
    outcome = outcome_of(
        api, api.put(path, [{"id": created["id"], "first_name": "Ada"}, {"id": "x"}])
    )
    assert outcome["status"] == "PARTIAL"
    assert api.get(f"{V1}/client/{created['id']}").data["first_name"] == "Ada"
    outcome = outcome_of(api, api.delete(path, body=[created["id"], str(nucleus_client.pk)]))
    assert outcome["status"] == "COMPLETED"
    assert api.get(f"{V1}/client/{created['id']}").data["is_active"] is False


def test_a_repeated_institution_code_is_refused(api: Api):
    items = [{"name": "One", "code": "same"}, {"name": "Two", "code": "same"}, {"name": "Three"}]
    outcome = outcome_of(api, api.post(f"{V1}/bulk/institution", items))
    assert [item["index"] for item in outcome["success"]] == [0, 2]
    assert list(outcome["error"][0]["errors"]) == ["code"]


def test_a_client_token_writes_only_its_own_records(
    application: Application, nucleus_client: Client, api: Api
):
    confined = Api(access_token(application, client=nucleus_client))
    other = ClientFactory(tenant=nucleus_client.tenant)
    items = [bodies.account(nucleus_client), bodies.account(other)]
    outcome = outcome_of(confined, confined.post(f"{V1}/bulk/aggregation_account", items))
    assert [list(error["errors"]) for error in outcome["error"]] == [["client_id"]]
    refused = confined.post(f"{V1}/bulk/client", [{"username": "eve", "client_type": "consumer"}])
    message = outcome_of(confined, refused)["error"][0]["message"]
    assert message == "This token is confined to one client and cannot create clients."
    verified = bodies.account(nucleus_client, is_link_verified=True)
    assert confined.post(f"{V1}/bulk_aggregation_account", [verified]).status_code == 403
    response = api.post(f"{V1}/bulk/aggregation_account", items)
    assert confined.get(f"{V1}/bulk/status/{response.data['id']}").status_code == 404
    assert api.get(f"{V1}/bulk/status/{outcome['id']}").status_code == 200


def test_an_unknown_entity_is_a_404_that_lists_the_entities(api: Api):
    response = api.post(f"{V1}/bulk/unknown", [])
    assert response.status_code == 404
    assert "aggregation_account_holding" in response.data["message"]


def test_outcomes_are_deleted_after_the_retention_period(api: Api):
    old, new = (api.post(f"{V1}/bulk/client", []).data["id"] for _ in range(2))
    BulkTransaction.unscoped.filter(pk=old).update(create_date=timezone.now() - timedelta(days=31))
    retention.prune()
    assert [str(row.pk) for row in BulkTransaction.unscoped.all()] == [new]
