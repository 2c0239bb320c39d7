"""The admin's start page: what is the case now, with links to the lists that show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from integrations.admin.connection_filters import IMPORT_AGES
from integrations.flows import overview
from integrations.flows.connection_descriptions import ACTORS, TITLES
from integrations.flows.overview import HourCount
from integrations.models import AuditLog, InboundWebhook, Job, Member, WebhookDelivery
from integrations.vendors.records import ActionRequiredBy
from nucleus.admin.tenant_access import confine, has_several_tenants, visible_tenants
from nucleus.hydrogen.fields import uuid_of
from nucleus.instants import age_text, instant_text
from nucleus.models import Tenant

MAX_TENANTS = 200  # that the filter offers
CHART_WIDTH, CHART_HEIGHT = 480, 96  # units of the drawing
ATTENTION = {
    ActionRequiredBy.STAFF: "us",
    ActionRequiredBy.END_USER: "customer",
    ActionRequiredBy.VENDOR: "vendor",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a table, with the address of the list that shows it."""

    text: str
    link: str = ""
    is_alarming: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the page; the first cell of each row is its header."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    empty: str = "Nothing."


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart in units of the drawing: all, and the part that failed."""

    x: float
    width: float
    height: float
    failed_height: float

    @property
    def y(self) -> float:
        return CHART_HEIGHT - self.height

    @property
    def failed_y(self) -> float:
        return CHART_HEIGHT - self.failed_height


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of 24 hours above the table with the same numbers."""

    summary: str
    bars: Sequence[Bar]
    table: Table


class Page:
    """The parts of the page that the user may see, of one tenant or of all that are theirs."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.now = timezone.now()
        self.tenant = self._chosen_tenant()

    def context(self) -> dict[str, Any]:
        """The values for the template."""
        tables: list[Table] = []
        charts: list[Chart] = []
        if self._may_view("integrations.view_member"):
            tables += self._connections()
        if self._may_view("integrations.view_job"):
            tables.append(self._jobs())
        if self._may_view("integrations.view_auditlog"):
            charts.append(self._vendor_calls())
        if self._may_view("integrations.view_inboundwebhook"):
            hours = overview.inbound_webhooks(self._rows(InboundWebhook.objects.all()))
            charts.append(self._webhooks("Webhooks in", "not understood", "inboundwebhook", hours))
        if self._may_view("integrations.view_webhookdelivery"):
            hours = overview.deliveries(self._rows(WebhookDelivery.unscoped.all()))
            charts.append(self._webhooks("Webhooks out", "given up", "webhookdelivery", hours))
        tenants = list(visible_tenants(self.request.user)[:MAX_TENANTS])
        return {
            "tables": tables,
            "charts": charts,
            "tenant": self.tenant,
            "tenants": tenants if len(tenants) > 1 else [],
            "updated_at": instant_text(self.now),
            "chart_width": CHART_WIDTH,
            "chart_height": CHART_HEIGHT,
        }

    def _chosen_tenant(self) -> Tenant | None:
        tenant_id = uuid_of(self.request.GET.get("tenant", ""))
        if tenant_id is None:
            return None
        return visible_tenants(self.request.user).filter(pk=tenant_id).first()

    def _may_view(self, permission: str) -> bool:
        return bool(self.request.user.has_perm(permission))

    def _rows(self, rows: Any) -> Any:
        rows = confine(rows, self.request.user)
        return rows.filter(tenant=self.tenant) if self.tenant else rows

    def _link(self, screen: str, **query: str) -> str:
        if self.tenant and has_several_tenants(self.request.user):
            query["tenant__id__exact"] = str(self.tenant.pk)
        path = reverse(f"admin:integrations_{screen}_changelist")
        return f"{path}?{urlencode(query)}" if query else path

    def _connections(self) -> list[Table]:
        rows = self._rows(Member.unscoped.all())
        counts, freshness = overview.connections(rows)
        counts.sort(key=lambda count: ACTORS_IN_ORDER.index(count.actor))
        states = [
            (
                Cell(TITLES[count.reason]),
                Cell(f"{count.number:,}", self._link("member", reason=count.reason.value)),
                Cell(ACTORS[count.actor]),
                Cell(age_text(count.since, self.now)),
            )
            for count in counts
        ]
        actors = []
        for actor in ACTORS_IN_ORDER:
            number = sum(count.number for count in counts if count.actor is actor)
            link = self._link("member", attention=ATTENTION[actor]) if actor in ATTENTION else ""
            is_alarming = actor is ActionRequiredBy.STAFF and number > 0
            actors.append((Cell(ACTORS[actor]), Cell(f"{number:,}", link, is_alarming)))
        banks = [
            (
                Cell(bank.name),
                Cell(f"{bank.number:,}", self._link("member", attention="vendor", q=bank.name)),
                Cell(age_text(bank.since, self.now) if bank.since else "unknown"),
            )
            for bank in overview.institutions_in_trouble(rows)
        ]
        empty = "There are no connections yet."
        return [
            Table("Who must act", ("Who", "Connections"), actors),
            Table(
                "Connections by state",
                ("State", "Connections", "Who acts", "Oldest"),
                states,
                empty,
            ),
            Table(
                "Freshness",
                ("Last import", "Connections"),
                [
                    (
                        Cell(title),
                        Cell(f"{freshness[name]:,}", self._link("member", imported=name)),
                    )
                    for name, title in IMPORT_AGES.items()
                ],
            ),
            Table(
                "Banks with trouble now",
                ("Bank", "Connections", "Oldest"),
                banks,
                "No bank has trouble now.",
            ),
        ]

    def _jobs(self) -> Table:
        counts = overview.jobs(self._rows(Job.objects.all()))
        oldest = f", the first since {age_text(counts.oldest_overdue, self.now)}"
        oldest = oldest.replace(" ago", "") if counts.oldest_overdue else ""
        ready, running, dead = (
            self._link("job", state__exact=state) for state in ("ready", "running", "dead")
        )
        return Table(
            "Jobs",
            ("Jobs", "Number"),
            [
                (Cell("Waiting"), Cell(f"{counts.waiting:,}", ready)),
                (
                    Cell(f"Of these overdue{oldest}"),
                    Cell(f"{counts.overdue:,}", ready, counts.overdue > 0),
                ),
                (Cell("Running"), Cell(f"{counts.running:,}", running)),
                (Cell("Dead"), Cell(f"{counts.dead:,}", dead, counts.dead > 0)),
            ],
        )

    def _vendor_calls(self) -> Chart:
        hours = overview.vendor_calls(self._rows(AuditLog.objects.all()))
        link = self._link("auditlog")
        rows = [
            (
                Cell(_hour_text(hour)),
                Cell(f"{hour.number:,}", link),
                Cell(f"{hour.failed_percent:.1f} %", is_alarming=hour.failed_percent >= 5),
                Cell(_duration(hour.median)),
                Cell(_duration(hour.p95)),
            )
            for hour in reversed(hours)
        ]
        number, failed = (
            sum(getattr(hour, name) for hour in hours) for name in ("number", "failed")
        )
        share = f"{100 * failed / number:.1f} %" if number else "0 %"
        return Chart(
            f"{number:,} calls in 24 hours, {share} failed",
            _bars(hours),
            Table("Vendor calls", ("Hour (UTC)", "Calls", "Failed", "Median", "95 %"), rows),
        )

    def _webhooks(self, title: str, failed: str, screen: str, hours: Sequence[HourCount]) -> Chart:
        link = self._link(screen)
        rows = [
            (
                Cell(_hour_text(hour)),
                Cell(f"{hour.number:,}", link),
                Cell(f"{hour.failed:,}", is_alarming=hour.failed > 0),
            )
            for hour in reversed(hours)
        ]
        number, failures = (
            sum(getattr(hour, name) for hour in hours) for name in ("number", "failed")
        )
        return Chart(
            f"{number:,} in 24 hours, {failures:,} {failed}",
            _bars(hours),
            Table(title, ("Hour (UTC)", "Number", failed.capitalize()), rows),
        )


ACTORS_IN_ORDER = (
    ActionRequiredBy.STAFF,
    ActionRequiredBy.END_USER,
    ActionRequiredBy.VENDOR,
    ActionRequiredBy.NOBODY,
)


def _hour_text(hour: HourCount) -> str:
    return f"{hour.hour:%m-%d %H:00}"


def _duration(milliseconds: int | None) -> str:
    return "" if milliseconds is None else f"≤ {milliseconds:,} ms"


def _bars(hours: Sequence[HourCount]) -> list[Bar]:
    most = max((hour.number for hour in hours), default=0) or 1
    width = CHART_WIDTH / len(hours)
    return [
        Bar(
            round(position * width + 1, 1),
            round(width - 2, 1),
            round(CHART_HEIGHT * hour.number / most, 1),
            round(CHART_HEIGHT * hour.failed / most, 1),
        )
        for position, hour in enumerate(hours)
    ]


def add_to_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the start page's values; Unfold calls it."""
    return context | {"title": "Overview", "overview": Page(request).context()}
