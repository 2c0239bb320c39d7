"""Pulls over three weeks: pending rows post under new ids or vanish, and balances change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.models import AccountLink
from nucleus.models import AggregationAccountBalance, AggregationAccountTransaction, Client, Tenant
from tests import mx_api
from tests.api import Api
from tests.conftest import connect_tenant
from tests.gateway.integration_api.conftest import link, run_jobs
from tests.sandbox_process import Sandbox

BASE = "/integration/v1/aggregation"
Row = tuple[str, Decimal, str]


@pytest.fixture
def mx(tenant: Tenant, own_sandbox: Sandbox) -> Sandbox:
    """The sandbox, its clock three weeks in the past."""
    then = datetime.now(UTC) - timedelta(weeks=3)
    own_sandbox.call("POST", "/_control/reset", json={"now": then.isoformat()})
    connect_tenant(tenant, own_sandbox)
    return own_sandbox


def served(mx: Sandbox, user: str) -> set[Row]:
    """MX's transactions of the window, which ends today by the gateway's clock, not by MX's."""
    since = datetime.now(UTC).date() - timedelta(days=mx_api.chosen().days_back)
    rows = mx.listed(f"/users/{user}/transactions?from_date={since}", "transactions")
    return {(row["guid"], Decimal(row["amount"]), row["status"].lower()) for row in rows}


def stored() -> set[Row]:
    rows = AggregationAccountTransaction.unscoped.exclude(status="canceled")
    return set(rows.values_list("source_id", "amount", "status"))


def test_pulls_over_three_weeks_equal_mx(
    api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str
):
    member = mx.connect(user_guid)
    accounts: list[dict[str, Any]] = link(api, nucleus_client, member)[
        "nucleus_aggregation_accounts"
    ]
    ids = [row["body"]["id"] for row in accounts]
    run_jobs()
    before = stored()
    pending = {guid for guid, _, status in before if status == "pending"}
    assert len(pending) > 4

    for days in (1, 6, 14):
        mx.call("POST", "/_control/clock", json={"advance": f"{days}d"})
        for account in ids:
            for kind in ("transaction", "balance"):
                assert api.get(f"{BASE}/{kind}/{account}").status_code == 200
        assert served(mx, user_guid) <= stored()

    # Each row that was pending has posted, perhaps under another id, or is canceled.
    statuses = dict(
        AggregationAccountTransaction.unscoped.filter(source_id__in=pending).values_list(
            "source_id", "status"
        )
    )
    assert set(statuses) == pending
    assert set(statuses.values()) <= {"canceled", "posted"}
    assert "canceled" in statuses.values()
    at_mx = {
        row["guid"]: row["balance"] for row in mx.listed(f"/users/{user_guid}/accounts", "accounts")
    }
    for account_link in AccountLink.unscoped.select_related("aggregation_account"):
        newest = (
            AggregationAccountBalance.unscoped.filter(
                aggregation_account=account_link.aggregation_account
            )
            .order_by("-balance_time_stamp")
            .first()
        )
        assert newest is not None
        assert newest.balance == at_mx[account_link.vendor_account_id]
