"""MX down, slow, refusing, talking garbage: a clear answer in time, and nothing half-written."""

from __future__ import annotations

import time
from typing import Any

import pytest

from integrations.models import AuditLog, VendorCredential
from nucleus.models import AggregationAccount, AggregationAccountTransaction, Client
from tests import mx_api
from tests.api import Api
from tests.rollback import rolled_back
from tests.sandbox_process import Sandbox

TRANSACTION = "/integration/v1/aggregation/transaction"

FAULTS = [
    ({"kind": "status", "status": 400}, {400}),
    ({"kind": "status", "status": 401}, {400}),
    ({"kind": "status", "status": 403}, {400}),
    ({"kind": "status", "status": 404}, {404}),
    ({"kind": "status", "status": 409}, {409}),
    ({"kind": "status", "status": 422}, {400}),
    ({"kind": "status", "status": 429}, {429, 503}),
    ({"kind": "status", "status": 500}, {503}),
    ({"kind": "status", "status": 502}, {503}),
    ({"kind": "status", "status": 503}, {503}),
    ({"kind": "html"}, {503}),
    ({"kind": "garbage"}, {503}),
    ({"kind": "truncated"}, {503}),
    ({"kind": "reset"}, {503}),
]


@pytest.fixture
def account_id(linked: list[dict[str, Any]]) -> str:
    return str(linked[0]["id"])


def test_a_pull_answers_clearly(api: Api, mx: Sandbox, account_id: str, subtests: pytest.Subtests):
    for fault, statuses in FAULTS:
        with subtests.test(**fault), rolled_back():
            mx.heal()
            mx.fault(method="GET", path="/users/*/accounts/*/transactions", count=20, **fault)
            response = api.get(f"{TRANSACTION}/{account_id}")
            assert response.status_code in statuses, response.data
            assert response.data["message"]
            assert response.data["fault"] in {"vendor", "configuration", "caller"}
            if response.status_code == 503:
                assert int(response["Retry-After"]) > 0
            assert AggregationAccountTransaction.unscoped.count() == 0
            mx.heal()
            assert api.get(f"{TRANSACTION}/{account_id}").status_code == 200


def test_a_slow_vendor_is_cut_off_in_time(api: Api, mx: Sandbox, account_id: str, settings: Any):
    settings.VENDOR_DEADLINE_SECONDS = 1.0
    mx.fault(method="GET", path="/users/*/accounts/*/transactions", count=5,
             kind="latency", latency_seconds=60)  # fmt: skip
    started = time.monotonic()
    response = api.get(f"{TRANSACTION}/{account_id}")
    assert response.status_code == 503
    assert time.monotonic() - started < 20


def test_mx_switched_off(api: Api, mx: Sandbox, nucleus_client: Client):
    VendorCredential.unscoped.update(base_url="http://127.0.0.1:9")
    body = {"nucleus_client_id": nucleus_client.id, "product": "atom"}
    response = api.post("/integration/v1/user", body)
    assert response.status_code == 503
    assert response.data["fault"] == "vendor"
    mx_is_back = {"base_url": mx.base_url}
    VendorCredential.unscoped.update(**mx_is_back)
    assert api.post("/integration/v1/user", body).status_code == 200


def test_wrong_keys_name_the_setting(api: Api, mx: Sandbox, nucleus_client: Client):
    credential = VendorCredential.unscoped.get()
    credential.secret = "wrong"
    credential.save()
    body = {"nucleus_client_id": nucleus_client.id, "product": "atom"}
    response = api.post("/integration/v1/user", body)
    assert response.status_code == 400
    assert response.data["fault"] == "configuration"
    assert "wrong" not in response.content.decode()


def test_a_failed_link_leaves_nothing_half_written(
    api: Api, mx: Sandbox, nucleus_client: Client, member_guid: str
):
    mx.fault(method="GET", path="/users/*/members/*/accounts", kind="status", status=500, count=20)
    mx.fault(method="GET", path="/users/*/accounts", kind="status", status=500, count=20)
    body = {"nucleus_client_id": nucleus_client.id, "vendor_request": {"member_id": member_guid}}
    assert api.post("/integration/v1/aggregation/account", body).status_code == 503
    assert AggregationAccount.unscoped.count() == 0
    mx.heal()
    assert api.post("/integration/v1/aggregation/account", body).status_code == 200


def test_every_call_is_audited_without_secrets(api: Api, mx: Sandbox, account_id: str):
    rows = list(AuditLog.objects.values())
    assert {row["path_template"] for row in rows} >= {"/users"}
    text = repr(rows)
    assert mx_api.chosen().api_key not in text
    assert "USR-" not in text
    assert "MBR-" not in text
