"""MX's 22 connection statuses: what each means, who must act, what the user reads, what is next.

Sources: Atrium reference, "Member connection statuses"; for the codes of errors, MX's own widget
(github.com/mxenabled/connect-widget). Code 1000 (no account to verify) is left out: such a member
still delivers data. So is every code that is not known, whose status stands.
"""

from __future__ import annotations

from integrations.vendors.records import ActionRequiredBy, Connection, NextStep

USER, VENDOR, STAFF, NOBODY = (
    ActionRequiredBy.END_USER,
    ActionRequiredBy.VENDOR,
    ActionRequiredBy.STAFF,
    ActionRequiredBy.NOBODY,
)
NONE, WAIT, REPAIR = NextStep.NONE, NextStep.WAIT, NextStep.REPAIR
LATER, RECONNECT = NextStep.RETRY_LATER, NextStep.RECONNECT

# status: (meaning, message for the end user, who must act, next step, is_connected, is_settled)
Row = tuple[str, str, ActionRequiredBy, NextStep, bool, bool]
ROWS: dict[str, Row] = {
    "CREATED": (
        "The member is new and its first job has not begun.",
        "Connecting to your institution.",
        NOBODY, WAIT, False, False,
    ),
    "PREVENTED": (
        "The last three attempts failed for want of valid credentials; MX will not try again.",
        "Please enter your login again to go on importing data.",
        USER, REPAIR, False, True,
    ),
    "DENIED": (
        "The institution refused the credentials.",
        "The login was not accepted. Please enter it again.",
        USER, REPAIR, False, True,
    ),
    "CHALLENGED": (
        "The institution asks the user a question (multi-factor authentication).",
        "Your institution asks for one more answer. Please continue.",
        USER, REPAIR, False, True,
    ),
    "REJECTED": (
        "An answer to the institution's question was wrong.",
        "The answer was not accepted. Please try again.",
        USER, REPAIR, False, True,
    ),
    "LOCKED": (
        "The institution has locked the user's login.",
        "Your login is locked. Please unlock it at your institution's website, then reconnect.",
        USER, RECONNECT, False, True,
    ),
    "CONNECTED": (
        "The connection works.",
        "",
        NOBODY, NONE, True, True,
    ),
    "IMPEDED": (
        "The user has to attend to something at the institution's website, such as new terms.",
        "Please log in at your institution's website and follow its steps, then reconnect.",
        USER, RECONNECT, False, True,
    ),
    "RECONNECTED": (
        "MX moved the member to a new data source; it must be aggregated with the user present.",
        "Please continue so that your institution can be reconnected.",
        USER, REPAIR, False, True,
    ),
    "DEGRADED": (
        "Aggregation failed at least three times within a short time.",
        "This connection is being worked on. Please try again later.",
        VENDOR, LATER, False, True,
    ),
    "DISCONNECTED": (
        "Aggregation has failed for at least two weeks.",
        "Data from your institution cannot be imported at the moment.",
        VENDOR, LATER, False, True,
    ),
    "DISCONTINUED": (
        "MX no longer connects to this institution.",
        "Connections to this institution are no longer supported.",
        VENDOR, NONE, False, True,
    ),
    "CLOSED": (
        "The connection was closed by the user, the tenant or MX.",
        "This connection is closed. You may link the institution again.",
        USER, RECONNECT, False, True,
    ),
    "DELAYED": (
        "Aggregation takes longer than expected.",
        "Importing your data takes a while. Please look again later.",
        NOBODY, WAIT, False, False,
    ),
    "FAILED": (
        "Aggregation failed before a connection was made.",
        "There was a problem with your institution. Please try again later.",
        VENDOR, LATER, False, True,
    ),
    "UPDATED": (
        "The credentials were updated and have not been tried yet.",
        "Connecting to your institution.",
        NOBODY, WAIT, False, False,
    ),
    "DISABLED": (
        "Aggregation is paused for this member.",
        "Importing from this institution is switched off. Please contact us.",
        STAFF, NONE, False, True,
    ),
    "IMPORTED": (
        "MX holds no credentials for the member.",
        "Please enter your login so that data can be imported.",
        USER, REPAIR, False, True,
    ),
    "RESUMED": (
        "The user's answer has been passed on; it is not known yet whether it was right.",
        "Connecting to your institution.",
        NOBODY, WAIT, False, False,
    ),
    "EXPIRED": (
        "The user's answer did not come in time.",
        "The answer came too late. Please try again.",
        USER, REPAIR, False, True,
    ),
    "IMPAIRED": (
        "Some or all credentials are missing.",
        "Please enter your login again so that data can be imported.",
        USER, REPAIR, False, True,
    ),
    "PENDING": (
        "The user has not finished the login at the institution; MX deletes it after an hour.",
        "Please finish logging in at your institution.",
        USER, REPAIR, False, False,
    ),
}  # fmt: skip
# MX's table also has a row for null: it has no word for members without credentials.
NO_CREDENTIALS = "NO_CREDENTIALS"
WITHOUT_CREDENTIALS: Row = (
    "The member exists but has no credentials; MX sends no status for it.",
    "Please enter your login so that data can be imported.",
    USER, REPAIR, False, True,
)  # fmt: skip
UNKNOWN: Row = (
    "MX reports a status that this version does not know.",
    "",
    VENDOR, WAIT, False, False,
)  # fmt: skip


# code of a member's `error`: (meaning, message for the end user, who must act, next step)
ERRORS: dict[int, tuple[str, str, ActionRequiredBy, NextStep]] = {
    1001: (
        "The institution shows no accounts under this login.",
        "No accounts were found. Please connect with another login or institution.",
        USER, RECONNECT,
    ),
    1002: (
        "The person has not permitted what MX needs to read.",
        "Access was not permitted. Please connect again and allow access.",
        USER, REPAIR,
    ),
    2001: (
        "The one-time password was wrong.",
        "The one-time password was not accepted. Please try again.",
        USER, REPAIR,
    ),
    2002: (
        "The answer to the institution's question was wrong.",
        "The answer was not accepted. Please try again.",
        USER, REPAIR,
    ),
    2003: (
        "The answer to the institution's question did not come in time.",
        "The answer came too late. Please try again.",
        USER, REPAIR,
    ),
    2004: (
        "The person's permission has ended.",
        "Your permission has ended. Please log in again.",
        USER, REPAIR,
    ),
    2005: (
        "The institution refused the credentials.",
        "The login was not accepted. Please enter it again.",
        USER, REPAIR,
    ),
    3000: (
        "The institution cannot be reached.",
        "Your institution cannot be reached. Please try again later.",
        VENDOR, LATER,
    ),
    3001: (
        "The institution is under maintenance.",
        "Your institution is under maintenance. Please try again later.",
        VENDOR, LATER,
    ),
    3002: (
        "The institution is not available.",
        "Your institution is not available. Please try again later.",
        VENDOR, LATER,
    ),
}  # fmt: skip


def connection(
    status: object, *, error_code: int | None = None, needs_credentials: bool = False
) -> Connection:
    """What a `connection_status` of MX means; an unexpected one is kept and called unknown.

    Args:
        error_code: of the member's `error` (MX Platform). MX calls a member connected that has one,
            but its data cannot be read.
        needs_credentials: MX imports nothing until they are entered again.
    """
    if status is None:
        name, row = NO_CREDENTIALS, WITHOUT_CREDENTIALS
    else:
        name = status if isinstance(status, str) and status else "UNKNOWN"
        row = ROWS.get(name, UNKNOWN)
    meaning, message, actor, next_step, is_connected, is_settled = row
    if is_connected and error_code in ERRORS:
        meaning, message, actor, next_step = ERRORS[error_code]
        is_connected = False
    elif is_connected and needs_credentials:
        meaning, message, actor, next_step, is_connected, is_settled = ROWS["IMPAIRED"]
    return Connection(
        status=name[:64],
        meaning=meaning,
        message=message,
        actor=actor,
        next_step=next_step,
        is_connected=is_connected,
        is_settled=is_settled,
    )
