"""A connection's state in words for staff: what is the case, who must act, what to do next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from integrations.flows import connection_state
from integrations.flows.connection_state import (
    MAX_IMPORT_AGE,
    USER_DISABLED,
    ConnectionState,
    StateReason,
)
from integrations.models import Member
from integrations.vendors import registry
from integrations.vendors.records import ActionRequiredBy, NextStep

ACTORS: Mapping[ActionRequiredBy, str] = {
    ActionRequiredBy.NOBODY: "Nobody",
    ActionRequiredBy.END_USER: "The customer",
    ActionRequiredBy.VENDOR: "The bank or vendor",
    ActionRequiredBy.STAFF: "We",
}
TITLES: Mapping[StateReason, str] = {
    StateReason.MISSING: "Gone at the vendor",
    StateReason.REPLACED: "Gone, and replaced",
    StateReason.OWNER_DISABLED: "Deactivated here",
    StateReason.NO_CREDENTIALS: "No keys in use",
    StateReason.CREDENTIALS_REFUSED: "Keys refused",
    StateReason.CUSTOMER_ACTION: "Waiting for its customer",
    StateReason.STAFF_ACTION: "Waiting for us",
    StateReason.JOB_FAILED: "Our job is dead",
    StateReason.NOT_CHECKED: "Stale: not checked",
    StateReason.IMPORTING: "Importing",
    StateReason.VENDOR_FAILS: "Trouble at the bank or vendor",
    StateReason.CALLS_PAUSED: "Trouble at the vendor",
    StateReason.READ_FAILED: "Could not be read",
    StateReason.NOT_IMPORTED: "Stale: not imported",
    StateReason.WORKS: "Works",
}
ERROR_CODE = re.compile(r"^[a-z_]+: ")
IMPORT_HOURS = int(MAX_IMPORT_AGE.total_seconds() // 3600)
# The next step; {vendor} is its name, {error} why the last read failed, {status} the vendor's.
STEPS: Mapping[StateReason, str] = {
    StateReason.MISSING: (
        "{vendor} no longer has this connection. Send the customer a link to connect the bank "
        "again."
    ),
    StateReason.REPLACED: "Nothing to do: its accounts go on under another connection.",
    StateReason.OWNER_DISABLED: (
        "Nothing is imported while the customer or the company is deactivated here. Your app "
        "activates customers, and staff the company under Tenants; imports continue automatically."
    ),
    StateReason.NO_CREDENTIALS: (
        "There are no active {vendor} keys. Enter them under Credentials; imports continue "
        "automatically."
    ),
    StateReason.CREDENTIALS_REFUSED: (
        "{vendor} refuses the keys in use. Correct them under Credentials and press Test "
        "connection; imports continue automatically."
    ),
    StateReason.CUSTOMER_ACTION: (
        "The customer has to log in again (status {status}). Send a repair link."
    ),
    StateReason.STAFF_ACTION: (
        "{vendor} imports nothing (status {status}). Switch the imports on in {vendor}'s "
        "dashboard, then press Refresh."
    ),
    StateReason.JOB_FAILED: (
        "We gave up reading it{error}. Mend the cause, then press Refresh or retry the job."
    ),
    StateReason.NOT_CHECKED: (
        "We have not looked at it for too long. See under Jobs whether workers run; Refresh reads "
        "it now."
    ),
    StateReason.IMPORTING: "Nothing to do: {vendor} is reading the bank.",
    StateReason.VENDOR_FAILS: (
        "Nothing to do: the bank or {vendor} fails (status {status}), and it is tried again."
    ),
    StateReason.CALLS_PAUSED: (
        "Nothing to do: {vendor} fails, so our calls are paused; they are tried again."
    ),
    StateReason.READ_FAILED: "Nothing to do: the last read failed{error}, and it is tried again.",
    StateReason.NOT_IMPORTED: (
        f"{{vendor}} has not read the bank for more than {IMPORT_HOURS} hours, although it reports "
        "no problem. Press Refresh; if it stays so, ask {vendor}'s support."
    ),
    StateReason.WORKS: "Nothing to do.",
}
USER_DISABLED_STEP = (
    "The user is disabled at {vendor}. Enable it in {vendor}'s dashboard, then press Refresh."
)
AT_THE_BANK_STEP = (
    "The customer has to settle something at the bank's own website (status {status}), and then to "
    "log in again. Send a repair link."
)
NO_LONGER_SERVED_STEP = (
    "{vendor} no longer connects to this bank (status {status}). The customer can link another one."
)


@dataclass(frozen=True, slots=True)
class ConnectionDescription:
    """What staff read about a connection.

    Attributes:
        title: the state in a few words.
        next_step: one sentence or two: the cause and what to do.
        customer_message: what the end user is shown; None if nothing.
        needs_attention: whether somebody has to act, or the data cannot be trusted to be new.
    """

    reason: StateReason
    state: ConnectionState
    title: str
    actor: ActionRequiredBy
    actor_name: str
    next_step: str
    customer_message: str | None

    @property
    def needs_attention(self) -> bool:
        healthy = (StateReason.WORKS, StateReason.IMPORTING, StateReason.REPLACED)
        return self.reason not in healthy


def describe(member: Member) -> ConnectionDescription:
    """The description of a connection of `connection_reason_queries.with_reason`.

    Reads `member.vendor_user`, so select it with the rows. Makes no query otherwise.
    """
    reason = connection_state.reason_of(member)
    actor = connection_state.action_required_by(member)
    return ConnectionDescription(
        reason=reason,
        state=connection_state.state_of(member),
        title=TITLES[reason],
        actor=actor,
        actor_name=ACTORS[actor],
        next_step=_step(member, reason).format(
            vendor=vendor_name(member.vendor_user.vendor),
            status=member.connection_status or "unknown",
            error=f" ({_problem(member)})" if member.read_problem else "",
        ),
        customer_message=connection_state.message(member),
    )


def _problem(member: Member) -> str:
    """Why the last read failed, without the code of the error, which is for programs."""
    return ERROR_CODE.sub("", member.read_problem).rstrip(".")


def _step(member: Member, reason: StateReason) -> str:
    step = member.next_step
    if reason is StateReason.STAFF_ACTION and member.connection_status == USER_DISABLED:
        return USER_DISABLED_STEP
    if reason is StateReason.CUSTOMER_ACTION and step == NextStep.RECONNECT:
        return AT_THE_BANK_STEP
    if reason is StateReason.VENDOR_FAILS and step == NextStep.NONE:
        return NO_LONGER_SERVED_STEP
    return STEPS[reason]


def vendor_name(slug: str) -> str:
    """The vendor's name for people; the slug of one that this version does not know."""
    try:
        return registry.get(slug).name
    except registry.UnknownVendor:
        return slug
