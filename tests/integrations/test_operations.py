"""What operators use: the jobs command, metrics, logs, retention."""

from __future__ import annotations

import io
import json
import logging
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as HttpClient
from django.utils import timezone

from gateway.access.models import AccessToken
from gateway.log_formatters import JsonFormatter
from integrations.flows import retention
from integrations.jobs import claims, job_queue, runner
from integrations.models import AuditLog, InboundWebhook, Job, JobState
from integrations.request_context import current_request_id
from nucleus.models import Tenant
from tests.factories.access import ApplicationFactory, access_token
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import TenantFactory

pytestmark = pytest.mark.django_db


def jobs(*arguments: str) -> str:
    out = io.StringIO()
    call_command("jobs", *arguments, stdout=out)
    return out.getvalue()


def test_jobs_can_be_listed_shown_and_requeued():
    dead = JobFactory(state=JobState.DEAD, last_error="vendor_refused: no", kind="verify_member")
    waiting = JobFactory(run_at=timezone.now() + timedelta(hours=1))
    assert str(dead.pk) in jobs("list", "--state", "dead")
    assert str(waiting.pk) not in jobs("list", "--state", "dead")
    assert "vendor_refused: no" in jobs("list", "--kind", "verify_member")
    assert json.loads(jobs("show", str(dead.pk)))["last_error"] == "vendor_refused: no"
    assert "verify_member" in jobs("summary")
    jobs("retry", str(waiting.pk))
    waiting.refresh_from_db()
    assert waiting.run_at <= timezone.now()
    assert "1 jobs" in jobs("requeue", "--kind", "verify_member", "--tenant", dead.tenant.slug)
    dead.refresh_from_db()
    assert (dead.state, dead.attempts) == (JobState.READY, 0)


@pytest.mark.parametrize("identity", ["nonsense", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_job_is_an_error(identity: str):
    with pytest.raises(CommandError, match="There is no job"):
        jobs("show", identity)


def test_a_done_job_cannot_be_retried():
    with pytest.raises(CommandError, match="only dead"):
        jobs("retry", str(JobFactory(state=JobState.DONE).pk))


def test_metrics_require_the_token(settings: Any, tenant: Tenant):
    http = HttpClient()
    assert http.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "a-token-for-metrics"
    assert http.get("/metrics").status_code == 401
    JobFactory(run_at=timezone.now() - timedelta(seconds=90))
    JobFactory(state=JobState.DEAD)
    InboundWebhook.objects.create(tenant=tenant, vendor="mx", body="{}", digest="")
    AuditLog.objects.create(
        tenant=tenant, vendor="mx", operation="read_user", method="GET", path_template="/",
        status=200, duration_ms=250,
    )  # fmt: skip
    response = http.get("/metrics", headers={"Authorization": "Bearer a-token-for-metrics"})
    text = response.content.decode()
    assert 'gateway_jobs{kind="test",state="dead"} 1.0' in text
    assert 'gateway_jobs{kind="test",state="ready"} 1.0' in text
    overdue = next(line for line in text.splitlines() if line.startswith("gateway_jobs_overdue_s"))
    assert 80 < float(overdue.split()[-1]) < 200
    assert 'outcome="ok"' in text
    assert 'gateway_vendor_call_seconds_mean{operation="read_user",outcome="ok",vendor="mx"} 0.25' in text  # fmt: skip  # noqa: E501
    assert "gateway_vendor_webhook_lag_seconds" in text


def test_logs_can_be_json():
    reset = current_request_id.set("of-a-request")
    try:
        raise ValueError("wrong")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed: %s", ("ö",), sys.exc_info())
    finally:
        current_request_id.reset(reset)
    line = json.loads(JsonFormatter().format(record))
    assert (line["level"], line["message"], line["logger"]) == ("ERROR", "failed: ö", "x")
    assert "ValueError: wrong" in line["traceback"]


def test_a_job_has_the_id_of_its_request(monkeypatch: pytest.MonkeyPatch, tenant: Tenant):
    request_ids: list[str] = []
    monkeypatch.setitem(
        runner.HANDLERS, "test", lambda run: request_ids.append(current_request_id.get())
    )
    reset = current_request_id.set("the-cause-of-it-all")
    job = job_queue.enqueue(tenant=tenant, kind="test", payload={})
    current_request_id.reset(reset)
    runner.drain()
    assert request_ids == [f"the-cause-of-it-all.job-{job.pk}"]


def test_old_rows_are_deleted_and_dead_jobs_kept(tenant: Tenant):
    old = timezone.now() - timedelta(days=400)
    done = JobFactory(state=JobState.DONE, finished_at=old)
    dead = JobFactory(state=JobState.DEAD, finished_at=old)
    recent = JobFactory(state=JobState.DONE, finished_at=timezone.now())
    for model, values in (
        (InboundWebhook, {"body": "{}", "digest": ""}),
        (AuditLog, {"operation": "x", "method": "GET", "path_template": "/", "duration_ms": 1}),
    ):
        row = model.objects.create(tenant=tenant, vendor="mx", **values)
        model.objects.filter(pk=row.pk).update(create_date=old)
    token = access_token(ApplicationFactory(tenant=tenant))
    access_token(ApplicationFactory(tenant=tenant))
    first = AccessToken.objects.order_by("pk").first()
    assert first is not None
    assert token
    AccessToken.objects.filter(pk=first.pk).update(expires=old)
    assert retention.prune() == 4
    assert set(Job.objects.values_list("pk", flat=True)) == {dead.pk, recent.pk}
    assert not Job.objects.filter(pk=done.pk).exists()
    assert AccessToken.objects.count() == 1
    assert retention.prune() == 0


def test_concurrent_vendor_jobs_of_a_tenant_are_limited(settings: Any):
    settings.VENDOR_CONCURRENCY = 2
    first, second = TenantFactory(), TenantFactory()
    for tenant in (first, first, first, second):
        job_queue.enqueue(tenant=tenant, kind="test", payload={})
    free = job_queue.enqueue(tenant=first, kind="free", payload={}, calls_vendor=False)
    runs = [claims.claim() for _ in range(5)]
    claimed = [run.job for run in runs if run is not None]
    assert len(claimed) == 4
    assert sum(job.tenant_id == first.pk and job.pk != free.pk for job in claimed) == 2
    with next(run for run in runs if run and run.job.tenant_id == first.pk).completion():
        pass
    assert claims.claim() is not None
    assert claims.claim() is None
