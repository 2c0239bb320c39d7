"""What a connection's state is, in terms that are the same for every vendor; no I/O.

A query computes the reason of the state (connection_reason_queries); the state, who must act and
all words follow from the reason. A state never looks better than it is: whatever is stale or broken
has a reason of its own, although the vendor calls the connection connected.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from integrations.models import Member
from integrations.vendors.records import ActionRequiredBy, NextStep

# The gateway's own connection statuses; no vendor sends them.
MISSING = "GONE"  # the vendor no longer has the connection, or its user
USER_DISABLED = "USER_DISABLED"
INSTITUTION_CODE = re.compile(r"[A-Za-z0-9_.-]+")  # as GET /widget_link takes it
MIN_STALE_AFTER = timedelta(hours=24)
MAX_MISSED_CHECKS = 3  # regular ones
MAX_IMPORT_AGE = timedelta(hours=48)  # two daily imports were missed


class ConnectionState(enum.StrEnum):
    """A connection's state, the same for every vendor."""

    CONNECTED = "connected"
    IMPORTING = "importing"  # the vendor reads the bank
    NEEDS_ACTION = "needs_action"  # `action_required_by` says who has to act
    STALE = "stale"  # the data is older than it should be, and nobody works on it
    JOB_FAILED = "job_failed"  # a job of the gateway about it is dead
    CREDENTIALS_REFUSED = "credentials_refused"  # the tenant's, or it has none
    UNAVAILABLE = "unavailable"  # institution, vendor or gateway fails; it is tried again
    DISABLED = "disabled"  # its owner, or the tenant, is deactivated here
    MISSING = "missing"  # the vendor no longer has it


class StateReason(enum.StrEnum):
    """Why a connection has its state; REASONS says what follows."""

    MISSING = "missing"
    REPLACED = "replaced"
    OWNER_DISABLED = "owner_disabled"
    NO_CREDENTIALS = "no_credentials"
    CREDENTIALS_REFUSED = "credentials_refused"
    CUSTOMER_ACTION = "customer_action"
    STAFF_ACTION = "staff_action"
    JOB_FAILED = "job_failed"
    NOT_CHECKED = "not_checked"
    IMPORTING = "importing"
    VENDOR_FAILS = "vendor_fails"
    CALLS_PAUSED = "calls_paused"
    READ_FAILED = "read_failed"
    NOT_IMPORTED = "not_imported"
    WORKS = "works"


_State, _Actor = ConnectionState, ActionRequiredBy
REASONS: dict[StateReason, tuple[ConnectionState, ActionRequiredBy]] = {
    StateReason.MISSING: (_State.MISSING, _Actor.END_USER),
    StateReason.REPLACED: (_State.MISSING, _Actor.NOBODY),
    StateReason.OWNER_DISABLED: (_State.DISABLED, _Actor.NOBODY),
    StateReason.NO_CREDENTIALS: (_State.CREDENTIALS_REFUSED, _Actor.STAFF),
    StateReason.CREDENTIALS_REFUSED: (_State.CREDENTIALS_REFUSED, _Actor.STAFF),
    StateReason.CUSTOMER_ACTION: (_State.NEEDS_ACTION, _Actor.END_USER),
    StateReason.STAFF_ACTION: (_State.NEEDS_ACTION, _Actor.STAFF),
    StateReason.JOB_FAILED: (_State.JOB_FAILED, _Actor.STAFF),
    StateReason.NOT_CHECKED: (_State.STALE, _Actor.STAFF),
    StateReason.IMPORTING: (_State.IMPORTING, _Actor.NOBODY),
    StateReason.VENDOR_FAILS: (_State.UNAVAILABLE, _Actor.VENDOR),
    StateReason.CALLS_PAUSED: (_State.UNAVAILABLE, _Actor.VENDOR),
    StateReason.READ_FAILED: (_State.UNAVAILABLE, _Actor.NOBODY),
    StateReason.NOT_IMPORTED: (_State.STALE, _Actor.STAFF),
    StateReason.WORKS: (_State.CONNECTED, _Actor.NOBODY),
}
# Of these the vendor's report has the message for the end user; of the others nothing is known but
# that the data is old.
REPORTED_BY_VENDOR = frozenset(
    [
        StateReason.MISSING, StateReason.REPLACED, StateReason.OWNER_DISABLED,
        StateReason.CUSTOMER_ACTION, StateReason.STAFF_ACTION, StateReason.IMPORTING,
        StateReason.VENDOR_FAILS, StateReason.WORKS,
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AgeLimits:
    """Before these instants a check or an import is too old; a compiled query has parameters.

    Args:
        checked_before: connections that were last checked before are stale.
        imported_before: likewise those that the vendor last imported before.
    """

    checked_before: Any
    imported_before: Any


def age_limits() -> AgeLimits:
    """The limits of this moment."""
    now = timezone.now()
    missed = timedelta(hours=settings.RECONCILE_HOURS * MAX_MISSED_CHECKS)
    return AgeLimits(now - max(missed, MIN_STALE_AFTER), now - MAX_IMPORT_AGE)


def reasons_of(
    *, state: str | None = None, action_required_by: str | None = None
) -> list[StateReason]:
    """The reasons for which a connection is in this state, or that this party has to act on."""
    return [
        reason
        for reason, (its_state, actor) in REASONS.items()
        if state in (None, its_state) and action_required_by in (None, actor)
    ]


def reason_of(member: Member) -> StateReason:
    """The reason of a connection of `with_reason`."""
    return StateReason(member.state_reason)  # type: ignore[attr-defined]


def state_of(member: Member) -> ConnectionState:
    """The state of a connection of `with_reason`."""
    return REASONS[reason_of(member)][0]


def action_required_by(member: Member) -> ActionRequiredBy:
    """Who has to act on a connection of `with_reason`."""
    return REASONS[reason_of(member)][1]


def next_step(member: Member) -> NextStep:
    """What the caller of the API does next about a connection of `with_reason`."""
    state, actor = REASONS[reason_of(member)]
    if actor is _Actor.STAFF or state is _State.DISABLED:
        return NextStep.NONE
    if reason_of(member) in (StateReason.READ_FAILED, StateReason.CALLS_PAUSED):
        return NextStep.RETRY_LATER
    return NextStep(member.next_step or NextStep.NONE)


def message(member: Member) -> str | None:
    """What the end user should know about a connection of `with_reason`; None if there is nothing.

    Nobody can act on what staff have to do, so nothing is asked of the person then.
    """
    reason = reason_of(member)
    if reason in REPORTED_BY_VENDOR:
        return member.connection_message or None
    since = member.checked_at
    if reason is StateReason.NOT_IMPORTED:
        since = member.successfully_aggregated_at
    since_text = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    is_repeated = REASONS[reason][1] is not _Actor.STAFF
    follows = "It is tried again." if is_repeated else "We are working on it."
    return f"Data of this connection could not be updated{since_text}. {follows}"


def last_retrieval(member: Member, retrievals: Collection[datetime | None]) -> datetime | None:
    """When all accounts were last retrieved completely, by a sync or each by its own retrieval.

    Args:
        retrievals: when each account of the connection was; None for one that never was.
    """
    complete = [moment for moment in retrievals if moment is not None]
    own_retrievals = min(complete) if complete and len(complete) == len(retrievals) else None
    return max(filter(None, (member.synced_at, own_retrievals)), default=None)


def widget_link_path(member: Member) -> str | None:
    """The path of the API that answers with a widget link in which the person can act.

    The widget opens with the connection; if the vendor no longer has it, with its institution. None
    if no widget helps: the vendor opens none for a disabled user.
    """
    if member.connection_status == USER_DISABLED:
        return None
    vendor_user = member.vendor_user
    path = f"/integration/v1/widget_link/{vendor_user.client_id or vendor_user.business_id}"
    if member.connection_status != MISSING:
        return f"{path}?member_id={member.vendor_member_id}"
    code = institution_code(member)
    return f"{path}?current_institution_code={code}" if code else path


def institution_code(member: Member) -> str | None:
    """The vendor's code of the connection's institution, if a widget can start with it."""
    code = member.institution.code if member.institution else None
    return code if code and INSTITUTION_CODE.fullmatch(code) else None
