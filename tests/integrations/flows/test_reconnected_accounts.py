"""A connection is lost, and the same login is connected again."""

from __future__ import annotations

from typing import Any

from integrations.models import Member, PossibleDuplicate
from nucleus.models import AggregationAccount, Client
from tests.api import Api
from tests.gateway.integration_api.conftest import link
from tests.integrations.flows.bank_changes import BASE, bank_event, run_jobs
from tests.sandbox_process import Sandbox


def reconnect(api: Api, mx: Sandbox, client: Client, connection: Member) -> None:
    bank_event(mx, "delete_member", member=connection.vendor_member_id)
    link(api, client, mx.connect(str(connection.vendor_user.vendor_user_id)))
    run_jobs()


def ids() -> dict[Any, bool]:
    return dict(AggregationAccount.unscoped.values_list("pk", "is_active"))


def test_a_name_of_the_tenant_does_not_split_an_account(
    api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client
):
    before = ids()
    account = AggregationAccount.unscoped.filter(is_active=True).first()
    assert account is not None
    response = api.put(
        f"/nucleus/v1/aggregation_account/{account.pk}", {"account_name": "My pocket"}
    )
    assert response.status_code == 200
    reconnect(api, own_mx, nucleus_client, connection)
    assert ids() == before
    assert not PossibleDuplicate.unscoped.exists()


def test_an_account_that_was_renumbered_meanwhile_is_reported(
    api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client
):
    account = AggregationAccount.unscoped.filter(is_active=True).first()
    assert account is not None
    bank_event(own_mx, "delete_member", member=connection.vendor_member_id)
    user = str(connection.vendor_user.vendor_user_id)
    own_mx.call(
        "POST",
        "/_control/bank/events",
        json={"kind": "renumber_account", "user": user, "account": account.account_name},
    )
    link(api, nucleus_client, own_mx.connect(user))
    run_jobs()
    (pair,) = PossibleDuplicate.unscoped.all()
    assert pair.other_account == account
    assert [row.is_active for row in (pair.aggregation_account, pair.other_account)] == [
        True,
        False,
    ]


def test_nobody_has_to_act_on_a_connection_that_was_replaced(
    api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client
):
    reconnect(api, own_mx, nucleus_client, connection)
    rows = {row["state"]: row for row in api.get(f"{BASE}/connection").data["content"]}
    assert set(rows) == {"missing", "connected"}
    assert rows["missing"]["next_step"] == "none"
    assert rows["missing"]["action_required_by"] == "nobody"
    assert rows["missing"]["message"] is None
