"""Many records in one request: arrays, and /bulk with an outcome for each item."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
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
    BankLinkFactory,
    ClientFactory,
    HoldingFactory,
    TransactionFactory,
)
from tests.nucleus import bodies

V1 = "/nucleus/v1"
ARRAYS = {
    "aggregation_account": bodies.account,
    "aggregation_account_balance": bodies.balance,
    "aggregation_account_transaction": bodies.transaction,
    "aggregation_account_holding": bodies.holding,
}


@pytest.fixture
def account(nucleus_client: Client) -> AggregationAccount:
    return AggregationAccountFactory(client=nucleus_client)


@pytest.mark.parametrize("kind", ARRAYS)
def test_arrays_in_and_out(api: Api, account: AggregationAccount, kind: str):
    owner: Any = account.client if kind == "aggregation_account" else account
    names = [f"ours-{number}" for number in range(5)]
    made = api.post(f"{V1}/bulk_{kind}", [ARRAYS[kind](owner, secondary_id=one) for one in names])
    assert made.status_code == 200, made.data
    assert [one["secondary_id"] for one in made.data] == names
    for one in made.data:
        assert api.get(f"{V1}/{kind}/{one['id']}").data == one
    assert api.post(f"{V1}/bulk_{kind}", []).data == []


@pytest.mark.parametrize("kind", ["aggregation_account", "aggregation_account_holding"])
def test_arrays_of_changes(api: Api, account: AggregationAccount, kind: str):
    rows = [
        AggregationAccountFactory(client=account.client)
        if kind == "aggregation_account"
        else HoldingFactory(aggregation_account=account)
        for _ in range(3)
    ]
    mine = {"secondary_id": "a", "currency_code": "EUR", "metadata": {"ours": "a"}}
    changes: list[Any] = [
        {"id": str(rows[2].pk), "secondary_id": "c"},
        {"id": str(rows[0].pk), **mine},
        {"id": str(rows[1].pk)},
    ]
    before = api.get(f"{V1}/{kind}/{rows[1].pk}").data
    answer = api.put(f"{V1}/bulk_{kind}", changes)
    assert answer.status_code == 200, answer.data
    assert [one["id"] for one in answer.data] == [one["id"] for one in changes]
    stored = [api.get(f"{V1}/{kind}/{row.pk}").data for row in rows]
    assert answer.data == [stored[2], stored[0], stored[1]]
    assert [one["secondary_id"] for one in stored] == ["a", None, "c"]
    assert (stored[0]["currency_code"], stored[0]["metadata"]) == ("EUR", {"ours": "a"})
    assert (stored[1], stored[2]["metadata"], stored[2]["currency_code"]) == (before, {}, "USD")


def test_changes_of_accounts_with_numbers(api: Api, account: AggregationAccount):
    other = AggregationAccountFactory(client=account.client)
    changes = [
        {"id": str(account.pk), "account_number": "100012345678"},
        {"id": str(other.pk), "account_number": "100012349999"},
    ]
    answer = api.put(f"{V1}/bulk_aggregation_account", changes)
    assert [one["mask"] for one in answer.data] == ["5678", "9999"]
    account.refresh_from_db()
    assert account.account_number == "100012345678"


def test_bank_links_change_together(api: Api, stranger: Api, nucleus_client: Client):
    links = [BankLinkFactory(client=nucleus_client) for _ in range(2)]
    changes = [{"id": str(link.pk), "type": "savings"} for link in links]
    answer = api.put(f"{V1}/bulk_bank_link", changes)
    assert [one["type"] for one in answer.data] == ["savings", "savings"]
    assert api.post(f"{V1}/bulk_bank_link", []).status_code == 405
    refused = stranger.put(f"{V1}/bulk_bank_link", changes)
    assert set(refused.data["errors"]) == {"item 0", "item 1"}


def test_one_wrong_item_refuses_all(api: Api, account: AggregationAccount):
    foreign: Any = TransactionFactory()
    good = bodies.transaction(account)
    items = [
        good,
        good | {"transaction_date": "x"},
        "x",
        bodies.transaction(foreign.aggregation_account),
    ]
    answer = api.post(f"{V1}/bulk_aggregation_account_transaction", items)
    assert answer.status_code == 400
    assert answer.data["message"].startswith("item 1: transaction_date: ")
    assert set(answer.data["errors"]) == {"item 1", "item 2", "item 3"}
    assert list(AggregationAccountTransaction.unscoped.all()) == [foreign]
    change = {"id": str(account.pk), "account_name": "x"}
    answer = api.put(f"{V1}/bulk_aggregation_account", [change, {"account_name": "x"}, change])
    assert set(answer.data["errors"]) == {"item 1", "item 2"}
    assert answer.data["errors"]["item 1"] == ["id: Give the id of the record."]
    assert "twice" in answer.data["errors"]["item 2"][0]
    account.refresh_from_db()
    assert account.account_name == "Checking"


@pytest.mark.parametrize("body", [{}, [{}] * 1001])
def test_arrays_are_bounded(api: Api, body: Any):
    for path in ("bulk_aggregation_account", "bulk/aggregation_account"):
        answer = api.post(f"{V1}/{path}", body)
        assert answer.status_code == 400
        assert "array" in answer.data["message"] or "1000" in answer.data["message"]


def test_clients_are_bounded_more_tightly(api: Api):
    answer = api.post(f"{V1}/bulk/client", [{}] * 201)
    assert (answer.status_code, "200 clients" in answer.data["message"]) == (400, True)


def test_queries_do_not_grow_with_items(api: Api, account: AggregationAccount):
    counts = []
    for size in (2, 200):
        item = bodies.transaction(
            account, metadata=None, bank_credit={"amount": 1, "transaction_type": "Debit"}
        )
        with CaptureQueriesContext(connection) as queries:
            answer = api.post(f"{V1}/bulk_aggregation_account_transaction", [item] * size)
        assert answer.status_code == 200
        counts.append(sum("nucleus" in one["sql"] for one in queries))
    # SQLite takes some 30 rows in one INSERT.
    assert counts[1] - counts[0] <= 8


def outcome(api: Api, answer: Any) -> Any:
    assert answer.status_code == 200, answer.data
    status = api.get(f"{V1}/bulk/status/{answer.data['id']}")
    assert status.data["status"] == answer.data["status"]
    return status.data


def test_each_item_by_itself(api: Api, stranger: Api, account: AggregationAccount):
    path = f"{V1}/bulk/aggregation_account_transaction"
    good, bad = bodies.transaction(account), bodies.transaction(account, transaction_date="x")
    answer = api.post(path, [good, bad, good])
    assert answer.data["status"] == "PARTIAL"
    assert answer.data["data"] == {
        "entity_uri": "aggregation_account_transaction",
        "operation": "create",
        "total": 3,
        "succeeded": 2,
        "failed": 1,
    }
    told = outcome(api, answer)
    assert told["progress"] == {"total": 3, "succeeded": 2, "failed": 1}
    assert [one["index"] for one in told["success"]] == [0, 2]
    (error,) = told["error"]
    assert (error["index"], list(error["errors"])) == (1, ["transaction_date"])
    assert stranger.get(f"{V1}/bulk/status/{told['id']}").status_code == 404
    ids = [one["id"] for one in told["success"]]
    changes = [{"id": one, "status": "pending"} for one in [*ids, str(uuid.uuid4())]]
    told = outcome(api, api.put(path, changes))
    assert [one["id"] for one in told["success"]] == ids
    assert told["error"][0]["message"].startswith("There is no record")
    listed = api.get(f"{V1}/aggregation_account_transaction", filter="status==pending").data
    assert listed["total_elements"] == 2
    told = outcome(api, api.delete(path, body=[ids[0], {"id": ids[1]}]))
    assert (told["status"], told["error"]) == ("COMPLETED", [])
    assert outcome(api, api.delete(path, body=ids))["status"] == "FAILED"
    assert not AggregationAccountTransaction.unscoped.exists()


def stored_errors() -> str:
    (row,) = BulkTransaction.unscoped.values("error")
    return json.dumps(row["error"])


def test_a_small_body_of_wrong_items_keeps_little(api: Api):
    answer = api.post(f"{V1}/bulk/aggregation_account_transaction", [5] * 1000)
    told = outcome(api, answer)
    assert told["progress"] == {"total": 1000, "succeeded": 0, "failed": 1000}
    assert [one["index"] for one in told["error"]] == list(range(1000))
    assert {one["message"] for one in told["error"]} == {"A record is a JSON object."}
    assert len(stored_errors()) < 500


def test_reasons_that_take_turns_keep_little(api: Api):
    told = outcome(api, api.post(f"{V1}/bulk/aggregation_account_transaction", [5, {}] * 500))
    assert [one["index"] for one in told["error"]] == list(range(1000))
    assert len({one["message"] for one in told["error"]}) == 2
    assert len(stored_errors()) < 20_000


def test_reasons_of_every_item_are_kept_up_to_the_size_of_a_request(
    api: Api, monkeypatch: pytest.MonkeyPatch
):
    path, ids = f"{V1}/bulk/aggregation_account", [str(uuid.uuid4()) for _ in range(1000)]
    told = outcome(api, api.delete(path, body=ids))
    assert [one["message"] for one in told["error"]] == [f"There is no record {n}." for n in ids]
    BulkTransaction.unscoped.all().delete()
    monkeypatch.setattr(bulk_errors, "MAX_STORED", 1000)
    told = outcome(api, api.delete(path, body=ids))
    assert told["progress"]["failed"] == 1000
    assert [one["index"] for one in told["error"]] == list(range(1000))
    assert told["error"][0]["message"] == f"There is no record {ids[0]}."
    assert "smaller request" in told["error"][-1]["message"]
    assert len(stored_errors()) < 2500


def test_errors_of_before_are_read_as_well(api: Api, nucleus_client: Client):
    old = [{"index": 3, "message": "No.", "errors": {"id": ["No."]}}]
    row = BulkTransaction.unscoped.create(
        tenant=nucleus_client.tenant, error=old, status="FAILED", operation="create"
    )
    status = api.get(f"{V1}/bulk/status/{row.pk}").data
    assert (status["error"], status["progress"]["failed"]) == (old, 1)


def test_changes_of_one_kind_leave_no_trace_in_another(api: Api, account: AggregationAccount):
    path = f"{V1}/bulk/aggregation_account_transaction"
    made = outcome(api, api.post(path, [bodies.cash(account), bodies.transaction(account)]))
    cash, credit = (one["id"] for one in made["success"])
    changes = [
        {"id": cash, "cash": {"name": "Other"}},
        {"id": credit, "bank_credit": {"location": {"city": "Bern"}}},
    ]
    assert outcome(api, api.put(path, changes))["error"] == []
    rows: Any = AggregationAccountTransaction.unscoped
    assert rows.get(cash__isnull=True).location == {"city": "Bern"}
    assert rows.get(location__isnull=True).cash["name"] == "Other"


def test_clients_in_bulk(api: Api, nucleus_client: Client):
    path = f"{V1}/bulk/client"
    people: list[Any] = [
        {"username": "ada", "client_type": "consumer"},
        {"username": "ada", "client_type": "consumer"},
        {"username": "bob", "client_type": "consumer", "password": "a secret of ours"},
    ]
    told = outcome(api, api.post(path, people))
    assert [one["index"] for one in told["success"]] == [0]
    assert [list(one["errors"]) for one in told["error"]] == [["username"], ["password"]]
    (made,) = told["success"]
    told = outcome(api, api.put(path, [{"id": made["id"], "first_name": "Ada"}, {"id": "x"}]))
    assert told["status"] == "PARTIAL"
    assert api.get(f"{V1}/client/{made['id']}").data["first_name"] == "Ada"
    told = outcome(api, api.delete(path, body=[made["id"], str(nucleus_client.pk)]))
    assert told["status"] == "COMPLETED"
    assert api.get(f"{V1}/client/{made['id']}").data["is_active"] is False


def test_institutions_in_bulk(api: Api):
    items = [{"name": "One", "code": "same"}, {"name": "Two", "code": "same"}, {"name": "Three"}]
    told = outcome(api, api.post(f"{V1}/bulk/institution", items))
    assert [one["index"] for one in told["success"]] == [0, 2]
    assert list(told["error"][0]["errors"]) == ["code"]


def test_a_confined_token_in_bulk(application: Application, nucleus_client: Client, api: Api):
    confined = Api(access_token(application, client=nucleus_client))
    other = ClientFactory(tenant=nucleus_client.tenant)
    items = [bodies.account(nucleus_client), bodies.account(other)]
    told = outcome(confined, confined.post(f"{V1}/bulk/aggregation_account", items))
    assert [list(one["errors"]) for one in told["error"]] == [["client_id"]]
    refused = confined.post(f"{V1}/bulk/client", [{"username": "eve", "client_type": "consumer"}])
    message = outcome(confined, refused)["error"][0]["message"]
    assert message == "This token is confined to one client and cannot create clients."
    verified = bodies.account(nucleus_client, is_link_verified=True)
    assert confined.post(f"{V1}/bulk_aggregation_account", [verified]).status_code == 403
    whole = api.post(f"{V1}/bulk/aggregation_account", items)
    assert confined.get(f"{V1}/bulk/status/{whole.data['id']}").status_code == 404
    assert api.get(f"{V1}/bulk/status/{told['id']}").status_code == 200


def test_unknown_kinds_are_explained(api: Api):
    answer = api.post(f"{V1}/bulk/unknown", [])
    assert answer.status_code == 404
    assert "aggregation_account_holding" in answer.data["message"]


def test_what_became_of_them_is_forgotten_in_time(api: Api):
    old, new = (api.post(f"{V1}/bulk/client", []).data["id"] for _ in range(2))
    BulkTransaction.unscoped.filter(pk=old).update(create_date=timezone.now() - timedelta(days=31))
    retention.prune()
    assert [str(row.pk) for row in BulkTransaction.unscoped.all()] == [new]
