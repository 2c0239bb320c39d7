"""The reasons of connections' states, computed in the statement that reads the connections."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from integrations.flows.connection_job_queries import has_failed_job, has_unfinished_job
from integrations.flows.connection_state import (
    MISSING,
    USER_DISABLED,
    AgeLimits,
    StateReason,
    age_limits,
)
from integrations.models import AccountLink, CredentialHealth, Member, VendorCredential
from integrations.vendors.records import ActionRequiredBy, NextStep


def with_reason(rows: QuerySet[Member], *, of_many: bool = True) -> QuerySet[Any]:
    """The connections, each with its `state_reason`.

    Args:
        of_many: see reason_expression.
    """
    return rows.annotate(state_reason=reason_expression(of_many=of_many))


def reason_expression(
    prefix: str = "", limits: AgeLimits | None = None, *, of_many: bool = True
) -> Case:
    """The StateReason as a query's expression; the first condition that is met decides.

    Args:
        prefix: leads from the query's rows to the connection.
        limits: those of this moment, unless given.
        of_many: False for a query of a few connections, which is faster for these.
    """
    conditions = _conditions(prefix, limits or age_limits(), of_many=of_many)
    cases = [When(condition, then=Value(reason.value)) for condition, reason in conditions]
    return Case(*cases, default=Value(StateReason.WORKS.value))


def having_reason(rows: QuerySet[Member], reasons: Collection[StateReason]) -> QuerySet[Any]:
    """Those of the connections that have one of these reasons, each with its `state_reason`."""
    return with_reason(rows).filter(state_reason__in=reasons)


def _conditions(prefix: str, limits: AgeLimits, *, of_many: bool) -> list[tuple[Any, StateReason]]:
    def columns(**conditions: Any) -> Q:
        return Q(**{prefix + name: value for name, value in conditions.items()})

    credentials = _active_credentials(prefix)
    paused = {"health__state": CredentialHealth.State.FAILING, "health__retry_at__isnull": False}
    failed_job = has_failed_job(prefix, of_many=of_many)
    acting = ActionRequiredBy.END_USER.value, ActionRequiredBy.STAFF.value
    return [
        (columns(connection_status=MISSING, actor__in=acting), StateReason.MISSING),
        (columns(connection_status=MISSING), StateReason.REPLACED),
        (columns(tenant__is_active=False), StateReason.OWNER_DISABLED),
        (
            columns(connection_status=USER_DISABLED, vendor_user__disabled_at__isnull=False),
            StateReason.OWNER_DISABLED,
        ),
        (~Exists(credentials), StateReason.NO_CREDENTIALS),
        (
            Exists(credentials.filter(health__state=CredentialHealth.State.REFUSED)),
            StateReason.CREDENTIALS_REFUSED,
        ),
        (columns(actor=ActionRequiredBy.END_USER.value), StateReason.CUSTOMER_ACTION),
        (columns(actor=ActionRequiredBy.STAFF.value), StateReason.STAFF_ACTION),
        (
            Q(failed_job) & ~Q(has_unfinished_job(prefix)),
            StateReason.JOB_FAILED,
        ),
        (columns(checked_at__lt=limits.checked_before), StateReason.NOT_CHECKED),
        (columns(is_aggregating=True), StateReason.IMPORTING),
        (
            columns(next_step=NextStep.WAIT.value, actor__in=["", ActionRequiredBy.NOBODY.value]),
            StateReason.IMPORTING,
        ),
        (columns(actor=ActionRequiredBy.VENDOR.value), StateReason.VENDOR_FAILS),
        (Exists(credentials.filter(**paused)), StateReason.CALLS_PAUSED),
        (columns(read_problem__gt=""), StateReason.READ_FAILED),
        (failed_job, StateReason.READ_FAILED),  # another job waits
        (_not_imported(prefix, limits), StateReason.NOT_IMPORTED),
    ]


def _active_credentials(prefix: str) -> QuerySet[VendorCredential]:
    return VendorCredential.unscoped.filter(
        tenant=OuterRef(f"{prefix}tenant_id"),
        vendor=OuterRef(f"{prefix}vendor_user__vendor"),
        is_active=True,
    ).order_by()


def _not_imported(prefix: str, limits: AgeLimits) -> Any:
    """The data of accounts is old, although somebody should import: the vendor or the schedule."""
    never, created_before = f"{prefix}successfully_aggregated_at", f"{prefix}create_date__lt"
    is_old = Q(**{f"{never}__lt": limits.imported_before}) | Q(
        **{never: None, created_before: limits.imported_before}
    )
    links = AccountLink.unscoped.filter(member=OuterRef(f"{prefix}pk"), ended_at=None).order_by()
    return is_old & Q(**{f"{prefix}declines_imports": False}) & Exists(links)
