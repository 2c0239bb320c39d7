"""/async: the same work without waiting for it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.utils import timezone

from integrations.jobs import runner
from integrations.models import Job, JobState
from nucleus.models import AggregationAccountTransaction, Client
from tests.api import Api
from tests.gateway.integration_api.conftest import run_jobs
from tests.sandbox_process import Sandbox

BASE = "/integration/v1/async"


def settle(api: Api, async_id: str) -> dict[str, Any]:
    """The status once all jobs have ended."""
    for _ in range(40):
        Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
        runner.drain()
        row = api.get(f"{BASE}/status/{async_id}").data
        if row["status"] != "PENDING":
            return dict(row)
    raise AssertionError(row)


@pytest.mark.parametrize("service", ["account", "transaction", "holding"])
def test_get_retrieves_what_the_vendor_has(
    api: Api, mx: Sandbox, linked: list[dict[str, Any]], service: str
):
    run_jobs()
    begun = api.get(f"{BASE}/aggregation/{service}")
    assert begun.status_code == 200
    assert set(begun.data) == {"id", "status", "response", "create_date", "update_date"}
    assert begun.data["status"] == "PENDING"
    done = settle(api, begun.data["id"])
    assert done == {
        "id": begun.data["id"],
        "status": "COMPLETED",
        "response": {"members": 1, "failed": 0, "messages": []},
    }


def test_post_lets_the_vendor_import_first(
    api: Api, mx: Sandbox, member_guid: str, user_guid: str, linked: list[dict[str, Any]]
):
    run_jobs()
    path = f"/users/{user_guid}/members/{member_guid}"
    before = mx.call("GET", path)["member"]["aggregated_at"]
    begun = api.post(f"{BASE}/aggregation/transaction", {"any": ["thing"]})
    assert settle(api, begun.data["id"])["status"] == "COMPLETED"
    assert mx.call("GET", path)["member"]["aggregated_at"] >= before
    assert AggregationAccountTransaction.unscoped.exists()


def test_one_account(api: Api, mx: Sandbox, linked: list[dict[str, Any]]):
    run_jobs()
    begun = api.get(f"{BASE}/aggregation/transaction/{linked[0]['id']}")
    assert begun.data["response"] == {"members": 1}
    assert settle(api, begun.data["id"])["status"] == "COMPLETED"
    assert api.get(f"{BASE}/aggregation/transaction/{uuid.uuid4()}").status_code == 404


def test_failures_are_explained(api: Api, mx: Sandbox, linked: list[dict[str, Any]]):
    run_jobs()
    begun = api.get(f"{BASE}/aggregation/account")
    mx.fault(path="/users/*", status=422, count=100)
    done = settle(api, begun.data["id"])
    assert done["status"] == "FAILED"
    assert done["response"]["failed"] == 1
    assert done["response"]["messages"][0].startswith("vendor_refused")


@pytest.mark.parametrize("path", ["accounting/invoice", "aggregation/nothing", "kyc/status"])
def test_capabilities_that_are_not_offered_are_400(api: Api, path: str):
    response = api.get(f"{BASE}/{path}")
    assert response.status_code == 400
    assert "aggregation/" in response.data["message"]


def test_nothing_to_do_is_done_at_once(api: Api, nucleus_client: Client):
    begun = api.get(f"{BASE}/aggregation/holding")
    assert settle(api, begun.data["id"])["status"] == "COMPLETED"


def test_another_tenants_do_not_exist(api: Api, foreign_api: Api):
    begun = api.get(f"{BASE}/aggregation/holding")
    assert foreign_api.get(f"{BASE}/status/{begun.data['id']}").status_code == 404
    assert api.get(f"{BASE}/status/{uuid.uuid4()}").status_code == 404
