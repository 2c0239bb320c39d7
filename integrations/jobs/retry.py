"""Retry decisions: what becomes of a job that failed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from integrations.vendors import errors
from integrations.vendors.errors import VendorError, VendorNotConfigured

BASE_SECONDS, CAP_SECONDS = 5.0, 3600.0
HTTP_FORBIDDEN = 403  # the vendor denies this call for good; only 401 is about the credential


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a failed job.

    Args:
        delay: seconds until the next run; None if the job is dead.
        reason: the error, as staff may read it.
        spend_attempt: False if the job is postponed.
        postponed_by: slug of the vendor whose credential or pause the job waits for, or "".
    """

    delay: float | None
    reason: str
    spend_attempt: bool = True
    postponed_by: str = ""


def decide(error: BaseException, *, attempts: int, max_attempts: int, age: timedelta) -> Decision:
    """Decide by the error's policy in integrations.vendors.errors.

    Args:
        attempts: how many were made, this one included.
        age: since the job was created.
    """
    if isinstance(error, VendorError | VendorNotConfigured):
        if postponement := _postponement(error, age):
            return postponement
        if not errors.policy_of(error).is_retryable:
            return Decision(None, describe(error))
    if attempts >= max_attempts:
        return Decision(None, describe(error))
    retry_after = getattr(error, "retry_after", None)
    delay = min(retry_after, CAP_SECONDS) if retry_after else backoff(attempts)
    return Decision(delay, describe(error))


def _postponement(error: VendorError | VendorNotConfigured, age: timedelta) -> Decision | None:
    """The decision to postpone, if the cause is not the job's and the job is not too old."""
    policy = errors.policy_of(error)
    seconds = policy.postpone_seconds if error.status != HTTP_FORBIDDEN else None
    if error.is_pause and seconds is None:
        seconds = errors.PAUSE_SECONDS
    if seconds is None or age >= policy.postpone_max_age:
        return None
    delay = min(error.retry_after or seconds, CAP_SECONDS)
    vendor = error.vendor if policy.released_with_credential else ""
    return Decision(delay, describe(error), spend_attempt=False, postponed_by=vendor)


def backoff(attempts: int) -> float:
    """Seconds to wait after that many attempts: exponential, with jitter of up to a half.

    Not less: what has just failed would fail again at once.
    """
    ceiling = min(CAP_SECONDS, BASE_SECONDS * 2 ** min(attempts - 1, 20))
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - spreads load, guards nothing


def describe(error: BaseException) -> str:
    """The error in one line without secrets: only messages of our own errors are safe to show."""
    if isinstance(error, VendorError | VendorNotConfigured):
        return f"{errors.policy_of(error).code}: {error}"
    return f"unexpected {type(error).__name__}; see the log"
