"""Errors of use cases, in terms of the caller's request."""

from __future__ import annotations

from integrations.vendors.errors import VendorUserNotFound
from nucleus.writes import AccountGone


class FlowError(Exception):
    """The request cannot be carried out as it stands; the message says what to change."""

    code = "invalid_request"


class NotFound(FlowError):
    """There is no such object for this tenant."""

    code = "not_found"


class ConnectionGone(LookupError):
    """The connection was removed while it was being read."""


class Conflict(FlowError):
    """The request cannot be carried out in the present state; the message says what to do first."""

    code = "conflict"


# What a job was about is gone, so there is nothing left to do; no failure.
ENDS_JOB = (ConnectionGone, AccountGone, VendorUserNotFound)
