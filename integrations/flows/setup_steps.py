"""How far the set-up of a tenant is, from facts: nobody ticks a step."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.models import (
    AggregationSettings,
    CredentialHealth,
    InboundWebhook,
    Member,
    VendorCredential,
)
from nucleus.models import Tenant


class Step(enum.StrEnum):
    """The steps from a new tenant to its first connection, in order."""

    KEYS = "keys"
    TESTED = "tested"
    SETTINGS = "settings"
    WEBHOOK_ACCESS = "webhook_access"
    FIRST_WEBHOOK = "first_webhook"
    FIRST_CONNECTION = "first_connection"


@dataclass(frozen=True, slots=True)
class Progress:
    """The steps of one tenant that are done."""

    tenant: Tenant
    done: frozenset[Step]

    @property
    def next_step(self) -> Step | None:
        """The first step that is not done; None if all are."""
        return next((step for step in Step if step not in self.done), None)


def progress(tenants: QuerySet[Tenant]) -> list[Progress]:
    """The progress of these tenants, which the caller has bounded, in one statement."""
    return [_progress(row) for row in tenants.annotate(**_facts())]


def incomplete(tenants: QuerySet[Tenant], *, limit: int) -> list[Progress]:
    """Those tenants with steps left, at most `limit`."""
    all_done = Q(**{f"has_{step}": True for step in Step})
    rows = tenants.annotate(**_facts()).exclude(all_done)
    return [_progress(row) for row in rows[:limit]]


def _facts() -> dict[str, Exists]:
    own = {"tenant": OuterRef("pk")}
    keys = VendorCredential.unscoped.filter(is_active=True, **own)
    works = Q(test_passed=True) | Q(test_passed=None, health__state=CredentialHealth.State.WORKING)
    stored = AggregationSettings.unscoped.filter(**own)
    facts = {
        Step.KEYS: keys,
        Step.TESTED: keys.filter(works),
        Step.SETTINGS: stored,
        Step.WEBHOOK_ACCESS: stored.exclude(webhook_user=""),
        Step.FIRST_WEBHOOK: InboundWebhook.objects.filter(**own),
        Step.FIRST_CONNECTION: Member.unscoped.filter(**own),
    }
    return {f"has_{step}": Exists(rows) for step, rows in facts.items()}


def _progress(row: Tenant) -> Progress:
    done = frozenset(step for step in Step if getattr(row, f"has_{step}"))
    return Progress(tenant=row, done=done)
