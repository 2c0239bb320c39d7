"""Everything that can go wrong at a vendor, as one tree.

VendorError
├── VendorUnavailable        down, slow, refused, garbage: try again later
│   ├── VendorTimeout        the deadline passed
│   └── VendorBadResponse    an answer that cannot be understood
├── VendorRateLimited        too many calls; `retry_after` says when
├── VendorJobLimited         this job ran too often on the member; others may run
├── VendorBusy               another job is running on the member
├── VendorConflict           it exists already; `existing_id` when told
├── VendorNotFound           no such object, or not under this user
├── VendorUserError          nothing can be read or done under this user
│   ├── VendorUserNotFound   the vendor no longer has the user
│   └── VendorUserDisabled   the vendor serves no data of the user until staff enable it
├── VendorRefused            our request is not acceptable (400, 405, 406, 422)
│   └── VendorUnsupported    the vendor has no such capability; no call was made
└── VendorAccessDenied       the credentials or the caller's address are not accepted

CursorExpired stands beside the tree: it is no failure, only a list to be read from the start.

VendorNotConfigured (no credential, host not allowed) stands beside it too: no call was made, so
code that handles failed calls must not handle it. POLICIES says what the gateway does about each
class. Messages never carry secrets, account numbers or response bodies.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta


class Fault(enum.StrEnum):
    """Who has to act."""

    VENDOR = "vendor"
    CONFIGURATION = "configuration"  # staff, in the tenant's settings
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class ErrorPolicy:
    """What the gateway does about errors of one class.

    Args:
        code: the error code in error bodies, audit rows and the reasons of jobs.
        fault: who has to act.
        http_status: status of the API's response.
        http_retry_after: seconds for its Retry-After where the vendor named none; None if
            repeating the request is pointless.
        is_retryable: a job that failed with it is tried again, at the cost of an attempt.
        postpone_seconds: a job is postponed this long, which costs no attempt, where the vendor
            named no time. None: the failure counts as an attempt and is retried with backoff.
        postpone_max_age: a job older than this is not postponed any more.
        released_with_credential: a postponed job is due at once when calls with the credential work
            again or the credential was changed.
    """

    code: str
    fault: Fault
    http_status: int
    http_retry_after: float | None = None
    is_retryable: bool = False
    postpone_seconds: float | None = None
    postpone_max_age: timedelta = timedelta(days=1)
    released_with_credential: bool = True


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
        is_pause: no call was made, because calls with this credential are paused.
    """

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

    @property
    def code(self) -> str:
        return policy_of(self).code

    @property
    def is_retryable(self) -> bool:
        return policy_of(self).is_retryable


class VendorUnavailable(VendorError):
    """The vendor is not answering properly right now."""


class VendorTimeout(VendorUnavailable):
    """The vendor did not answer in time."""


class VendorBadResponse(VendorUnavailable):
    """The vendor sent an answer that cannot be understood."""


class InstitutionUnavailable(VendorError):
    """The institution does not answer the vendor at the moment."""


class VendorRateLimited(VendorError):
    """The vendor limits how often this may be called."""


class VendorJobLimited(VendorError):
    """The vendor has run this job on the connection as often as it allows for now."""


class VendorBusy(VendorError):
    """The vendor is running another job on this member."""


class VendorConflict(VendorError):
    """The vendor already has such an object."""


class VendorNotFound(VendorError):
    """The vendor knows no such object for this user."""


class VendorUserError(VendorError):
    """The vendor does nothing under this user."""


class VendorUserNotFound(VendorUserError):
    """The vendor no longer has this user."""


class VendorUserDisabled(VendorUserError):
    """This user is disabled at the vendor."""


class VendorRefused(VendorError):
    """The vendor did not accept the request."""


class VendorUnsupported(VendorRefused):
    """The vendor does not offer this."""

    was_sent = False


class VendorAccessDenied(VendorError):
    """The vendor did not accept the credentials or the address of the caller."""


class CursorExpired(Exception):
    """The list has changed since the page that the cursor stands for was read."""


class VendorNotConfigured(Exception):
    """The tenant's vendor settings have to be completed; the message says how.

    Args:
        vendor: the slug of the vendor whose settings these are.
    """

    status = None
    retry_after = None
    is_pause = False

    def __init__(self, message: str, *, vendor: str) -> None:
        super().__init__(message)
        self.vendor = vendor


# Subclasses come before their base classes: readers take the first row that fits.
POLICIES: dict[type[VendorError | VendorNotConfigured], ErrorPolicy] = {
    VendorTimeout: ErrorPolicy("vendor_timeout", Fault.VENDOR, 503, 30, is_retryable=True),
    VendorBadResponse: ErrorPolicy("vendor_bad_response", Fault.VENDOR, 503, 30, is_retryable=True),
    VendorUnavailable: ErrorPolicy("vendor_unavailable", Fault.VENDOR, 503, 30, is_retryable=True),
    VendorRateLimited: ErrorPolicy(
        "vendor_rate_limited", Fault.VENDOR, 429, 60, is_retryable=True, postpone_seconds=60
    ),
    # Nothing is wrong with the vendor, so calls for other institutions go on.
    InstitutionUnavailable: ErrorPolicy(
        "institution_unavailable",
        Fault.VENDOR,
        503,
        300,
        is_retryable=True,
        postpone_seconds=900,
        postpone_max_age=timedelta(days=3),
        released_with_credential=False,
    ),
    VendorJobLimited: ErrorPolicy(
        "vendor_job_limited", Fault.VENDOR, 429, 1800, released_with_credential=False
    ),
    VendorBusy: ErrorPolicy(
        "vendor_busy",
        Fault.VENDOR,
        409,
        5,
        is_retryable=True,
        postpone_seconds=5,
        released_with_credential=False,
    ),
    VendorConflict: ErrorPolicy("vendor_conflict", Fault.CALLER, 409),
    VendorNotFound: ErrorPolicy("vendor_not_found", Fault.CALLER, 404),
    VendorUserNotFound: ErrorPolicy("vendor_user_not_found", Fault.CALLER, 400),
    # Staff may enable the user; other users' jobs are not concerned.
    VendorUserDisabled: ErrorPolicy(
        "vendor_user_disabled",
        Fault.CONFIGURATION,
        400,
        postpone_seconds=3600,
        postpone_max_age=timedelta(days=7),
        released_with_credential=False,
    ),
    VendorUserError: ErrorPolicy("vendor_user_error", Fault.VENDOR, 400),
    VendorUnsupported: ErrorPolicy("vendor_unsupported", Fault.CALLER, 400),
    VendorRefused: ErrorPolicy("vendor_refused", Fault.CALLER, 400),
    # Postponed although waiting alone does not help: staff may correct the credential.
    VendorAccessDenied: ErrorPolicy(
        "vendor_access_denied",
        Fault.CONFIGURATION,
        400,
        postpone_seconds=900,
        postpone_max_age=timedelta(days=3),
    ),
    VendorNotConfigured: ErrorPolicy(
        "vendor_not_configured",
        Fault.CONFIGURATION,
        400,
        postpone_seconds=900,
        postpone_max_age=timedelta(days=3),
    ),
    VendorError: ErrorPolicy("vendor_error", Fault.VENDOR, 503, 30),
}
PAUSE_SECONDS = 15.0  # postpones what a pause of calls turned away, whatever its policy


def policy_of(error: VendorError | VendorNotConfigured) -> ErrorPolicy:
    """The policy of the error's class or of the nearest base class that has one."""
    return next(POLICIES[kind] for kind in type(error).__mro__ if kind in POLICIES)
