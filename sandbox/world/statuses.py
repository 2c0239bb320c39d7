"""MX's connection statuses: their numbers, what the end user is told, which ones send a webhook."""

from __future__ import annotations

# In the order of MX's numbers, which widget messages and webhooks carry.
STATUSES = (
    "CREATED", "PREVENTED", "DENIED", "CHALLENGED", "REJECTED", "LOCKED", "CONNECTED", "IMPEDED",
    "RECONNECTED", "DEGRADED", "DISCONNECTED", "DISCONTINUED", "CLOSED", "DELAYED", "FAILED",
    "UPDATED", "DISABLED", "IMPORTED", "RESUMED", "EXPIRED", "IMPAIRED", "PENDING",
)  # fmt: skip
# The end user can do something about them: MX sends its CONNECTION_STATUS webhook.
ACTIONABLE = {
    "CHALLENGED", "DENIED", "EXPIRED", "IMPAIRED", "IMPEDED", "LOCKED", "PREVENTED", "REJECTED",
}  # fmt: skip
# No job starts, whoever asks: credentials are missing, or the connection is at rest.
AT_REST = {"PREVENTED", "IMPAIRED", "IMPORTED", "DISCONTINUED", "CLOSED", "DISABLED", "PENDING"}
# MX imports these once a day by itself.
IN_BACKGROUND = {"CONNECTED", "CREATED", "IMPEDED", "UPDATED", "DEGRADED", "DISCONNECTED", "FAILED"}
# Values of MX's legacy field `status`. A status that is missing here failed otherwise: HALTED.
LEGACY_STATUSES = {
    "CONNECTED": "COMPLETED", "CHALLENGED": "CHALLENGED", "DENIED": "DENIED", "REJECTED": "DENIED",
    "PREVENTED": "PREVENTED", "RESUMED": "RECEIVED",
}  # fmt: skip
MESSAGES = {
    "CREATED": "We are connecting to {bank}.",
    "PREVENTED": "Three attempts in a row did not work. Enter your credentials again to go on.",
    "DENIED": "{bank} did not accept these credentials. Check them and enter them again.",
    "CHALLENGED": "{bank} asks you something before it lets you in.",
    "REJECTED": "{bank} did not accept that answer. Please try again.",
    "LOCKED": "{bank} has locked your login. Unlock it on the website of {bank} first.",
    "CONNECTED": "You are connected to {bank}.",
    "IMPEDED": "{bank} wants your attention: log in on its website, then come back.",
    "RECONNECTED": "The connection to {bank} has moved. Connect once more to go on.",
    "DEGRADED": "The connection to {bank} has trouble. Please try again later.",
    "DISCONNECTED": "Nothing could be imported from {bank} for a while.",
    "DISCONTINUED": "Connections to {bank} are no longer supported.",
    "CLOSED": "This connection has been closed.",
    "DELAYED": "The import from {bank} takes longer than usual.",
    "FAILED": "{bank} could not be reached. Please try again later.",
    "UPDATED": "We are connecting to {bank} with your new credentials.",
    "DISABLED": "Imports from {bank} are switched off.",
    "IMPORTED": "Enter your credentials for {bank} before data can be imported.",
    "RESUMED": "Your answer is on its way to {bank}.",
    "EXPIRED": "The answer came too late for {bank}. Please try again.",
    "IMPAIRED": "Some credentials for {bank} are missing. Please enter them.",
    "PENDING": "Log in on the page of {bank} to go on.",
}


def message(status: str, bank: str) -> str:
    """What the end user should read."""
    return MESSAGES[status].format(bank=bank)


def legacy_status(status: str) -> str:
    """The value of MX's legacy field `status` for a connection status."""
    return LEGACY_STATUSES.get(status, "HALTED")
