"""A joint account that two logins of a client show: the tenant decides whether it counts once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from integrations.models import Member
from nucleus.models import Client
from tests.api import Api
from tests.gateway.integration_api.conftest import link
from tests.integrations.flows.bank_changes import (
    BASE,
    accounts,
    bank_event,
    event_types,
    run_jobs,
    run_sync,
    vendor_id,
)
from tests.sandbox_process import Sandbox

EVENT = "aggregation_account_possible_duplicate"
DUPLICATES = f"{BASE}/possible_duplicate"
NUCLEUS = "/nucleus/v1"


def total(api: Api, client: Client) -> Decimal:
    path = f"{NUCLEUS}/client/{client.pk}/aggregation_account_overview"
    return sum((row["total_balance"] for row in api.get(path).data["by_category"]), Decimal(0))


def transactions(api: Api, account_id: Any) -> int:
    chosen = f"aggregation_account_id=={account_id} && is_active==true"
    path = f"{NUCLEUS}/aggregation_account_transaction"
    return int(api.get(path, filter=chosen).data["total_elements"])


@pytest.mark.parametrize("decision", ["merge", "dismiss"])
def test_it_is_reported_once_and_counted_as_the_tenant_decides(
    api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client, decision: str
):
    body = {"url": "https://127.0.0.1:9/", "extended_events": [EVENT]}
    assert api.post(f"{BASE}/webhook", body).status_code == 200
    account = next(row for row in accounts() if row.account_name == "Everyday Checking")
    partner = own_mx.connect(str(connection.vendor_user.vendor_user_id), login="partner")
    link(api, nucleus_client, partner)
    run_jobs()
    connections = [connection, Member.unscoped.get(vendor_member_id=partner)]
    assert len(accounts()) == 12
    assert api.get(DUPLICATES).data["content"] == []
    before, count = total(api, nucleus_client), transactions(api, account.pk)

    bank_event(own_mx, "share_account", account=vendor_id(account), to_member=partner)
    for member in connections * 2:
        run_sync(member)
    (pair,) = api.get(DUPLICATES).data["content"]
    twin_id = pair["nucleus_aggregation_account_id"]
    assert pair["other_nucleus_aggregation_account_id"] == str(account.pk)
    assert event_types() == [EVENT]
    balance = account.aggregationaccountbalance_set.latest("balance_time_stamp").balance
    assert total(api, nucleus_client) == before + balance
    assert transactions(api, twin_id) == transactions(api, account.pk) == count

    if decision == "dismiss":
        assert api.post(f"{DUPLICATES}/{pair['id']}/dismiss").status_code == 200
        expected = (before + balance, count, count, "dismissed")
    else:
        merge = {
            "kept_aggregation_account_id": account.pk,
            "merged_aggregation_account_id": twin_id,
        }
        assert api.post(f"{BASE}/account_merge", merge).status_code == 200
        expected = (before, count, 0, "merged")
    for _ in range(2):
        (pair,) = api.get(DUPLICATES).data["content"]
        assert expected == (
            total(api, nucleus_client),
            transactions(api, account.pk),
            transactions(api, twin_id),
            pair["state"],
        )
        for member in connections:
            run_sync(member)
    assert event_types() == [EVENT]
