"""Handle inbound webhooks again: chosen ones, or those that were received since a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from integrations.flows import inbound_webhooks
from integrations.flows.inbound_webhooks import State
from integrations.models import InboundWebhook

MAX_ROWS = 500  # at once
OUTCOMES = {
    State.RECEIVED: "are read by a job now",
    State.HANDLED: "were about users, whose connections are read now",
    State.EARLY: "are still too early: nothing is linked here",
    State.GONE: "are about connections that are gone",
    State.QUARANTINED: "are still not understood",
    State.TEST: "are tests, so there is nothing to do",
}


def handle_all_again(rows: Iterable[InboundWebhook]) -> str:
    """Handle each webhook again; returns a sentence for staff that says what became of them."""
    counts = Counter(inbound_webhooks.handle_again(row) for row in rows)
    parts = [f"{counts[state]} {text}" for state, text in OUTCOMES.items() if counts[state]]
    return f"{'; '.join(parts) or 'There was nothing to handle'}."


def received_since(
    rows: QuerySet[InboundWebhook], since: datetime, *, only_unhandled: bool
) -> tuple[list[InboundWebhook], datetime | None]:
    """The oldest MAX_ROWS of the webhooks since a time, and when the next one was received.

    Args:
        rows: those that the caller may see.
        only_unhandled: leave out those because of which something was read, or is to be read.
    """
    rows = rows.filter(create_date__gte=since)
    if only_unhandled:
        rows = rows.filter(state__in=inbound_webhooks.UNHANDLED)
    ordered = list(rows.order_by("create_date", "id")[: MAX_ROWS + 1])
    following = ordered[MAX_ROWS].create_date if len(ordered) > MAX_ROWS else None
    return ordered[:MAX_ROWS], following
