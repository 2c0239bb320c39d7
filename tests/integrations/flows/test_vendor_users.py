"""The vendor's user is deleted or disabled in the vendor's dashboard, and comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from integrations.flows import reconciliation, sync
from integrations.jobs import runner
from integrations.models import CredentialHealth, Job, JobState, Member, OutboundEvent, VendorUser
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccount, Client
from tests.api import Api
from tests.gateway.integration_api.conftest import link
from tests.rollback import rolled_back
from tests.sandbox_process import DEPOSITS, Sandbox

BASE = "/integration/v1"
EVENTS = ["connection_gone", "connection_repaired", "aggregation_account_status"]


@pytest.fixture
def login() -> str:
    """Three accounts are enough for what happens to the user, and take half the time."""
    return DEPOSITS


@pytest.fixture
def events(api: Api) -> None:
    """A subscription, so that events are stored; nothing is sent to it."""
    body = {"url": "https://127.0.0.1:9/", "integration_service": [], "extended_events": EVENTS}
    assert api.post(f"{BASE}/webhook", body).status_code == 200


def types() -> list[str]:
    return sorted(OutboundEvent.unscoped.values_list("type", flat=True))


def user_id(connection: Member) -> str:
    return str(connection.vendor_user.vendor_user_id)


def bank_event(mx: Sandbox, kind: str, **values: Any) -> None:
    mx.call("POST", "/_control/bank/events", json={"kind": kind, "now": True, **values})


def run_sync(connection: Member, scope: SyncScope = SyncScope.EVERYTHING) -> None:
    sync.enqueue(member=connection, scope=scope)
    Job.objects.filter(kind="deliver_webhook").delete()
    runner.drain()


def state(api: Api) -> dict[str, Any]:
    (row,) = api.get(f"{BASE}/connection").data["content"]
    assert isinstance(row, dict)
    return row


def active() -> int:
    return AggregationAccount.unscoped.filter(is_active=True).count()


class TestADeletedUser:
    def test_its_connections_are_missing_and_jobs_end(
        self, api: Api, own_mx: Sandbox, connection: Member, events: None
    ):
        bank_event(own_mx, "delete_user", user=user_id(connection))
        for _ in range(3):
            run_sync(connection)
        assert not Job.objects.filter(state=JobState.DEAD).exists()
        assert VendorUser.unscoped.get().vendor_user_id is None
        assert (state(api)["state"], active()) == ("missing", 0)
        assert types() == ["aggregation_account_status", "connection_gone"]
        assert (
            "POST /integration/v1/user"
            in OutboundEvent.unscoped.get(type="connection_gone").payload
        )

    def test_every_call_that_needs_it_says_what_to_do(
        self,
        api: Api,
        own_mx: Sandbox,
        connection: Member,
        nucleus_client: Client,
        subtests: pytest.Subtests,
    ):
        account = AggregationAccount.unscoped.first()
        assert account is not None
        bank_event(own_mx, "delete_user", user=user_id(connection))
        owner = {"nucleus_client_id": str(nucleus_client.pk), "product": "atom"}
        widget = f"{BASE}/widget_link/{nucleus_client.pk}"
        balance = f"{BASE}/aggregation/balance"
        calls: dict[str, Callable[[], Any]] = {
            "widget": lambda: api.get(widget),
            "repair": lambda: api.get(widget, nucleus_aggregation_account_id=account.pk),
            "account": lambda: api.post(f"{BASE}/aggregation/account", owner),
            "iav": lambda: api.post(f"{BASE}/iav", owner),
            "pull": lambda: api.get(f"{balance}/{account.pk}"),
            "pull_list": lambda: api.get(balance, aggregation_account_id_list=account.pk),
        }
        for call, send in calls.items():
            with subtests.test(call), rolled_back():
                assert state(api)["state"] == "connected"
                for _ in range(2):  # while the gateway learns of it, and afterwards
                    response = send()
                    if call == "pull_list":
                        assert response.status_code == 200
                        (row,) = response.data
                        assert row["connection"] is None
                        message = row["message"]
                    else:
                        assert response.status_code == 400, response.data
                        message = response.data["message"]
                    assert "POST /integration/v1/user" in message
                assert state(api)["state"] == "missing"

    def test_after_a_new_user_and_login_the_accounts_go_on(
        self, api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client
    ):
        before = set(AggregationAccount.unscoped.values_list("pk", flat=True))
        bank_event(own_mx, "delete_user", user=user_id(connection))
        run_sync(connection)
        body = {"nucleus_client_id": nucleus_client.pk, "product": "atom", "vendor_name": "mx"}
        response = api.post(f"{BASE}/user", body)
        assert response.status_code == 200
        new_user = response.data["vendor_response"]["guid"]
        assert new_user != user_id(connection)
        assert api.get(state(api)["widget_link"]).status_code == 200
        link(api, nucleus_client, own_mx.connect(new_user, login=DEPOSITS))
        runner.drain()
        assert set(AggregationAccount.unscoped.values_list("pk", flat=True)) == before
        assert active() == len(before)
        states = {row["state"] for row in api.get(f"{BASE}/connection").data["content"]}
        assert states == {"missing", "connected"}

    def test_a_new_user_before_the_gateway_knows_ends_the_old_connections(
        self, api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client
    ):
        bank_event(own_mx, "delete_user", user=user_id(connection))
        body = {"nucleus_client_id": nucleus_client.pk, "product": "atom", "vendor_name": "mx"}
        assert api.post(f"{BASE}/user", body).status_code == 200
        assert (state(api)["state"], active()) == ("missing", 0)

    def test_one_wrong_404_ends_nothing(self, api: Api, own_mx: Sandbox, connection: Member):
        own_mx.fault(path="/users/*/members*", status=404, count=2, kind="status")
        run_sync(connection)
        assert VendorUser.unscoped.get().vendor_user_id is not None
        assert Member.unscoped.get().pk == connection.pk

    def test_a_user_that_was_there_all_the_time_heals(
        self, api: Api, own_mx: Sandbox, connection: Member, events: None
    ):
        accounts = active()
        own_mx.fault(path="/users/*", status=404, kind="status", count=6)
        run_sync(connection)
        assert (state(api)["state"], active()) == ("missing", 0)
        own_mx.heal()
        Member.unscoped.update(next_sync_at=timezone.now())
        assert reconciliation.reconcile_due() == 1
        runner.drain()
        assert (state(api)["state"], active()) == ("connected", accounts)
        assert api.get(state(api)["widget_link"]).status_code == 200
        assert types().count("connection_repaired") == 1


class TestADisabledUser:
    def test_connections_say_so_and_heal(
        self, api: Api, own_mx: Sandbox, connection: Member, events: None
    ):
        bank_event(own_mx, "disable_user", user=user_id(connection))
        for _ in range(2):
            run_sync(connection)
        row = state(api)
        assert (row["state"], row["action_required_by"]) == ("needs_action", "staff")
        assert "disabled at MX" in row["message"]
        assert row["widget_link"] is None
        assert active() == 3  # the accounts exist
        assert not Job.objects.filter(state=JobState.DEAD).exists()
        assert types() == ["aggregation_account_status"]
        bank_event(own_mx, "enable_user", user=user_id(connection))
        Member.unscoped.update(next_sync_at=timezone.now())
        assert reconciliation.reconcile_due() == 1
        runner.drain()
        assert (state(api)["state"], state(api)["message"]) == ("connected", None)
        assert types() == ["aggregation_account_status"] * 2 + ["connection_repaired"]

    def test_the_error_names_the_user_and_not_the_address(
        self, api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client
    ):
        account = AggregationAccount.unscoped.first()
        assert account is not None
        bank_event(own_mx, "disable_user", user=user_id(connection))
        for path in (
            f"widget_link/{nucleus_client.pk}",
            f"aggregation/transaction/{account.pk}",
        ):
            response = api.get(f"{BASE}/{path}")
            assert (response.status_code, response.data["code"]) == (400, "vendor_user_disabled")
            assert response.data["fault"] == "configuration"
            assert "disabled at MX" in response.data["message"]
            assert "allow-list" not in response.data["message"]
        assert state(api)["action_required_by"] == "staff"
        assert CredentialHealth.objects.get().state == CredentialHealth.State.WORKING

    def test_a_refused_address_is_still_a_refused_address(
        self, api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client
    ):
        own_mx.fault(path="/users/*", status=403, count=9, kind="status")
        response = api.get(f"{BASE}/widget_link/{nucleus_client.pk}")
        assert response.data["code"] == "vendor_access_denied"
        assert state(api)["state"] == "connected"

    def test_disabled_while_a_job_runs(self, api: Api, own_mx: Sandbox, connection: Member):
        sync.enqueue(member=connection, scope=SyncScope.EVERYTHING)
        own_mx.fault(path="/users/*/transactions", status=403, count=1, kind="status")
        bank_event(own_mx, "disable_user", user=user_id(connection))
        runner.drain()
        assert not Job.objects.filter(state=JobState.DEAD).exists()
        assert state(api)["action_required_by"] == "staff"

    def test_creating_the_user_again_reports_it(
        self, api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client
    ):
        bank_event(own_mx, "disable_user", user=user_id(connection))
        body = {"nucleus_client_id": nucleus_client.pk, "product": "atom", "vendor_name": "mx"}
        assert "disabled at MX" in api.post(f"{BASE}/user", body).data["message"]
        bank_event(own_mx, "enable_user", user=user_id(connection))
        assert api.post(f"{BASE}/user", body).data["message"] is None
        assert reconciliation.reconcile_due() == 1
        runner.drain()
        assert state(api)["state"] == "connected"
