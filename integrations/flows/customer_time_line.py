"""What has happened to a customer, newest first: one list of what many tables record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet

from integrations.flows.customer_overview import CustomerOverview, lock_keys
from integrations.flows.staff_terms import in_staff_terms
from integrations.models import (
    AccountLink,
    AuditLog,
    InboundWebhook,
    Job,
    JobState,
    Member,
    WebhookDelivery,
)

PAGE_SIZE = 25
MAX_PAGES = 20
WIDGET_OPERATION = "create_widget_url"
JOB_STATES = {
    JobState.READY: "waits",
    JobState.RUNNING: "runs",
    JobState.DONE: "is done",
    JobState.DEAD: "has failed for good",
    JobState.MERGED: "was joined with another job",
    JobState.CANCELED: "was canceled",
}
WEBHOOK_STATES = {
    InboundWebhook.State.RECEIVED: "waits",
    InboundWebhook.State.HANDLED: "was handled",
    InboundWebhook.State.EARLY: "came before the connection was linked here",
    InboundWebhook.State.GONE: "was about what is gone",
    InboundWebhook.State.QUARANTINED: "was kept, not understood",
    InboundWebhook.State.TEST: "was a test",
}


@dataclass(frozen=True, slots=True)
class TimeLineEntry:
    """Something that happened.

    Attributes:
        kind: what it was, such as "Job".
        text: what happened, in words.
        screen: of the admin that shows it, such as "integrations_job"; its row is `pk`.
        is_problem: whether it failed.
    """

    at: datetime
    kind: str
    text: str
    screen: str
    pk: Any
    is_problem: bool = False


@dataclass(frozen=True, slots=True)
class TimeLinePage:
    """One page of the time line; `has_more` says whether another one follows."""

    entries: list[TimeLineEntry]
    has_more: bool


def read(
    overview: CustomerOverview,
    *,
    models: Collection[type[Any]],
    job_label: Callable[[str], str],
    number: int = 1,
    more: Iterable[TimeLineEntry] = (),
) -> TimeLinePage:
    """A page of the time line, in at most five statements.

    Args:
        models: of what is shown; the others are left out.
        job_label: what jobs of a kind do, in words.
        number: of the page, from 1 to MAX_PAGES.
        more: entries of other sources, all of the newest `number` pages.
    """
    limit = min(number, MAX_PAGES) * PAGE_SIZE + 1
    sources: tuple[tuple[type[Any], Any], ...] = (
        (Member, _connections),
        (AuditLog, _calls),
        (InboundWebhook, _webhooks),
        (Job, partial(_jobs, job_label=job_label)),
        (WebhookDelivery, _events),
    )
    entries = list(more)
    for model, source in sources:
        if model in models:
            entries += source(overview, limit)
    entries.sort(key=lambda entry: entry.at, reverse=True)
    start = (min(number, MAX_PAGES) - 1) * PAGE_SIZE
    has_more = len(entries) > start + PAGE_SIZE and number < MAX_PAGES
    return TimeLinePage(entries[start : start + PAGE_SIZE], has_more)


def _connections(overview: CustomerOverview, limit: int) -> Iterator[TimeLineEntry]:
    """Creation and what is stored of imports, which is the last of each."""
    for view in overview.connections:
        row = view.member
        moments = (
            (row.create_date, "Connection", "was created"),
            (row.broken_since, "Connection", "stopped working"),
            (row.successfully_aggregated_at, "Import", "was imported by the vendor"),
            (row.synced_at, "Import", "was read completely"),
        )
        for at, kind, text in moments:
            if at is not None:
                is_problem = at == row.broken_since
                yield TimeLineEntry(
                    at, kind, f"{row} {text}", "integrations_member", row.pk, is_problem
                )


def _calls(overview: CustomerOverview, limit: int) -> Iterator[TimeLineEntry]:
    """Vendor calls, those that one request or job made as one entry; widget links singly."""
    groups: dict[str, list[AuditLog]] = {}
    for row in calls_of(overview).order_by("-update_date")[: limit * 4]:
        if row.operation == WIDGET_OPERATION and row.status == 200:
            text = "A widget link was made"
            yield TimeLineEntry(
                row.create_date, "Widget link", text, "integrations_auditlog", row.pk
            )
        else:
            groups.setdefault(row.request_id or str(row.pk), []).append(row)
    for calls in groups.values():
        yield _call_entry(calls)


def _about_accounts(overview: CustomerOverview) -> Q:
    return Q(aggregation_account_id__in=overview.account_ids)


def _call_entry(calls: Sequence[AuditLog]) -> TimeLineEntry:
    """One entry for the calls, newest first; it leads to the newest that failed, or the newest."""
    failed = [row for row in calls if row.error]
    shown = (failed or calls)[0]
    operations = Counter(in_staff_terms(row.operation) for row in calls)
    names = ", ".join(
        f"{name} ({count} times)" if count > 1 else name
        for name, count in operations.most_common(4)
    )
    error = shown.error.replace("_", " ")
    outcome = f"{len(failed)} of {len(calls)} failed: {error}" if failed else "all worked"
    if len(calls) == 1:
        outcome = f"failed: {error}" if failed else "worked"
    return TimeLineEntry(
        calls[0].create_date, "Vendor call", f"{names}: {outcome}", "integrations_auditlog",
        shown.pk, bool(failed),
    )  # fmt: skip


def _webhooks(overview: CustomerOverview, limit: int) -> Iterator[TimeLineEntry]:
    names = {view.member.vendor_member_id: str(view.member) for view in overview.connections}
    for row in webhooks_of(overview).defer("body").order_by("-create_date")[:limit]:
        name = names.get(row.vendor_member_id)
        about = f" about {name}" if name else ""
        state = WEBHOOK_STATES[InboundWebhook.State(row.state)]
        yield TimeLineEntry(
            row.create_date, "Webhook", f"{in_staff_terms(row.kind) or 'a webhook'}{about} {state}",
            "integrations_inboundwebhook", row.pk, row.state == InboundWebhook.State.QUARANTINED,
        )  # fmt: skip


def _jobs(
    overview: CustomerOverview, limit: int, *, job_label: Callable[[str], str]
) -> Iterator[TimeLineEntry]:
    by_key = lock_keys([view.member for view in overview.connections])
    for row in jobs_of(overview).order_by("-create_date")[:limit]:
        is_dead = row.state == JobState.DEAD
        error = f": {row.last_error[:200]}" if row.last_error and row.state != JobState.DONE else ""
        about, state = by_key[str(row.lock_key)], JOB_STATES[JobState(row.state)]
        text = f"{job_label(row.kind)} ({about}) {state}{error}"
        yield TimeLineEntry(
            row.finished_at or row.create_date, "Job", text, "integrations_job", row.pk, is_dead
        )


def _events(overview: CustomerOverview, limit: int) -> Iterator[TimeLineEntry]:
    """Events sent to the tenant, from when they have named their customer in a column."""
    for row in (
        deliveries_of(overview).select_related("event").order_by("-event__create_date")[:limit]
    ):
        state = WebhookDelivery.State(row.state)
        yield TimeLineEntry(
            row.finished_at or row.create_date, "Event sent",
            f"{row.event.type.replace('_', ' ')}: {state.label.lower()}",
            "integrations_webhookdelivery", row.pk, state is WebhookDelivery.State.FAILED,
        )  # fmt: skip


def calls_of(overview: CustomerOverview) -> QuerySet[AuditLog]:
    """The vendor calls about the customer; of businesses those about their accounts."""
    is_client = overview.owner._meta.model_name == "client"
    about = Q(client_id=overview.owner.pk) if is_client else _about_accounts(overview)
    return AuditLog.objects.filter(about, tenant=overview.owner.tenant_id)


def webhooks_of(overview: CustomerOverview) -> QuerySet[InboundWebhook]:
    """The vendor's webhooks that name one of the customer's users at the vendor."""
    ids = [user.vendor_user_id for user in overview.vendor_users if user.vendor_user_id]
    return InboundWebhook.objects.filter(tenant=overview.owner.tenant_id, vendor_user_id__in=ids)


def jobs_of(overview: CustomerOverview) -> QuerySet[Job]:
    """The jobs about the customer's connections and accounts."""
    keys = lock_keys([view.member for view in overview.connections])
    return Job.objects.filter(tenant=overview.owner.tenant_id, lock_key__in=list(keys))


def deliveries_of(overview: CustomerOverview) -> QuerySet[WebhookDelivery]:
    """The deliveries of events that name the customer."""
    return WebhookDelivery.unscoped.filter(
        event__owner_id=overview.owner.pk, tenant=overview.owner.tenant_id
    )


def subjects(overview: CustomerOverview) -> dict[type[Any], list[Any]]:
    """The rows whose histories belong to the customer, by model."""
    links = [view.link.pk for view in overview.accounts if view.link is not None]
    return {
        type(overview.owner): [overview.owner.pk],
        Member: [view.member.pk for view in overview.connections],
        AccountLink: links,
        Job: [job.pk for view in overview.connections for job in view.dead_jobs],
    }
