"""The computed state of a connection: its reason, who must act; nothing broken looks well."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as HttpClient
from django.utils import timezone

from integrations.flows import connection_job_queries, connection_state, connections
from integrations.flows.connection_descriptions import STEPS, TITLES, describe
from integrations.flows.connection_reason_queries import with_reason
from integrations.flows.connection_state import MISSING, REASONS, USER_DISABLED, StateReason
from integrations.models import (
    AccountLink,
    CredentialHealth,
    Job,
    JobState,
    Member,
    VendorCredential,
    VendorUser,
)
from nucleus.models import Client, Tenant
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import AggregationAccountFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAYS = timedelta(days=1)


@pytest.fixture
def credential(tenant: Tenant) -> VendorCredential:
    row = VendorCredential(tenant=tenant, client_id="id", secret="key")
    row.save()
    return row


@pytest.fixture
def member(credential: VendorCredential, nucleus_client: Client) -> Member:
    """A connection with one account that works."""
    user = VendorUser.unscoped.create(
        tenant=nucleus_client.tenant, client=nucleus_client, vendor="mx", identifier="i",
        vendor_user_id="USR-1",
    )  # fmt: skip
    member = Member.unscoped.create(
        tenant=user.tenant, vendor_user=user, vendor_member_id="MBR-1",
        connection_status="CONNECTED", actor="nobody", next_step="none",
        checked_at=NOW, successfully_aggregated_at=NOW,
    )  # fmt: skip
    account: Any = AggregationAccountFactory(client=nucleus_client)
    AccountLink.unscoped.create(
        vendor="mx", vendor_member_id="MBR-1", tenant=user.tenant, member=member,
        aggregation_account=account, vendor_account_id="ACT-1",
    )  # fmt: skip
    return member


def current() -> Any:
    return with_reason(Member.unscoped.select_related("vendor_user")).get()


def add_job(member: Member, state: JobState, finished_at: datetime | None = None) -> Job:
    key = connections.lock_key(member.vendor_user, member.vendor_member_id)
    job: Any = JobFactory(
        tenant=member.tenant, kind="sync_member", lock_key=key, state=state,
        finished_at=finished_at,
    )  # fmt: skip
    return job


def set_health(credential: VendorCredential, **columns: Any) -> None:
    CredentialHealth.objects.create(credential=credential, since=NOW, **columns)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({}, "works"),
        ({"connection_status": MISSING, "actor": "end_user"}, "missing"),
        ({"connection_status": MISSING}, "replaced"),
        ({"actor": "end_user", "is_aggregating": True}, "customer_action"),
        ({"actor": "staff"}, "staff_action"),
        ({"connection_status": USER_DISABLED, "actor": "staff"}, "staff_action"),
        ({"is_aggregating": True}, "importing"),
        ({"next_step": "wait"}, "importing"),
        ({"actor": "vendor", "next_step": "retry_later"}, "vendor_fails"),
        ({"read_problem": "vendor_unavailable: MX fails."}, "read_failed"),
        ({"checked_at": NOW - 1.1 * DAYS}, "not_checked"),
        ({"checked_at": NOW - 1.1 * DAYS, "is_aggregating": True}, "not_checked"),
        ({"checked_at": NOW - 1.1 * DAYS, "actor": "end_user"}, "customer_action"),
        ({"successfully_aggregated_at": NOW - 2.1 * DAYS}, "not_imported"),
        ({"successfully_aggregated_at": NOW - 1.9 * DAYS}, "works"),
        ({"successfully_aggregated_at": None, "create_date": NOW - 3 * DAYS}, "not_imported"),
        ({"successfully_aggregated_at": NOW - 9 * DAYS, "declines_imports": True}, "works"),
    ],
)
def test_states_that_the_vendor_reports(member: Member, columns: dict[str, Any], reason: str):
    Member.unscoped.update(**columns)
    assert current().state_reason == reason
    state, actor = REASONS[StateReason(reason)]
    assert StateReason(reason) in connection_state.reasons_of(
        state=state.value, action_required_by=actor.value
    )


def test_old_imports_of_a_connection_without_accounts_are_not_stale(member: Member):
    AccountLink.unscoped.update(ended_at=NOW)
    Member.unscoped.update(successfully_aggregated_at=NOW - 9 * DAYS)
    assert current().state_reason == "works"


def test_a_deactivated_owner_or_tenant(member: Member):
    Member.unscoped.update(connection_status=USER_DISABLED, actor="staff")
    VendorUser.unscoped.update(disabled_at=NOW)
    assert current().state_reason == "owner_disabled"
    Member.unscoped.update(connection_status="CONNECTED", actor="nobody")
    assert current().state_reason == "works"
    Tenant.objects.update(is_active=False)
    assert current().state_reason == "owner_disabled"


class TestJobs:
    """D7: a dead job showed as a connection that works."""

    def test_a_dead_job(self, member: Member):
        add_job(member, JobState.DEAD, finished_at=NOW + DAYS / 24)
        assert current().state_reason == "job_failed"

    def test_a_dead_job_from_before_the_data_was_complete(self, member: Member):
        add_job(member, JobState.DEAD, finished_at=NOW - DAYS / 24)
        assert current().state_reason == "works"

    def test_a_dead_job_of_a_connection_that_was_never_checked(self, member: Member):
        Member.unscoped.update(checked_at=None)
        add_job(member, JobState.DEAD, finished_at=NOW + DAYS / 24)
        assert current().state_reason == "job_failed"

    @pytest.mark.parametrize("state", [JobState.READY, JobState.RUNNING])
    def test_a_dead_job_with_a_newer_one_is_tried_again(self, member: Member, state: JobState):
        add_job(member, JobState.DEAD, finished_at=NOW + DAYS / 24)
        add_job(member, state)
        assert current().state_reason == "read_failed"

    def test_a_dead_job_of_another_connection(self, member: Member):
        add_job(member, JobState.DEAD, finished_at=NOW + DAYS / 24)
        Job.objects.update(lock_key=f"{member.tenant_id}:member:mx:MBR-10")
        assert current().state_reason == "works"

    def test_the_lock_key_is_that_of_the_queue(self, member: Member):
        key = connection_job_queries.lock_key(
            "tenant_id", "vendor_user__vendor", "vendor_member_id"
        )
        expected = connections.lock_key(member.vendor_user, member.vendor_member_id)
        assert Member.unscoped.annotate(key=key).get().key == expected

    def test_an_index_leads_to_the_jobs(self, member: Member):
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":  # which reads small tables as a whole
                cursor.execute("SET LOCAL enable_seqscan = off")
        plan = with_reason(Member.unscoped.all()).explain()
        assert "job_by_lock_key" in plan
        assert not re.search(r"SCAN U0$|Seq Scan on integrations_job", plan, re.MULTILINE)

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own")
    def test_postgresql_does_not_compile_the_query(self):
        with connection.cursor() as cursor:
            cursor.execute("SHOW jit")
            assert cursor.fetchone() == ("off",)

    def test_one_connection_is_read_without_collecting_all_dead_jobs(self, member: Member):
        add_job(member, JobState.DEAD, finished_at=NOW + DAYS / 24)
        row = with_reason(Member.unscoped.all(), of_many=False)
        assert row.get().state_reason == "job_failed"  # type: ignore[attr-defined]
        assert " IN (SELECT" not in str(row.query)


class TestCredentials:
    def test_refused(self, member: Member, credential: VendorCredential):
        set_health(credential, state="refused", retry_at=NOW)
        Member.unscoped.update(actor="end_user", connection_message="Log in again.")
        row = current()
        assert row.state_reason == "credentials_refused"
        assert "Log in" not in connection_state.message(row)  # nobody could, with these keys

    def test_none_in_use(self, member: Member):
        VendorCredential.unscoped.update(is_active=False)
        assert current().state_reason == "no_credentials"

    def test_refused_but_no_longer_in_use(self, member: Member, credential: VendorCredential):
        set_health(credential, state="refused", retry_at=NOW)
        VendorCredential.unscoped.update(is_active=False)
        VendorCredential(tenant=member.tenant, client_id="new", secret="key").save()
        assert current().state_reason == "works"

    def test_paused(self, member: Member, credential: VendorCredential):
        set_health(credential, state="failing", failures=10, retry_at=NOW - DAYS)
        assert current().state_reason == "calls_paused"

    def test_a_few_failures_are_no_pause(self, member: Member, credential: VendorCredential):
        set_health(credential, state="failing", failures=1)
        assert current().state_reason == "works"


class TestWords:
    def test_every_reason_has_words(self):
        assert set(TITLES) == set(STEPS) == set(REASONS) == set(StateReason)

    @pytest.mark.parametrize(
        ("columns", "step"),
        [
            ({"connection_status": USER_DISABLED, "actor": "staff"}, "disabled at MX"),
            ({"actor": "end_user", "next_step": "reconnect"}, "at the bank's own website"),
            ({"actor": "end_user", "next_step": "repair"}, "Send a repair link"),
            ({"actor": "vendor", "next_step": "none"}, "no longer connects to this bank"),
            ({"read_problem": "MX fails."}, "the last read failed (MX fails), and"),
        ],
    )
    def test_the_next_step(self, member: Member, columns: dict[str, Any], step: str):
        Member.unscoped.update(**columns)
        description = describe(current())
        assert step in description.next_step
        assert description.needs_attention

    def test_a_dead_job_names_its_error_and_us(self, member: Member):
        Member.unscoped.update(read_problem="vendor_refused: MX refuses this.")
        add_job(member, JobState.DEAD, finished_at=NOW + DAYS / 24)
        description = describe(current())
        assert (description.title, description.actor_name) == ("Our job is dead", "We")
        assert "MX refuses this" in description.next_step
        assert description.customer_message is not None
        assert description.customer_message.endswith("We are working on it.")

    def test_a_connection_that_works_needs_no_attention(self, member: Member):
        description = describe(current())
        assert (description.needs_attention, description.customer_message) == (False, None)


def test_the_metrics_count_by_reason(member: Member, settings: Any):
    settings.METRICS_TOKEN = "a-token-for-metrics"
    add_job(member, JobState.DEAD, finished_at=NOW + DAYS / 24)
    response = HttpClient().get("/metrics", headers={"Authorization": "Bearer a-token-for-metrics"})
    lines = response.content.decode().splitlines()
    labels = 'action_required_by="staff",reason="job_failed",state="job_failed"'
    assert f"gateway_connections{{{labels}}} 1.0" in lines
    assert sum(line.endswith("} 1.0") for line in lines if "gateway_connections{" in line) == 1
