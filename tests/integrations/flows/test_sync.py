"""Sync: reconciliation without webhooks, imports between attempts, and the warning to staff."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from integrations.flows import inbound_webhooks, reconciliation, sync
from integrations.jobs import runner, schedule
from integrations.models import (
    AggregationSettings,
    AuditLog,
    CredentialHealth,
    InboundWebhook,
    Job,
    JobState,
    Member,
)
from integrations.vendors.records import SyncScope
from tests.gateway.webhooks.conftest import at_mx, facts, post
from tests.sandbox_process import Sandbox


def test_connections_are_reconciled_without_webhooks(own_mx: Sandbox, connection: Member):
    own_mx.call("POST", "/_control/clock", json={"advance": "25h"})
    assert reconciliation.reconcile_due() == 0  # not yet
    Member.unscoped.update(next_sync_at=timezone.now() - timedelta(days=3))
    schedule.Schedule().tick()
    schedule.Schedule().tick()
    assert runner.drain() == 1
    assert facts(connection) == at_mx(own_mx, connection)
    connection.refresh_from_db()
    assert connection.next_sync_at is not None
    assert connection.next_sync_at > timezone.now() + timedelta(hours=4)


def test_without_a_new_import_only_the_member_is_read(own_mx: Sandbox, connection: Member):
    sync.enqueue(member=connection, scope=SyncScope.EVERYTHING)
    runner.drain()
    Member.unscoped.update(synced_at=timezone.now() + timedelta(seconds=5))  # not in MX's second
    AuditLog.objects.all().delete()
    sync.enqueue(member=connection, scope=SyncScope.EVERYTHING, only_if_changed=True)
    runner.drain()
    assert list(AuditLog.objects.values_list("operation", flat=True)) == ["read_member"]


def test_many_due_connections_are_enqueued_in_batches(own_mx: Sandbox, connection: Member):
    Member.unscoped.bulk_create(
        Member(
            tenant=connection.tenant,
            vendor_user=connection.vendor_user,
            vendor_member_id=f"MBR-{number}",
            next_sync_at=timezone.now() - timedelta(days=1),
        )
        for number in range(250)
    )
    assert reconciliation.reconcile_due() == 100
    assert reconciliation.reconcile_due() == 100
    assert reconciliation.reconcile_due() == 50
    assert reconciliation.reconcile_due() == 0


def test_staff_are_warned_when_webhooks_are_missing(
    aggregation_settings: AggregationSettings, connection: Member
):
    assert inbound_webhooks.missing_webhooks_warning(connection.tenant) is None
    Member.unscoped.update(successfully_aggregated_at=timezone.now() - timedelta(hours=5))
    Member.unscoped.create(
        tenant=connection.tenant,
        vendor_user=connection.vendor_user,
        vendor_member_id="MBR-odd",
        successfully_aggregated_at=timezone.now() + timedelta(days=9000),  # hides no warning
    )
    warning = inbound_webhooks.missing_webhooks_warning(connection.tenant)
    assert warning is not None
    assert "none has arrived yet" in warning
    post(aggregation_settings, {"action": "test"})
    InboundWebhook.objects.update(create_date=timezone.now() - timedelta(hours=4))
    assert inbound_webhooks.missing_webhooks_warning(connection.tenant) is None


def test_a_refresh_makes_mx_import_first(own_mx: Sandbox, connection: Member):
    before = connection.aggregated_at
    sync.enqueue(member=connection, scope=SyncScope.EVERYTHING, kind=sync.REFRESH_MEMBER)
    for _ in range(20):
        runner.drain()
        if Job.objects.get(kind=sync.REFRESH_MEMBER.name).state == JobState.DONE:
            break
        Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
    connection.refresh_from_db()
    assert connection.aggregated_at is not None
    assert before is None or connection.aggregated_at > before
    assert facts(connection) == at_mx(own_mx, connection)


def test_an_import_between_two_attempts_is_not_missed(own_mx: Sandbox, connection: Member):
    """The first attempt reads some accounts and fails; MX imports again; the second reads all."""
    own_mx.call("POST", "/_control/clock", json={"advance": "25h"})
    sync.enqueue(member=connection, scope=SyncScope.EVERYTHING)
    own_mx.fault(
        path="/users/*/accounts/*/transactions", kind="status", status=503, skip=4, count=99
    )
    runner.drain()
    job = Job.objects.get(kind=sync.SYNC_MEMBER.name)
    assert (job.state, bool(job.progress.get("done"))) == (JobState.READY, True)
    own_mx.heal()
    CredentialHealth.objects.all().delete()
    own_mx.call("POST", "/_control/clock", json={"advance": "25h"})
    Job.objects.filter(pk=job.pk).update(run_at=timezone.now())
    runner.drain()
    assert facts(connection) == at_mx(own_mx, connection)


def test_one_wrong_404_does_not_end_a_connection(own_mx: Sandbox, connection: Member):
    own_mx.fault(path=f"/users/*/members/{connection.vendor_member_id}", status=404, count=1)
    sync.enqueue(member=connection, scope=SyncScope.STATUS)
    runner.drain()
    connection.refresh_from_db()
    assert connection.connection_status == "CONNECTED"
