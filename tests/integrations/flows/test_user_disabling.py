"""The vendor's user of a deactivated client is disabled, and enabled when the client returns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.flows import reconciliation, user_disabling
from integrations.models import Job, Member, VendorUser
from nucleus.models import AggregationAccount, Client, Tenant
from tests.api import Api
from tests.factories.nucleus import BusinessFactory
from tests.integrations.flows.bank_changes import BASE, bank_event, run_jobs, state
from tests.integrations.flows.test_erasure import let_time_pass
from tests.sandbox_process import DEPOSITS, Sandbox
from tests.waiting import PATIENCE


@pytest.fixture
def login() -> str:
    """Three accounts are enough for what happens to the user, and take half the time."""
    return DEPOSITS


def is_disabled_at_mx(mx: Sandbox, connection: Member) -> bool:
    user = mx.call("GET", f"/users/{connection.vendor_user.vendor_user_id}")["user"]
    return bool(user["is_disabled"])


def set_active(api: Api, client: Client, *, is_active: bool) -> None:
    path = f"/nucleus/v1/client/{client.id}"
    assert api.put(path, {"is_active": is_active}).status_code == 200


def follow_owners() -> int:
    """What the schedule does; returns the number of users."""
    count = user_disabling.enqueue_due()
    run_jobs()
    return count


@pytest.fixture
def deactivated(api: Api, connection: Member, nucleus_client: Client) -> None:
    set_active(api, nucleus_client, is_active=False)
    assert follow_owners() == 1


def test_it_is_disabled_once_and_nothing_is_asked_for_it(
    api: Api, own_mx: Sandbox, connection: Member, deactivated: None
):
    assert is_disabled_at_mx(own_mx, connection)
    assert follow_owners() == 0
    row = state(api)
    assert (row["state"], row["action_required_by"]) == ("disabled", "nobody")
    assert (row["next_step"], row["widget_link"]) == ("none", None)
    assert "deactivated" in row["message"]
    Member.unscoped.update(next_sync_at=timezone.now() - timedelta(days=1))
    assert reconciliation.reconcile_due() == 0
    account = AggregationAccount.unscoped.first()
    assert account is not None
    response = api.get(f"{BASE}/aggregation/balance/{account.id}")
    assert response.status_code == 400
    assert "deactivated" in response.data["message"]
    (row,) = api.get(
        f"{BASE}/aggregation/balance", aggregation_account_id_list=str(account.id)
    ).data
    assert (row["nucleus_balance_posted"], "deactivated" in row["message"]) == (None, True)
    assert account.is_active


def test_it_is_enabled_again_and_its_data_goes_on(
    api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client, deactivated: None
):
    set_active(api, nucleus_client, is_active=True)
    assert follow_owners() == 1
    assert not is_disabled_at_mx(own_mx, connection)
    assert reconciliation.reconcile_due() == 1
    run_jobs()
    assert state(api)["state"] == "connected"
    account = AggregationAccount.unscoped.first()
    assert account is not None
    assert api.get(f"{BASE}/aggregation/balance/{account.id}").status_code == 200
    assert follow_owners() == 0


def test_a_short_deactivation_that_nobody_noticed_changes_nothing(
    api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client
):
    set_active(api, nucleus_client, is_active=False)
    assert user_disabling.enqueue_due() == 1
    set_active(api, nucleus_client, is_active=True)
    run_jobs()
    assert not is_disabled_at_mx(own_mx, connection)
    assert follow_owners() == 0


def test_a_user_that_staff_disabled_stays_so(api: Api, own_mx: Sandbox, connection: Member):
    path = f"/users/{connection.vendor_user.vendor_user_id}"
    own_mx.call("PUT", path, json={"user": {"is_disabled": True}})
    assert follow_owners() == 0
    assert is_disabled_at_mx(own_mx, connection)


def test_a_user_that_mx_no_longer_has_is_not_asked_for_again(
    api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client
):
    user = connection.vendor_user.vendor_user_id
    bank_event(own_mx, "delete_user", user=user)
    set_active(api, nucleus_client, is_active=False)
    assert follow_owners() == 1
    assert VendorUser.unscoped.get().vendor_user_id is None
    assert follow_owners() == 0


def test_a_user_that_mx_loses_while_it_is_disabled_is_created_again(
    api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client, deactivated: None
):
    bank_event(own_mx, "delete_user", user=connection.vendor_user.vendor_user_id)
    set_active(api, nucleus_client, is_active=True)
    assert follow_owners() == 1
    body = {"nucleus_client_id": str(nucleus_client.pk), "product": "atom"}
    response = api.post(f"{BASE}/user", body)
    assert (response.status_code, response.data["message"]) == (200, None)
    own_mx.connect(response.data["vendor_response"]["guid"])
    response = api.post(f"{BASE}/aggregation/account", body)
    assert response.status_code == 200, response.data


def test_a_failed_attempt_is_repeated_later(
    api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client
):
    set_active(api, nucleus_client, is_active=False)
    user_disabling.enqueue_due()
    Job.objects.all().delete()  # lost, or given up
    assert follow_owners() == 0
    VendorUser.unscoped.update(activity_checked_at=timezone.now() - user_disabling.RETRY_INTERVAL)
    assert follow_owners() == 1
    assert is_disabled_at_mx(own_mx, connection)


def test_a_disabled_user_is_erased(
    api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client, deactivated: None
):
    user = connection.vendor_user.vendor_user_id
    path = f"/nucleus/v1/client/{nucleus_client.id}"
    assert api.delete(path, "?nucleus_data=delete").status_code == 204
    let_time_pass()
    assert api.get(path).status_code == 404
    response = own_mx.session.get(f"{own_mx.base_url}/users/{user}", timeout=PATIENCE)
    assert response.status_code == 404


def test_the_user_of_a_business(api: Api, tenant: Tenant, own_mx: Sandbox):
    business = BusinessFactory(tenant=tenant)
    body = {"nucleus_business_id": str(business.pk)}
    assert api.post(f"{BASE}/user", body).status_code == 200
    user = VendorUser.unscoped.get().vendor_user_id
    for is_active in (False, True):
        path = f"/nucleus/v1/business/{business.pk}"
        assert api.put(path, {"is_active": is_active}).status_code == 200
        assert follow_owners() == 1
        assert own_mx.call("GET", f"/users/{user}")["user"]["is_disabled"] is not is_active
