"""Which status, code, fault and message each exception has in an error response.

docs/errors.md lists the codes. Vendor errors: docs/hydrogen-contract.md#statuses-and-errors.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from rest_framework import exceptions

from integrations.flows import inbound_webhooks
from integrations.flows.errors import Conflict, ConnectionGone, FlowError, NotFound
from integrations.vendors import errors as vendor_errors
from integrations.vendors.registry import UnknownVendor
from nucleus.encryption import DecryptionFailed
from nucleus.writes import AccountGone


@dataclass(frozen=True, slots=True)
class ErrorSpec:
    """How exceptions of one class are reported.

    `fault` says who has to act: caller, configuration, vendor or gateway. `retry_after` is in
    seconds.
    """

    status: int
    code: str
    fault: str = "caller"
    retry_after: float | None = None


# The first class that matches applies, so subclasses come before their base classes.
ERROR_SPECS: dict[type[Exception], ErrorSpec] = {
    **{
        error_class: ErrorSpec(
            policy.http_status, policy.code, policy.fault.value, policy.http_retry_after
        )
        for error_class, policy in vendor_errors.POLICIES.items()
    },
    UnknownVendor: ErrorSpec(400, "unknown_vendor"),
    NotFound: ErrorSpec(404, "not_found"),
    Conflict: ErrorSpec(409, "conflict"),
    FlowError: ErrorSpec(400, "invalid_request"),
    Http404: ErrorSpec(404, "not_found"),
    PermissionDenied: ErrorSpec(403, "permission_denied"),
    inbound_webhooks.Unreadable: ErrorSpec(400, "invalid_request"),
    RequestDataTooBig: ErrorSpec(413, "body_too_large"),
    DisallowedHost: ErrorSpec(400, "unknown_host"),
    SuspiciousOperation: ErrorSpec(400, "invalid_request"),  # for example too many parameters
    BadRequest: ErrorSpec(400, "invalid_request"),  # a form that is not UTF-8
    MultiPartParserError: ErrorSpec(400, "invalid_request"),
    UnreadablePostError: ErrorSpec(400, "invalid_request"),
    AccountGone: ErrorSpec(404, "not_found"),
    ConnectionGone: ErrorSpec(404, "not_found"),
    DecryptionFailed: ErrorSpec(503, "decryption_failed", "gateway", 300),
    IntegrityError: ErrorSpec(409, "conflict", retry_after=1),
    DataError: ErrorSpec(400, "invalid_value"),
    OperationalError: ErrorSpec(503, "database_unavailable", "gateway", 5),
    InterfaceError: ErrorSpec(503, "database_unavailable", "gateway", 5),
}
INTERNAL_ERROR = ErrorSpec(500, "internal_error", "gateway")
ROW_DELETED = ErrorSpec(409, "conflict", retry_after=1)

# For exceptions whose own text is missing or not meant for callers.
MESSAGES: dict[type[Exception], str] = {
    Http404: "There is nothing at this address.",
    SuspiciousOperation: "The request has too many parameters, or they cannot be read.",
    BadRequest: "The form in the body cannot be read. Send it in UTF-8.",
    MultiPartParserError: "The form in the body cannot be read.",
    UnreadablePostError: "The body ended before it was complete.",
    RequestDataTooBig: "The body is larger than 256 KiB.",
    DisallowedHost: "The gateway does not serve this host name; see ALLOWED_HOSTS.",
    DecryptionFailed: (
        "Stored data cannot be decrypted. Staff: restore its key in FIELD_ENCRYPTION_KEYS; "
        "`manage.py doctor` has details."
    ),
    IntegrityError: "Another request has just stored the same data. Read it, or try again.",
    DataError: "A value does not fit its field.",
    OperationalError: "The database is not answering. Try again shortly.",
    InterfaceError: "The database is not answering. Try again shortly.",
}
DEFAULT_MESSAGE = "The request was refused."
INTERNAL_ERROR_MESSAGE = "An internal error occurred. It was logged with this request_id."
ROW_DELETED_MESSAGE = "The record was deleted by another request at the same time. Read it again."


def spec_and_message(error: Exception) -> tuple[ErrorSpec, str]:
    """The spec of an exception that is not one of DRF's, and the message for the caller."""
    for error_class, spec in ERROR_SPECS.items():
        if isinstance(error, error_class):
            return spec, MESSAGES.get(error_class) or str(error) or DEFAULT_MESSAGE
    # Django raises a plain DatabaseError without a cause if a row to update does not exist. The
    # errors of database drivers have a cause.
    if type(error) is DatabaseError and error.__cause__ is None:
        return ROW_DELETED, ROW_DELETED_MESSAGE
    return INTERNAL_ERROR, INTERNAL_ERROR_MESSAGE


def drf_spec(error: exceptions.APIException) -> ErrorSpec:
    """The spec of one of DRF's exceptions, or of a subclass of them."""
    code = "invalid_request" if error.status_code == 400 else error.default_code
    return ErrorSpec(error.status_code, code, retry_after=getattr(error, "wait", None))
