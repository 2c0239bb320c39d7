"""Deliveries that fail alike: one group for each webhook and result of the last attempt."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from integrations.flows.deliveries import last_outcome
from integrations.models import WebhookDelivery, WebhookSubscription

State = WebhookDelivery.State


@dataclass(slots=True)
class DeliveryErrorGroup:
    """Deliveries to one webhook whose last attempts ended alike.

    Attributes:
        digest: names the group in addresses.
        outcome: of the last attempts, in words.
        first_at, last_at: when the oldest and the newest of the deliveries were made.
    """

    digest: str
    subscription: WebhookSubscription
    outcome: str
    first_at: datetime
    last_at: datetime
    failed: list[UUID] = field(default_factory=list)
    waiting: list[UUID] = field(default_factory=list)


def groups(deliveries: QuerySet[WebhookDelivery]) -> list[DeliveryErrorGroup]:
    """The groups among the newest LIST_WINDOW deliveries that were given up or are tried again.

    The largest first.

    Args:
        deliveries: those that the caller may see.
    """
    by_digest: dict[str, DeliveryErrorGroup] = {}
    rows = deliveries.filter(state__in=(State.FAILED, State.WAITING)).exclude(attempts=[])
    rows = rows.select_related("subscription").defer("subscription__secret")
    for row in rows.order_by("-create_date", "-id")[: settings.LIST_WINDOW]:
        outcome = last_outcome(row)
        digest = _digest(row.subscription_id, outcome)
        group = by_digest.setdefault(
            digest,
            DeliveryErrorGroup(digest, row.subscription, outcome, row.create_date, row.create_date),
        )
        group.first_at = row.create_date
        (group.failed if row.state == State.FAILED else group.waiting).append(row.pk)
    return sorted(by_digest.values(), key=lambda group: -len(group.failed + group.waiting))


def deliveries_of(
    deliveries: QuerySet[WebhookDelivery], digest: str
) -> QuerySet[WebhookDelivery] | None:
    """The deliveries of a group that were given up, the oldest first; None if it does not exist.

    Args:
        deliveries: those that the caller may see.
        digest: of the group.
    """
    group = next((group for group in groups(deliveries) if group.digest == digest), None)
    if group is None:
        return None
    return deliveries.filter(pk__in=group.failed).order_by("create_date", "id")


def _digest(subscription_id: UUID, outcome: str) -> str:
    return hashlib.sha256(f"{subscription_id}:{outcome}".encode()).hexdigest()[:16]
