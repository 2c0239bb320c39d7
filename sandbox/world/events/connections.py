"""Events of members and users, as if somebody worked in MX's dashboard: they show at once."""

from __future__ import annotations

from datetime import datetime

from sandbox.world import ghosts
from sandbox.world.events import targets
from sandbox.world.events.accounts import Result
from sandbox.world.events.values import Values
from sandbox.world.json_format import dump_exact, load_exact

MEMBER_FIELDS = (
    "aggregated_at", "connection_status", "connection_status_message", "error",
    "is_being_aggregated", "metadata", "name", "needs_updated_credentials", "status",
    "successfully_aggregated_at",
)  # fmt: skip


def delete_member(values: Values, at: datetime) -> Result:
    """The connection is gone with all that MX had of it; MX sends no webhook for it."""
    member = targets.member(values)
    ghosts.delete_member(member)
    return {"member": member.guid}, []


def change_member(values: Values, at: datetime) -> Result:
    """Fields of MX's answer, whatever the member really is: odd stamps, no status."""
    member = targets.member(values)
    fields = values.fields(MEMBER_FIELDS)
    member.fields = dump_exact({} if fields is None else load_exact(member.fields) | fields)
    member.save()
    return {"member": member.guid}, []


def disable_user(values: Values, at: datetime) -> Result:
    return _set_disabled(values, is_disabled=True)


def enable_user(values: Values, at: datetime) -> Result:
    return _set_disabled(values, is_disabled=False)


def _set_disabled(values: Values, *, is_disabled: bool) -> Result:
    user = targets.user(values)
    user.is_disabled = is_disabled
    user.save()
    return {"user": user.guid}, []


def delete_user(values: Values, at: datetime) -> Result:
    """The user is gone at MX; the bank keeps the accounts for the same identifier."""
    user = targets.user(values)
    user.delete()
    return {"user": user.guid}, []
