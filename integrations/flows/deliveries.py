"""What staff see of deliveries, and what they do: test events, recovery of what has failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncHour
from django.utils import timezone

from integrations.flows import outbound_webhooks, owner_search
from integrations.flows.errors import FlowError
from integrations.models import WebhookDelivery, WebhookSubscription
from nucleus.hydrogen.fields import uuid_of
from nucleus.models import Business, Client, Tenant

State = WebhookDelivery.State
STATISTICS_PERIOD = timedelta(hours=24)
MAX_RECOVERED = 500  # at once
MAX_MATCHES = 1000


@dataclass(frozen=True, slots=True)
class HourCounts:
    """The deliveries of one hour by what has become of them."""

    hour: datetime
    delivered: int
    failed: int
    waiting: int


def by_hour(subscription: WebhookSubscription) -> list[HourCounts]:
    """The subscription's deliveries of the last 24 hours, the newest hour first.

    Hours without deliveries are left out, and of more than LIST_WINDOW deliveries the oldest.
    """
    rows = WebhookDelivery.objects.for_tenant(subscription.tenant_id).filter(
        subscription=subscription, create_date__gte=timezone.now() - STATISTICS_PERIOD
    )
    newest = rows.order_by("-create_date").values("pk")[: settings.LIST_WINDOW]
    counts = (
        WebhookDelivery.unscoped.filter(pk__in=newest)
        .annotate(hour=TruncHour("create_date"))
        .values("hour", "state")
        .annotate(count=Count("pk"))
        .order_by("-hour")
    )
    hours: dict[datetime, Counter[str]] = {}
    for row in counts:
        hours.setdefault(row["hour"], Counter())[row["state"]] += row["count"]
    return [
        HourCounts(hour, by[State.DELIVERED], by[State.FAILED], by[State.WAITING])
        for hour, by in hours.items()
    ]


def last_failure(subscription: WebhookSubscription) -> WebhookDelivery | None:
    """The newest delivery of the subscription that was given up, of the last 24 hours."""
    rows = WebhookDelivery.objects.for_tenant(subscription.tenant_id).filter(
        subscription=subscription,
        state=State.FAILED,
        create_date__gte=timezone.now() - STATISTICS_PERIOD,
    )
    return rows.select_related("event").order_by("-create_date").first()


def last_outcome(delivery: WebhookDelivery) -> str:
    """The result of the last attempt in words; empty if there was none."""
    if not delivery.attempts:
        return ""
    last = delivery.attempts[-1]
    if last.get("status") is not None:
        return f"HTTP {last['status']}"
    return str(last.get("error") or "no answer").replace("_", " ").capitalize()


def send_test(subscription: WebhookSubscription) -> WebhookDelivery:
    """Queue the event `webhook_test` for this subscription alone, signed like any other.

    Raises FlowError if the subscription is switched off.
    """
    if not subscription.is_active:
        raise FlowError("The webhook is switched off, so nothing is sent to it.")
    return outbound_webhooks.publish_test(subscription)


def recover(
    deliveries: QuerySet[WebhookDelivery], subscription: WebhookSubscription, since: datetime
) -> tuple[int, datetime | None]:
    """Deliver again what was given up since a time, the oldest MAX_RECOVERED deliveries.

    What was delivered, or waits, is left alone, so that repeating it sends nothing twice.

    Args:
        deliveries: those that the caller may see.

    Returns:
        How many were queued, and when the next one was made that was left out.

    Raises:
        FlowError: the subscription is switched off.
    """
    if not subscription.is_active:
        raise FlowError("The webhook is switched off: switch it on before.")
    failed = deliveries.filter(
        subscription=subscription, state=State.FAILED, create_date__gte=since
    )
    rows = list(failed.order_by("create_date", "id")[: MAX_RECOVERED + 1])
    following = rows[MAX_RECOVERED].create_date if len(rows) > MAX_RECOVERED else None
    return outbound_webhooks.replay(rows[:MAX_RECOVERED], only_failed=True), following


def customers_of(deliveries: Iterable[WebhookDelivery]) -> dict[UUID, Client | Business]:
    """The customer whom each delivery's event names, by the delivery's id; in two statements.

    Events from before they named their customer in a column have none, and erased customers.
    """
    owner_ids = {row.pk: row.event.owner_id for row in deliveries if row.event.owner_id}
    ids = set(owner_ids.values())
    owners: dict[UUID, Client | Business] = {}
    for model in (Client, Business):
        owners |= model.unscoped.in_bulk(ids) if ids else {}
    tenants = {row.pk: row.tenant_id for row in deliveries}
    return {
        pk: owners[owner_id]
        for pk, owner_id in owner_ids.items()
        if owner_id in owners and owners[owner_id].tenant_id == tenants[pk]
    }


def search(
    deliveries: QuerySet[WebhookDelivery], text: str, tenants: QuerySet[Tenant]
) -> QuerySet[WebhookDelivery]:
    """Those of the newest LIST_WINDOW deliveries that the text finds, and the one with that id.

    Args:
        deliveries: those that the caller may see, newest first.
        text: a customer's name or id, an event's name or id, or a part of a URL.
        tenants: whose customers are looked through.
    """
    text, identifier = text.strip(), uuid_of(text.strip())
    condition = Q(event__type__icontains=text) | Q(subscription__url__icontains=text)
    condition |= Q(event=identifier)
    condition |= Q(event__owner_id__in=owner_search.owner_ids(text, tenants))
    window = deliveries.values("pk")[: settings.LIST_WINDOW]
    rows = WebhookDelivery.unscoped.filter(condition, pk__in=window).order_by()
    ids = list(rows.values_list("pk", flat=True)[:MAX_MATCHES])
    return deliveries.filter(Q(pk__in=ids) | Q(pk=identifier))
