"""/metrics for Prometheus: jobs, webhooks and vendor calls of all processes, from the database.

The proxy in front of the gateway counts requests.
"""

from __future__ import annotations

import hmac
from collections import Counter
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
from integrations.flows import connection_counts, connection_state
from integrations.jobs import job_queue
from integrations.models import (
    AccountLink,
    AuditLog,
    CredentialHealth,
    InboundWebhook,
    Job,
    JobState,
    Member,
    VendorCredential,
    WebhookDelivery,
)
from nucleus.models import AggregationAccount, AggregationAccountTransaction
from nucleus.models.ledger import DIRECTIONS, STATUSES, UNKNOWN_VALUES

WINDOW = timedelta(minutes=5)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class DatabaseCollector(Collector):
    """All gauges, measured at each scrape."""

    def collect(self) -> Iterator[Metric]:
        yield from _job_gauges()
        yield from _inbound_webhook_gauges()
        yield _delivery_gauge()
        yield from _vendor_call_gauges()
        yield from _credential_gauges()
        yield _connection_gauge()
        yield from _vendor_data_gauges()
        yield _withheld_gauge()


def _job_gauges() -> Iterator[Metric]:
    count = GaugeMetricFamily(
        "gateway_jobs", "Jobs by kind and state, without those done.", labels=["kind", "state"]
    )
    states = (JobState.READY, JobState.RUNNING, JobState.DEAD)
    jobs = Job.objects.filter(state__in=states).values("kind", "state")
    for row in jobs.annotate(count=Count("*")):
        count.add_metric([row["kind"], row["state"]], row["count"])
    yield count
    now = job_queue.database_now()
    age = GaugeMetricFamily(
        "gateway_jobs_overdue_seconds", "How long the oldest due job has waited.", labels=["kind"]
    )
    due = Job.objects.filter(state=JobState.READY, run_at__lte=now).values("kind")
    for overdue in due.annotate(oldest=Min("run_at")):
        age.add_metric([overdue["kind"]], (now - overdue["oldest"]).total_seconds())
    yield age


def _inbound_webhook_gauges() -> Iterator[Metric]:
    now = job_queue.database_now()
    states = GaugeMetricFamily(
        "gateway_vendor_webhooks", "Inbound webhooks of the last 5 minutes.", labels=["state"]
    )
    recent = InboundWebhook.objects.filter(create_date__gte=now - WINDOW).values("state")
    for row in recent.annotate(count=Count("*")):
        states.add_metric([row["state"]], row["count"])
    yield states
    lag = GaugeMetricFamily(
        "gateway_vendor_webhook_lag_seconds",
        "How long the oldest waiting inbound webhook has waited.",
    )
    waiting = InboundWebhook.objects.filter(state=InboundWebhook.State.RECEIVED)
    oldest = waiting.aggregate(oldest=Min("create_date"))["oldest"]
    lag.add_metric([], (now - oldest).total_seconds() if oldest else 0)
    yield lag


def _delivery_gauge() -> Metric:
    gauge = GaugeMetricFamily(
        "gateway_webhook_deliveries", "Deliveries by state.", labels=["state"]
    )
    unfinished = WebhookDelivery.unscoped.exclude(state=WebhookDelivery.State.DELIVERED)
    for row in unfinished.values("state").annotate(count=Count("*")):
        gauge.add_metric([row["state"]], row["count"])
    return gauge


def _vendor_call_gauges() -> Iterator[Metric]:
    labels = ["vendor", "operation", "outcome"]
    count = GaugeMetricFamily("gateway_vendor_calls", "Calls of the last 5 minutes.", labels=labels)
    mean, maximum = (
        GaugeMetricFamily(f"gateway_vendor_call_seconds_{name}", "Their duration.", labels=labels)
        for name in ("mean", "max")
    )
    now = job_queue.database_now()
    rows = AuditLog.objects.filter(create_date__gte=now - WINDOW).exclude(vendor="")
    for row in rows.values("vendor", "operation", "error").annotate(
        count=Count("*"), mean=Avg("duration_ms"), maximum=Max("duration_ms")
    ):
        label_values = [row["vendor"], row["operation"], row["error"] or "ok"]
        count.add_metric(label_values, row["count"])
        mean.add_metric(label_values, row["mean"] / 1000)
        maximum.add_metric(label_values, row["maximum"] / 1000)
    yield from (count, mean, maximum)


def _credential_gauges() -> Iterator[Metric]:
    now = job_queue.database_now()
    states = GaugeMetricFamily(
        "gateway_credentials", "Active credentials by state.", labels=["state"]
    )
    active = VendorCredential.unscoped.filter(is_active=True).values("health__state")
    for row in active.annotate(count=Count("*")):
        states.add_metric([row["health__state"] or "untested"], row["count"])
    yield states
    paused = GaugeMetricFamily("gateway_credentials_paused", "Credentials whose calls are paused.")
    paused.add_metric([], CredentialHealth.objects.filter(retry_at__gt=now).count())
    yield paused


def _connection_gauge() -> Metric:
    gauge = GaugeMetricFamily(
        "gateway_connections",
        "Connections by state, its reason, and who has to act.",
        labels=["state", "reason", "action_required_by"],
    )
    counts = connection_counts.count_by_reason(Member.unscoped.all())
    for reason, (state, actor) in connection_state.REASONS.items():
        gauge.add_metric([state.value, reason.value, actor.value], counts[reason])
    return gauge


def _vendor_data_gauges() -> Iterator[Metric]:
    unknown = GaugeMetricFamily(
        "gateway_unknown_vendor_values",
        "Rows with an account type, a direction or a status that the gateway does not know.",
        labels=["kind"],
    )
    accounts = AggregationAccount.unscoped.filter(is_active=True, is_classified=False)
    unknown.add_metric(["account_type"], accounts.count())
    rows = AggregationAccountTransaction.unscoped.filter(UNKNOWN_VALUES, is_active=True)
    directions = rows.exclude(transaction_type__in=DIRECTIONS)
    unknown.add_metric(["transaction_type"], directions.count())
    unknown.add_metric(["transaction_status"], rows.exclude(status__in=STATUSES).count())
    yield unknown
    rejected = GaugeMetricFamily(
        "gateway_rejected_items",
        "Items that vendors listed last and that could not be stored, at most 20 of an account.",
        labels=["kind"],
    )
    counts = Counter(dict.fromkeys(("account", "transaction", "holding"), 0))
    links = AccountLink.unscoped.exclude(rejected_items=[])
    for items in links.values_list("rejected_items", flat=True).iterator():
        counts.update(item["kind"] for item in items)
    for kind, number in counts.items():
        rejected.add_metric([kind], number)
    yield rejected


def _withheld_gauge() -> Metric:
    gauge = GaugeMetricFamily(
        "gateway_accounts_with_withheld_removals",
        "Accounts of which an unlikely share of the transactions is missing at the vendor.",
    )
    withheld = AccountLink.unscoped.filter(ended_at=None, withheld_removals__gt=0)
    gauge.add_metric([], withheld.count())
    return gauge


REGISTRY = CollectorRegistry()
REGISTRY.register(DatabaseCollector())


@responses.with_error_responses
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics, for requests with METRICS_TOKEN; 404 if it is not set."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    expected = settings.METRICS_TOKEN
    if not expected:
        return HttpResponse("METRICS_TOKEN is not set.\n", status=404, content_type="text/plain")
    if not hmac.compare_digest(token.encode(), expected.encode()):
        response = HttpResponse(
            "Send METRICS_TOKEN as a bearer token.\n", status=401, content_type="text/plain"
        )
        response["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return response
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE)
