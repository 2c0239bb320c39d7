"""Everything that can go wrong at a vendor, as one tree.

VendorError
├── VendorUnavailable        down, slow, refused, garbage: try again later
│   ├── VendorTimeout        the deadline passed
│   └── VendorBadResponse    an answer that cannot be understood
├── VendorRateLimited        too many calls; `retry_after` says when
├── VendorBusy               another job is running on the member
├── VendorConflict           it exists already; `existing_id` when told
├── VendorNotFound           no such object, or not under this user
├── VendorRefused            our request is not acceptable (400, 405, 406, 422)
│   └── VendorUnsupported    the vendor has no such capability; no call was made
└── VendorAccessDenied       the credentials or the caller's address are not accepted

CursorExpired stands beside the tree: it is no failure, only a list to be read from the start.

Configuration errors (no credential, host not allowed) are not vendor errors and live in
integrations/errors.py. Messages never carry secrets, account numbers or response bodies.
"""

from __future__ import annotations

import enum
from typing import ClassVar


class Fault(enum.StrEnum):
    """Whose move it is."""

    VENDOR = "vendor"
    CONFIGURATION = "configuration"
    CALLER = "caller"


class VendorError(Exception):
    """The vendor could not do what was asked.

    Args:
        message: what happened, fit for an API answer; defaults to the class docstring's first line.
        vendor: slug of the vendor, e.g. "mx".
        operation: our name of the call, e.g. "create_user".
        status: HTTP status of the vendor's answer, if there was one.
        retry_after: seconds to wait before trying again, if known.
        existing_id: the vendor's id of the object in the way of a creation.

    Attributes:
        was_sent: False when the vendor cannot have received the request.
        is_repeat: an earlier attempt of the same call may have reached the vendor.
        is_pause: no call was made, because calls with these keys are paused.
    """

    code: ClassVar[str] = "vendor_error"
    fault: ClassVar[Fault] = Fault.VENDOR
    is_retryable: ClassVar[bool] = False
    was_sent = True
    is_repeat = False
    is_pause = False

    def __init__(
        self,
        message: str = "",
        *,
        vendor: str = "",
        operation: str = "",
        status: int | None = None,
        retry_after: float | None = None,
        existing_id: str | None = None,
    ) -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])
        self.vendor = vendor
        self.operation = operation
        self.status = status
        self.retry_after = retry_after
        self.existing_id = existing_id


class VendorUnavailable(VendorError):
    """The vendor is not answering properly right now."""

    code = "vendor_unavailable"
    is_retryable = True


class VendorTimeout(VendorUnavailable):
    """The vendor did not answer in time."""

    code = "vendor_timeout"


class VendorBadResponse(VendorUnavailable):
    """The vendor sent an answer that cannot be understood."""

    code = "vendor_bad_response"


class VendorRateLimited(VendorError):
    """The vendor limits how often this may be called."""

    code = "vendor_rate_limited"
    is_retryable = True


class VendorBusy(VendorError):
    """The vendor is running another job on this member."""

    code = "vendor_busy"
    is_retryable = True


class VendorConflict(VendorError):
    """The vendor already has such an object."""

    code = "vendor_conflict"
    fault = Fault.CALLER


class VendorNotFound(VendorError):
    """The vendor knows no such object for this user."""

    code = "vendor_not_found"
    fault = Fault.CALLER


class VendorRefused(VendorError):
    """The vendor did not accept the request."""

    code = "vendor_refused"
    fault = Fault.CALLER


class VendorUnsupported(VendorRefused):
    """The vendor does not offer this."""

    code = "vendor_unsupported"
    was_sent = False


class VendorAccessDenied(VendorError):
    """The vendor did not accept the credentials or the address of the caller."""

    code = "vendor_access_denied"
    fault = Fault.CONFIGURATION


class CursorExpired(Exception):
    """The list has changed since the page that the cursor stands for was read."""
