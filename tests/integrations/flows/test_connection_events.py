"""Events of connections and accounts, and connections whose data is stale."""

from __future__ import annotations

import pytest
from django.utils import timezone

from integrations.flows import sync
from integrations.jobs import runner
from integrations.models import (
    CredentialHealth,
    Job,
    JobState,
    Member,
)
from integrations.vendors.records import SyncScope
from nucleus.models import Client
from tests.api import Api
from tests.gateway.integration_api.conftest import link
from tests.integrations.flows.bank_changes import (
    BASE,
    event_types,
    run_jobs,
    run_sync,
    state,
)
from tests.sandbox_process import DEPOSITS, Sandbox


@pytest.fixture
def login() -> str:
    """Three accounts are enough for what happens to the connection, and take half the time."""
    return DEPOSITS


class TestStaleData:
    def test_a_dead_read_is_not_connected(self, api: Api, own_mx: Sandbox, connection: Member):
        assert state(api)["state"] == "connected"
        own_mx.fault(path="/users/*/accounts", status=503, count=999, kind="status")
        sync.enqueue(member=connection, scope=SyncScope.EVERYTHING)
        for _ in range(9):
            CredentialHealth.objects.all().delete()
            Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
            runner.drain()
        assert Job.objects.filter(kind="sync_member", state=JobState.DEAD).exists()
        row = state(api)
        assert (row["state"], row["action_required_by"]) == ("job_failed", "staff")
        assert "could not be updated" in row["message"]
        own_mx.heal()
        CredentialHealth.objects.all().delete()
        sync.enqueue(member=connection, scope=SyncScope.STATUS)
        runner.drain()
        assert state(api)["state"] == "job_failed"  # the accounts were not read
        sync.enqueue(member=connection, scope=SyncScope.EVERYTHING, only_if_changed=True)
        runner.drain()
        assert (state(api)["state"], state(api)["message"]) == ("connected", None)

    def test_a_connection_that_was_not_checked_for_long_is_not_connected(
        self, api: Api, own_mx: Sandbox, connection: Member
    ):
        Member.unscoped.update(checked_at=timezone.now() - timezone.timedelta(hours=25))
        row = state(api)
        assert (row["state"], row["action_required_by"]) == ("stale", "staff")
        assert "could not be updated since" in row["message"]
        run_sync(connection)
        assert state(api)["state"] == "connected"


class TestEvents:
    def test_a_reported_connection_is_created_once(
        self, api: Api, own_mx: Sandbox, subscribed: None, nucleus_client: Client
    ):
        body = {"nucleus_client_id": nucleus_client.id, "product": "atom", "vendor_name": "mx"}
        user = api.post(f"{BASE}/user", body).data["vendor_response"]["guid"]
        member = own_mx.connect(user)
        link(api, nucleus_client, member)
        run_jobs()
        body = {"nucleus_client_id": nucleus_client.pk, "vendor_request": {"member_id": member}}
        assert api.post(f"{BASE}/iav", body).status_code == 200
        link(api, nucleus_client, member)
        assert event_types() == ["connection_created"]

    def test_the_event_of_a_connection_that_is_only_verified(
        self, api: Api, own_mx: Sandbox, subscribed: None, nucleus_client: Client
    ):
        body = {"nucleus_client_id": nucleus_client.id, "product": "atom", "vendor_name": "mx"}
        user = api.post(f"{BASE}/user", body).data["vendor_response"]["guid"]
        body = {
            "nucleus_client_id": nucleus_client.pk,
            "vendor_request": {"member_id": own_mx.connect(user)},
        }
        assert api.post(f"{BASE}/iav", body).status_code == 200
        assert event_types() == ["connection_created"]
