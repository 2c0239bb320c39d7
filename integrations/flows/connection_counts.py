"""How many connections there are for each reason of their state."""

from __future__ import annotations

from collections import Counter

from django.db.models import Count, QuerySet

from integrations.flows.connection_reason_queries import with_reason
from integrations.flows.connection_state import StateReason
from integrations.models import Member


def count_by_reason(rows: QuerySet[Member]) -> Counter[StateReason]:
    """The number of these connections for each reason, in one statement that reads them all.

    Reasons without a connection are left out.
    """
    counts = (
        with_reason(rows.order_by())
        .values("state_reason")
        .annotate(number=Count("pk"))
        .values_list("state_reason", "number")
    )
    return Counter({StateReason(reason): number for reason, number in counts})
