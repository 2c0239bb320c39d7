"""MX's refusals as the errors of the seam.

Sources: Atrium reference, "Status codes"; MX's guide "Errors" of Platform;
docs/hydrogen-contract.md#statuses-and-errors.
"""

from __future__ import annotations

import re
from typing import Any

from integrations.vendors import errors
from integrations.vendors.transport import VendorRequest, VendorResponse

# Operations of atrium_api.PATHS.
JOBS = {"start_aggregation", "start_balance_check", "start_history", "start_verification"}
# Of these, a 429 is about the member; balances are checked 5 times in 2 hours.
JOB_LIMIT_SECONDS: dict[str, float] = {"start_balance_check": 1440.0, "start_history": 86_400.0}
GUID = re.compile(r"\b[A-Z]{3}-[0-9a-f-]{32,36}\b")
DIGITS = re.compile(r"\d{6,}")  # an account number, perhaps
PLAIN = re.compile(r"[^\x20-\x7e]+")
RATE_LIMIT_SECONDS = 60.0

KEYS_REFUSED = (
    "MX does not accept the keys. Check Username/Client Id, Password/Client Secret, the API and "
    "the environment under Credentials: each API has keys of its own in each environment."
)
NOT_ALLOWED = (
    "MX refuses this caller: add the gateway's IP address to MX's allow-list, and check that the "
    "feature is enabled for these keys."
)

USER_NOT_FOUND = "MX no longer has this user."
USER_DISABLED = "This user is disabled at MX. Staff: enable it in MX's dashboard."

INSTITUTION = "The institution does not allow this at the moment."
# `error.type` of a 400 (MX Platform): it is the bank's doing, for now or for good.
INSTITUTION_ERRORS: dict[str, type[errors.VendorError]] = {
    "institution_maintenance_error": errors.InstitutionUnavailable,
    "institution_unavailable_error": errors.InstitutionUnavailable,
    "institution_prevented_error": errors.VendorRefused,
    "institution_prevent_new_error": errors.VendorRefused,
    "institution_prevent_verification_error": errors.VendorRefused,
}

# HTTP status: (error, message; empty: the error's own)
TABLE: dict[int, tuple[type[errors.VendorError], str]] = {
    400: (errors.VendorRefused, "MX did not accept the request."),
    401: (errors.VendorAccessDenied, KEYS_REFUSED),
    403: (errors.VendorAccessDenied, NOT_ALLOWED),
    404: (errors.VendorNotFound, "MX knows no such object for this user."),
    405: (errors.VendorRefused, "MX does not allow this here."),
    406: (
        errors.VendorRefused,
        "MX does not serve this version of its API. Staff: choose another one under Credentials.",
    ),
    409: (errors.VendorConflict, "MX already has such an object."),
    422: (errors.VendorRefused, "MX could not process the data."),
    429: (errors.VendorRateLimited, "MX limits how often this may be called."),
    500: (errors.VendorUnavailable, "MX has a problem of its own."),
    502: (errors.VendorUnavailable, "MX has a problem of its own."),
    503: (errors.VendorUnavailable, "MX is not available at the moment."),
    504: (errors.VendorUnavailable, "MX did not answer in time."),
}


def error_for(call: VendorRequest, answer: VendorResponse) -> errors.VendorError | None:
    """The error that `answer` means, or None for a success. What has no row fails closed."""
    status = answer.status
    if 200 <= status < 300:
        return None
    kind, message = TABLE.get(status, (_default(status), ""))
    institution = INSTITUTION_ERRORS.get(_error_type(answer.body)) if status == 400 else None
    if institution is not None:
        return institution(_redact(_vendor_message(answer.body)) or INSTITUTION, status=status)
    if status == 429 and call.operation in JOB_LIMIT_SECONDS:
        return errors.VendorJobLimited(
            status=status,
            retry_after=None if _has_retry_after(answer) else JOB_LIMIT_SECONDS[call.operation],
        )
    existing = None
    if status == 409:
        if call.operation in JOBS:
            kind, message = errors.VendorBusy, "MX is running another job on this member."
        existing = next(iter(GUID.findall(_vendor_message(answer.body))), None)
    elif kind is errors.VendorRefused:
        message = f"{message} {_redact(_vendor_message(answer.body))}".strip()
    return kind(
        message,
        status=status,
        retry_after=RATE_LIMIT_SECONDS if status == 429 and not _has_retry_after(answer) else None,
        existing_id=existing,
    )


def _default(status: int) -> type[errors.VendorError]:
    return errors.VendorUnavailable if status >= 500 else errors.VendorBadResponse


def _has_retry_after(answer: VendorResponse) -> bool:
    return bool(answer.headers.get("Retry-After"))


def _vendor_message(body: Any) -> str:
    """MX's own message, if it is where MX puts it."""
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""


def _error_type(body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    name = error.get("type") if isinstance(error, dict) else None
    return name if isinstance(name, str) else ""


def _redact(text: str) -> str:
    """At most a short line, without identifiers and anything like an account number."""
    text = DIGITS.sub("…", GUID.sub("…", PLAIN.sub(" ", text)))
    return f"MX says: {text[:200].strip()}" if text.strip() else ""
