"""/metrics for Prometheus: queues, webhooks and vendor calls of all processes, out of the database.

Requests are counted by what is in front of the gateway; here is what only it knows.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Avg, Count, Max, Min
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gateway.errors import responses
from integrations.jobs import job_queue
from integrations.models import (
    AuditLog,
    CredentialHealth,
    InboundWebhook,
    Job,
    JobState,
    VendorCredential,
    WebhookDelivery,
)

WINDOW = timedelta(minutes=5)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Gauges(Collector):
    """Everything, measured when it is asked for."""

    def collect(self) -> Iterator[Metric]:
        yield from _jobs()
        yield from _webhooks()
        yield from _calls()


def _jobs() -> Iterator[Metric]:
    depth = GaugeMetricFamily(
        "gateway_jobs",
        "Jobs by kind and state; done ones are not counted.",
        labels=["kind", "state"],
    )
    live = (JobState.READY, JobState.RUNNING, JobState.DEAD)
    counted = Job.objects.filter(state__in=live).values("kind", "state").annotate(count=Count("*"))
    for row in counted:
        depth.add_metric([row["kind"], row["state"]], row["count"])
    yield depth
    now = job_queue.database_now()
    age = GaugeMetricFamily(
        "gateway_jobs_overdue_seconds", "How long the oldest due job waits.", labels=["kind"]
    )
    due = Job.objects.filter(state=JobState.READY, run_at__lte=now).values("kind")
    for overdue in due.annotate(first=Min("run_at")):
        age.add_metric([overdue["kind"]], (now - overdue["first"]).total_seconds())
    yield age


def _webhooks() -> Iterator[Metric]:
    now = job_queue.database_now()
    states = GaugeMetricFamily(
        "gateway_vendor_webhooks", "Vendor webhooks of the last 5 minutes.", labels=["state"]
    )
    recent = InboundWebhook.objects.filter(create_date__gte=now - WINDOW).values("state")
    for row in recent.annotate(count=Count("*")):
        states.add_metric([row["state"]], row["count"])
    yield states
    lag = GaugeMetricFamily(
        "gateway_vendor_webhook_lag_seconds", "How long the oldest waiting vendor webhook waits."
    )
    waiting = InboundWebhook.objects.filter(state=InboundWebhook.State.RECEIVED)
    first = waiting.aggregate(first=Min("create_date"))["first"]
    lag.add_metric([], (now - first).total_seconds() if first else 0)
    yield lag
    out = GaugeMetricFamily("gateway_webhook_deliveries", "Deliveries by state.", labels=["state"])
    unfinished = WebhookDelivery.unscoped.exclude(state=WebhookDelivery.State.DELIVERED)
    for row in unfinished.values("state").annotate(count=Count("*")):
        out.add_metric([row["state"]], row["count"])
    yield out


def _calls() -> Iterator[Metric]:
    labels = ["vendor", "operation", "outcome"]
    count = GaugeMetricFamily("gateway_vendor_calls", "Calls of the last 5 minutes.", labels=labels)
    mean, most = (
        GaugeMetricFamily(f"gateway_vendor_call_seconds_{name}", "Their duration.", labels=labels)
        for name in ("mean", "max")
    )
    now = job_queue.database_now()
    rows = AuditLog.objects.filter(create_date__gte=now - WINDOW).exclude(vendor="")
    for row in rows.values("vendor", "operation", "error").annotate(
        count=Count("*"), mean=Avg("duration_ms"), most=Max("duration_ms")
    ):
        names = [row["vendor"], row["operation"], row["error"] or "ok"]
        count.add_metric(names, row["count"])
        mean.add_metric(names, row["mean"] / 1000)
        most.add_metric(names, row["most"] / 1000)
    yield from (count, mean, most)
    states = GaugeMetricFamily(
        "gateway_credentials", "Active credentials by the state of their keys.", labels=["state"]
    )
    active = VendorCredential.unscoped.filter(is_active=True).values("health__state")
    for credentials in active.annotate(count=Count("*")):
        states.add_metric([credentials["health__state"] or "untested"], credentials["count"])
    yield states
    paused = GaugeMetricFamily("gateway_credentials_paused", "Credentials whose calls are paused.")
    paused.add_metric([], CredentialHealth.objects.filter(retry_at__gt=now).count())
    yield paused


REGISTRY = CollectorRegistry()
REGISTRY.register(Gauges())


@responses.with_error_responses
def metrics(request: HttpRequest) -> HttpResponse:
    """For the holder of METRICS_TOKEN; without one set there is no such page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    expected = settings.METRICS_TOKEN
    if not expected:
        return HttpResponse("METRICS_TOKEN is not set.\n", status=404, content_type="text/plain")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        answer = HttpResponse("This needs METRICS_TOKEN.\n", status=401, content_type="text/plain")
        answer["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return answer
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE)
