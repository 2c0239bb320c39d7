"""Dead and waiting jobs that failed alike: one group for each kind and error."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet

from integrations.models import Job, JobState

MAX_TEXTS = 2000  # different errors that are read
# What differs between errors that are alike: ids and numbers.
VARIABLE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|\b[A-Z]{2,4}-[0-9A-Za-z-]+|\d+(?:[.,:]\d+)*"
)


@dataclass(slots=True)
class ErrorGroup:
    """Jobs of one kind whose last errors differ in ids and numbers only.

    Attributes:
        digest: names the group in addresses.
        text: one of the errors.
        texts: all of them.
        first_at, last_at: when the oldest and the newest of the jobs were enqueued.
    """

    digest: str
    kind: str
    text: str
    first_at: datetime
    last_at: datetime
    dead: int = 0
    waiting: int = 0
    texts: list[str] = field(default_factory=list)


def groups(jobs: QuerySet[Job]) -> list[ErrorGroup]:
    """The groups among the newest LIST_WINDOW dead jobs and the first LIST_WINDOW waiting ones.

    The largest first. Makes two queries.

    Args:
        jobs: those that the caller may see.
    """
    by_digest: dict[str, ErrorGroup] = {}
    for state in (JobState.DEAD, JobState.READY):
        rows = _window(jobs, state).values("kind", "last_error")
        counts = rows.annotate(
            count=Count("pk"), first_at=Min("create_date"), last_at=Max("create_date")
        )
        for row in counts.order_by("-count", "last_error")[:MAX_TEXTS]:
            digest = _digest(row["kind"], row["last_error"])
            group = by_digest.setdefault(
                digest,
                ErrorGroup(digest, row["kind"], row["last_error"], row["first_at"], row["last_at"]),
            )
            group.texts.append(row["last_error"])
            group.first_at = min(group.first_at, row["first_at"])
            group.last_at = max(group.last_at, row["last_at"])
            if state == JobState.DEAD:
                group.dead += row["count"]
            else:
                group.waiting += row["count"]
    return sorted(by_digest.values(), key=lambda group: -(group.dead + group.waiting))


def jobs_of(jobs: QuerySet[Job], digest: str) -> QuerySet[Job] | None:
    """The jobs of a group, the oldest first; None if there is no such group any more.

    Args:
        jobs: those that the caller may see.
        digest: of the group.
    """
    group = next((group for group in groups(jobs) if group.digest == digest), None)
    if group is None:
        return None
    in_window = Q(pk__in=_window(jobs, JobState.DEAD).values("pk")) | Q(
        pk__in=_window(jobs, JobState.READY).values("pk")
    )
    alike = jobs.filter(in_window, kind=group.kind, last_error__in=group.texts)
    return alike.order_by("create_date", "id")


def _window(jobs: QuerySet[Job], state: JobState) -> QuerySet[Job]:
    """The jobs in a state that have failed, of those that an index has in order."""
    order = ("-create_date", "-id") if state == JobState.DEAD else ("run_at", "id")
    rows = jobs.filter(state=state).order_by(*order)[: settings.LIST_WINDOW]
    return Job.objects.filter(pk__in=rows.values("pk")).exclude(last_error="").order_by()


def _digest(kind: str, error: str) -> str:
    text = f"{kind}:{VARIABLE.sub('#', error)}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
