"""What a connection's state is, in terms that are the same for every vendor; no I/O.

A state never looks better than it is: a connection whose data could not be read, or was not checked
for long, is unavailable although the vendor calls it connected.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, Q, Value, When
from django.utils import timezone

from integrations.models import Member
from integrations.vendors.records import ActionRequiredBy, NextStep

# The gateway's own connection statuses; no vendor sends them.
MISSING = "GONE"  # the vendor no longer has the connection, or its user
USER_DISABLED = "USER_DISABLED"
INSTITUTION_CODE = re.compile(r"[A-Za-z0-9_.-]+")  # as GET /widget_link takes it
MIN_STALE_AFTER = timedelta(hours=24)
MAX_MISSED_CHECKS = 3  # regular ones


class ConnectionState(enum.StrEnum):
    """A connection's state, the same for every vendor."""

    CONNECTED = "connected"
    IMPORTING = "importing"  # the vendor reads the bank
    NEEDS_ACTION = "needs_action"  # `action_required_by` says who has to act
    UNAVAILABLE = "unavailable"  # institution, vendor or gateway fails; it is tried again
    MISSING = "missing"  # the vendor no longer has it


def state_expression(prefix: str = "", stale_before: Any = None) -> Case:
    """The state as a query's expression; the first condition that a connection meets decides.

    Args:
        prefix: leads from the query's rows to the connection.
        stale_before: see `staleness_limit`, which is the default; a compiled query has a parameter.
    """

    def when(state: ConnectionState, **conditions: Any) -> When:
        condition = Q(**{prefix + name: value for name, value in conditions.items()})
        return When(condition, then=Value(state.value))

    acting = [ActionRequiredBy.END_USER.value, ActionRequiredBy.STAFF.value]
    waiting = {"next_step": NextStep.WAIT.value, "actor__in": ["", "nobody"]}
    return Case(
        when(ConnectionState.MISSING, connection_status=MISSING),
        when(ConnectionState.NEEDS_ACTION, actor__in=acting),
        when(ConnectionState.IMPORTING, is_aggregating=True),
        when(ConnectionState.IMPORTING, **waiting),
        when(ConnectionState.UNAVAILABLE, actor=ActionRequiredBy.VENDOR.value),
        when(ConnectionState.UNAVAILABLE, read_problem__gt=""),
        when(ConnectionState.UNAVAILABLE, checked_at__lt=stale_before or staleness_limit()),
        default=Value(ConnectionState.CONNECTED.value),
    )


def message(member: Member) -> str | None:
    """What the end user should know; None if there is nothing."""
    if member.connection_message:
        return member.connection_message
    is_stale = member.checked_at is not None and member.checked_at < staleness_limit()
    if not (member.read_problem or is_stale):
        return None
    since = f" since {member.checked_at:%Y-%m-%d %H:%M} UTC" if member.checked_at else ""
    return f"Data of this connection could not be updated{since}. It is tried again."


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


def staleness_limit() -> datetime:
    """Connections that were last checked before are no longer called connected."""
    missed = timedelta(hours=settings.RECONCILE_HOURS * MAX_MISSED_CHECKS)
    return timezone.now() - max(missed, MIN_STALE_AFTER)
