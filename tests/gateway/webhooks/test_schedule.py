"""Members are looked at though no webhook came, and people are told when none comes."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from integrations.flows import inbound_webhooks, sync
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


def test_members_are_reconciled_though_no_webhook_came(mx: Sandbox, linked: Member):
    mx.call("POST", "/_control/clock", json={"advance": "25h"})
    assert sync.reconcile_due() == 0  # not yet
    Member.unscoped.update(next_sync_at=timezone.now() - timedelta(days=3))
    schedule.Schedule().tick()
    schedule.Schedule().tick()
    assert runner.drain() == 1
    assert facts(linked) == at_mx(mx, linked)
    linked.refresh_from_db()
    assert linked.next_sync_at is not None
    assert linked.next_sync_at > timezone.now() + timedelta(hours=4)


def test_a_look_without_news_reads_one_thing_only(mx: Sandbox, linked: Member):
    sync.enqueue(member=linked, scope=SyncScope.EVERYTHING)
    runner.drain()
    Member.unscoped.update(synced_at=timezone.now() + timedelta(seconds=5))  # not in MX's second
    AuditLog.objects.all().delete()
    sync.enqueue(member=linked, scope=SyncScope.EVERYTHING, only_if_changed=True)
    runner.drain()
    assert list(AuditLog.objects.values_list("operation", flat=True)) == ["read_member"]


def test_a_thousand_members_due_at_once_come_bit_by_bit(mx: Sandbox, linked: Member):
    Member.unscoped.bulk_create(
        Member(
            tenant=linked.tenant,
            vendor_user=linked.vendor_user,
            vendor_member_id=f"MBR-{number}",
            next_sync_at=timezone.now() - timedelta(days=1),
        )
        for number in range(250)
    )
    assert sync.reconcile_due() == 100
    assert sync.reconcile_due() == 100
    assert sync.reconcile_due() == 50
    assert sync.reconcile_due() == 0


def test_staff_are_warned_of_silence(chosen: AggregationSettings, linked: Member):
    assert inbound_webhooks.silence(linked.tenant) is None
    Member.unscoped.update(successfully_aggregated_at=timezone.now() - timedelta(hours=5))
    warning = inbound_webhooks.silence(linked.tenant)
    assert warning is not None
    assert "none has ever come" in warning
    post(chosen, {"action": "test"})
    InboundWebhook.objects.update(create_date=timezone.now() - timedelta(hours=4))
    assert inbound_webhooks.silence(linked.tenant) is None


def test_a_refresh_asks_mx_to_import_first(mx: Sandbox, linked: Member):
    before = linked.aggregated_at
    sync.enqueue(member=linked, scope=SyncScope.EVERYTHING, kind=sync.REFRESH_JOB)
    for _ in range(20):
        runner.drain()
        if Job.objects.get(kind=sync.REFRESH_JOB).state == JobState.DONE:
            break
        Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
    linked.refresh_from_db()
    assert linked.aggregated_at is not None
    assert before is None or linked.aggregated_at > before
    assert facts(linked) == at_mx(mx, linked)


def test_an_import_between_two_attempts_is_not_missed(mx: Sandbox, linked: Member):
    """The first attempt reads some accounts and fails; MX imports again; the second reads all."""
    mx.call("POST", "/_control/clock", json={"advance": "25h"})
    sync.enqueue(member=linked, scope=SyncScope.EVERYTHING)
    mx.fault(path="/users/*/accounts/*/transactions", kind="status", status=503, skip=4, count=99)
    runner.drain()
    job = Job.objects.get(kind=sync.SYNC_JOB)
    assert (job.state, bool(job.progress.get("done"))) == (JobState.READY, True)
    mx.heal()
    CredentialHealth.objects.all().delete()
    mx.call("POST", "/_control/clock", json={"advance": "25h"})
    Job.objects.filter(pk=job.pk).update(run_at=timezone.now())
    runner.drain()
    assert facts(linked) == at_mx(mx, linked)


def test_one_wrong_404_does_not_end_a_connection(mx: Sandbox, linked: Member):
    mx.fault(path=f"/users/*/members/{linked.vendor_member_id}", status=404, count=1)
    sync.enqueue(member=linked, scope=SyncScope.STATUS)
    runner.drain()
    linked.refresh_from_db()
    assert linked.connection_status == "CONNECTED"
