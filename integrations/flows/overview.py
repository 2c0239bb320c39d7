"""The numbers of the overview: connections, banks in trouble, jobs, webhooks and vendor calls.

Each is one statement, for which an index has the rows of the last day, or counts at most
`settings.LIST_WINDOW` rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, F, IntegerField, Min, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, TruncHour
from django.utils import timezone

from integrations.flows.connection_reason_queries import with_reason
from integrations.flows.connection_state import REASONS, StateReason
from integrations.models import (
    AuditLog,
    InboundWebhook,
    Job,
    JobState,
    Member,
    WebhookDelivery,
)
from integrations.vendors.records import ActionRequiredBy

PERIOD = timedelta(hours=24)
IMPORT_AGES = ("day", "two_days", "older", "never")
OVERDUE_AFTER = timedelta(minutes=1)  # that a due job waits
MAX_INSTITUTIONS = 10
# Upper ends, in ms, of the classes in which durations are counted: neither database sorts them all.
DURATIONS = (
    50,
    100,
    150,
    200,
    300,
    400,
    600,
    800,
    1200,
    1600,
    2400,
    3200,
    4800,
    6400,
    10000,
    30000,
)


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """The connections that have one reason for their state.

    Args:
        since: since when the first of them has it, or was last checked.
    """

    reason: StateReason
    number: int
    since: datetime | None

    @property
    def actor(self) -> ActionRequiredBy:
        return REASONS[self.reason][1]


@dataclass(frozen=True, slots=True)
class InstitutionTrouble:
    """A bank at which connections fail now."""

    name: str
    number: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class JobCounts:
    """Numbers of jobs; of waiting and overdue ones at most LIST_WINDOW.

    Args:
        oldest_overdue: when the first overdue job was due.
    """

    waiting: int
    overdue: int
    running: int
    dead: int
    oldest_overdue: datetime | None


@dataclass(frozen=True, slots=True)
class HourCount:
    """Rows of one hour: all of them, and those that failed."""

    hour: datetime
    number: int
    failed: int


@dataclass(frozen=True, slots=True)
class HourCalls(HourCount):
    """Calls of one hour; `median` and `p95` are upper bounds of their durations in ms."""

    median: int | None
    p95: int | None

    @property
    def failed_percent(self) -> float:
        return 100 * self.failed / self.number if self.number else 0.0


def connections(rows: QuerySet[Member]) -> tuple[list[ReasonCount], dict[str, int]]:
    """The connections by reason, oldest trouble first, and by the age of their last import."""
    now = timezone.now()
    groups = list(
        with_reason(rows.order_by())
        .values("state_reason")
        .annotate(
            number=Count("pk"),
            since=Min(Coalesce("broken_since", "checked_at", "create_date")),
            **{name: Count("pk", filter=Q(**import_age(name))) for name in IMPORT_AGES},
        )
    )
    counts = [
        ReasonCount(StateReason(group["state_reason"]), group["number"], group["since"])
        for group in groups
    ]
    freshness = {name: sum(group[name] for group in groups) for name in IMPORT_AGES}
    return sorted(counts, key=lambda count: count.since or now), freshness


def import_age(name: str) -> dict[str, Any]:
    """The condition that the vendor last imported then, a name of IMPORT_AGES."""
    imported, now = "successfully_aggregated_at", timezone.now()
    day, two_days = now - PERIOD, now - 2 * PERIOD
    conditions: dict[str, dict[str, Any]] = {
        "day": {f"{imported}__gte": day},
        "two_days": {f"{imported}__lt": day, f"{imported}__gte": two_days},
        "older": {f"{imported}__lt": two_days},
        "never": {imported: None},
    }
    return conditions[name]


def institutions_in_trouble(rows: QuerySet[Member]) -> list[InstitutionTrouble]:
    """The banks at which most connections fail now, because of the bank or the vendor."""
    failing = rows.filter(actor=ActionRequiredBy.VENDOR.value).order_by()
    names = failing.annotate(bank=Coalesce("institution__name", "name", Value("unknown")))
    groups = names.values("bank").annotate(number=Count("pk"), since=Min("broken_since"))
    return [
        InstitutionTrouble(group["bank"], group["number"], group["since"])
        for group in groups.order_by("-number", "bank")[:MAX_INSTITUTIONS]
    ]


def jobs(rows: QuerySet[Job]) -> JobCounts:
    """The numbers of jobs by what becomes of them."""
    due_before = timezone.now() - OVERDUE_AFTER
    is_overdue = Q(run_at__lt=due_before)
    first = rows.filter(state=JobState.READY).order_by("run_at", "id")[: settings.LIST_WINDOW]
    ready = first.aggregate(
        waiting=Count("pk"),
        overdue=Count("pk", filter=is_overdue),
        oldest_overdue=Min("run_at", filter=is_overdue),
    )
    others = dict(  # each by its own partial index
        rows.filter(Q(state=JobState.RUNNING) | Q(state=JobState.DEAD))
        .order_by()
        .values_list("state")
        .annotate(number=Count("pk"))
    )
    return JobCounts(
        **ready,
        running=others.get(JobState.RUNNING, 0),
        dead=others.get(JobState.DEAD, 0),
    )


def inbound_webhooks(rows: QuerySet[InboundWebhook]) -> list[HourCount]:
    """The vendors' webhooks of each of the last 24 hours; failed: not understood."""
    return _by_hour(rows, Q(state=InboundWebhook.State.QUARANTINED))


def deliveries(rows: QuerySet[WebhookDelivery]) -> list[HourCount]:
    """The deliveries to tenants of each of the last 24 hours; failed: given up."""
    return _by_hour(rows, Q(state=WebhookDelivery.State.FAILED))


def _by_hour(rows: QuerySet[Any], failed: Q) -> list[HourCount]:
    groups = _hours(rows).values("hour").annotate(number=Count("pk"))
    groups = groups.annotate(failed=Count("pk", filter=failed))
    stored = {group["hour"]: group for group in groups}
    return [
        HourCount(hour, group.get("number", 0), group.get("failed", 0))
        for hour, group in _every_hour(stored)
    ]


def vendor_calls(rows: QuerySet[AuditLog]) -> list[HourCalls]:
    """The calls to vendors of each of the last 24 hours, with their durations."""
    classes = [When(duration_ms__lte=end, then=Value(end)) for end in DURATIONS]
    groups = (
        _hours(rows.exclude(vendor=""))
        .annotate(duration=Case(*classes, default=Value(0), output_field=IntegerField()))
        .values("hour", "duration")
        .annotate(number=Count("pk"), failed=Count("pk", filter=~Q(error="")))
    )
    stored: dict[datetime, list[dict[str, Any]]] = {}
    for group in groups:
        stored.setdefault(group["hour"], []).append(group)
    return [_calls_of_hour(hour, group or []) for hour, group in _every_hour(stored)]


def _calls_of_hour(hour: datetime, groups: Sequence[dict[str, Any]]) -> HourCalls:
    longest = DURATIONS[-1]
    counts = sorted((group["duration"] or longest, group["number"]) for group in groups)
    number = sum(count for _, count in counts)
    return HourCalls(
        hour,
        number,
        sum(group["failed"] for group in groups),
        percentile(counts, 0.5),
        percentile(counts, 0.95),
    )


def percentile(counts: Sequence[tuple[int, int]], share: float) -> int | None:
    """The class within which this share of the values lies; None without values.

    Args:
        counts: pairs of a class's upper end and its number of values, in ascending order.
    """
    total = sum(number for _, number in counts)
    reached = 0
    for end, number in counts:
        reached += number
        if reached >= share * total:
            return end
    return None


def _hours(rows: QuerySet[Any]) -> QuerySet[Any]:
    recent = rows.filter(create_date__gte=_first_hour()).order_by()
    hours: QuerySet[Any] = recent.annotate(hour=TruncHour(F("create_date")))
    return hours


def _first_hour() -> datetime:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    return hour - PERIOD + timedelta(hours=1)


def _every_hour(stored: dict[datetime, Any]) -> list[tuple[datetime, Any]]:
    """The last 24 hours, the present one included, each with what is stored for it."""
    first = _first_hour()
    hours = (first + timedelta(hours=number) for number in range(24))
    return [(hour, stored.get(hour, {})) for hour in hours]
