"""What becomes of a job that failed: a value in, a decision out."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from integrations.errors import VendorNotConfigured
from integrations.vendors.errors import (
    VendorAccessDenied,
    VendorBusy,
    VendorError,
    VendorRateLimited,
)

BASE_SECONDS, CAP_SECONDS = 5.0, 3600.0
FORBIDDEN = 403  # this caller may not do this, however often it asks
# No attempt is spent on what is not the job's fault: seconds to wait where the vendor names none,
# and how old a job may get before it counts as a failure after all. Refused keys may be corrected.
# Missing ones may be entered, and those that were set aside switched on again.
FREE: tuple[tuple[type[VendorError | VendorNotConfigured], float, timedelta], ...] = (
    (VendorBusy, 5.0, timedelta(days=1)),
    (VendorRateLimited, 60.0, timedelta(days=1)),
    (VendorAccessDenied, 900.0, timedelta(days=3)),
    (VendorNotConfigured, 900.0, timedelta(days=3)),
    (VendorError, 15.0, timedelta(days=1)),  # only if calls are paused: none was made
)


@dataclass(frozen=True, slots=True)
class Decision:
    """Try again after `delay` seconds, or give up (None). `reason` is fit for staff to read."""

    delay: float | None
    reason: str
    spend_attempt: bool = True
    postponed_by: str = ""  # the vendor whose keys or pause it waits for


def decide(error: BaseException, *, attempts: int, max_attempts: int, age: timedelta) -> Decision:
    """What to do about `error`.

    Args:
        attempts: how many were made, this one included.
        age: since the job was created.
    """
    for kind, seconds, patience in FREE:
        if isinstance(error, kind) and age < patience and _is_free(error):
            retry_after = getattr(error, "retry_after", None)
            delay = min(retry_after or seconds, CAP_SECONDS)
            vendor = "" if isinstance(error, VendorBusy) else error.vendor
            return Decision(delay, describe(error), spend_attempt=False, postponed_by=vendor)
    hopeless = isinstance(error, VendorNotConfigured) or (
        isinstance(error, VendorError) and not error.is_retryable
    )
    if hopeless or attempts >= max_attempts:
        return Decision(None, describe(error))
    retry_after = getattr(error, "retry_after", None)
    return Decision(
        min(retry_after, CAP_SECONDS) if retry_after else backoff(attempts), describe(error)
    )


def _is_free(error: VendorError | VendorNotConfigured) -> bool:
    if isinstance(error, VendorNotConfigured):
        return True  # no call was made
    is_known = isinstance(error, VendorBusy | VendorRateLimited | VendorAccessDenied)
    return error.is_pause or (is_known and error.status != FORBIDDEN)


def backoff(attempts: int) -> float:
    """Seconds to wait after that many attempts: exponential, with full jitter."""
    ceiling = min(CAP_SECONDS, BASE_SECONDS * 2 ** min(attempts - 1, 20))
    return random.uniform(0, ceiling)  # noqa: S311 - spreads load, guards nothing


def describe(error: BaseException) -> str:
    """The error in a line without secrets: only our own errors' words can be trusted."""
    if isinstance(error, VendorError):
        return f"{error.code}: {error}"
    if isinstance(error, VendorNotConfigured):
        return f"vendor_not_configured: {error}"
    return f"unexpected {type(error).__name__}; see the log"
