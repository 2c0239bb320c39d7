"""Lockout of staff log-ins, and a limit on the CPU time that password checks take.

A password check costs half a second of CPU time, so an attempt is counted before it. Failures are
limited per PERIOD, and attempts per minute:

- failures with one user name from one address: against guessing one password
- failures from one address: against trying many user names
- failures with one user name from all addresses: against distributed guessing. This limit is
  higher, because it can be used to lock the owner out
- all attempts: limits the CPU time that unauthenticated callers can use

A browser in which somebody has logged in before has a signed cookie for that user name, and one
counter of its own instead of these. So an attack on a user name, or from behind the same proxy,
does not lock its owner out.
"""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core import signing

from gateway.access import counters
from gateway.access.counters import Usage
from gateway.access.throttle import RateLimited

PERIOD = 15 * 60.0  # seconds
FAILURES_OF_NAME_FROM_ADDRESS = 10
FAILURES_OF_ADDRESS = 30
FAILURES_OF_NAME = 100
FAILURES_OF_BROWSER = 10  # with a cookie for the user name
ATTEMPTS_PER_MINUTE = 60  # of all callers without such a cookie

BROWSER_COOKIE = "staff_browser"
BROWSER_COOKIE_SECONDS = 90 * 24 * 3600
BROWSER_SALT = "gateway.access.staff_logins"

MAX_CONCURRENT_CHECKS = 1  # per process, so that its other threads keep serving
CHECK_WAIT_SECONDS = 3.0
_check_slots = threading.BoundedSemaphore(MAX_CONCURRENT_CHECKS)


@dataclass(frozen=True, slots=True)
class _Limit:
    """A counter, its limit, and the error message when it is reached."""

    key: str
    maximum: int
    message: str
    seconds: float = PERIOD


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted attempt that was admitted."""

    own: _Limit  # for this user name and this caller
    shared: tuple[_Limit, ...] = ()  # with other user names or other callers

    def succeed(self) -> None:
        """Take the attempt back, and forget earlier failures of this user name and caller."""
        counters.reset(self.own.key)
        _decrement(self.shared)

    @contextmanager
    def check_slot(self) -> Iterator[None]:
        """Wait for a slot to check the password in.

        Raises:
            RateLimited: no slot was free within CHECK_WAIT_SECONDS. The attempt is taken back.
        """
        if not _check_slots.acquire(timeout=CHECK_WAIT_SECONDS):
            _decrement((*self.shared, self.own))
            usage = Usage(admitted=False, limit=MAX_CONCURRENT_CHECKS, remaining=0, seconds=1.0)
            raise RateLimited("Too many people are logging in at this moment.", usage)
        try:
            yield
        finally:
            _check_slots.release()


def begin(*, name: str, address: str, browser_cookie: str = "") -> Attempt:
    """Count an attempt to log in. Call it outside of a transaction, before the password check.

    Args:
        name: the user name as typed.
        address: see `client_address`.
        browser_cookie: the value of BROWSER_COOKIE.

    Raises:
        RateLimited: a limit is reached.
    """
    name = unicodedata.normalize("NFKC", name.strip())
    browser_id = _browser_id(name, browser_cookie)
    attempt = _browser_attempt(name, browser_id) if browser_id else _address_attempt(name, address)
    _count(attempt)
    return attempt


def begin_password_change(*, user_id: str) -> Attempt:
    """Count an attempt to enter the present password in order to change it.

    Raises:
        RateLimited: too many failures.
    """
    key = counters.hashed_key("staff-password", user_id)
    message = "Too many attempts with a wrong password."
    attempt = Attempt(_Limit(key, FAILURES_OF_BROWSER, message))
    _count(attempt)
    return attempt


def begin_second_factor(*, user_id: str) -> Attempt:
    """Count an attempt to enter a code of the second factor.

    Raises:
        RateLimited: too many failures.
    """
    key = counters.hashed_key("staff-code", user_id)
    attempt = Attempt(_Limit(key, FAILURES_OF_BROWSER, "Too many wrong codes."))
    _count(attempt)
    return attempt


def new_browser_cookie(name: str) -> str:
    """A value of BROWSER_COOKIE for a user who has just logged in."""
    return signing.dumps([_name_digest(name), secrets.token_urlsafe(12)], salt=BROWSER_SALT)


def _browser_id(name: str, cookie: str) -> str:
    """The id in the cookie, or "" if the cookie is invalid, expired or for another user name."""
    try:
        digest, browser_id = signing.loads(
            cookie, salt=BROWSER_SALT, max_age=BROWSER_COOKIE_SECONDS
        )
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(browser_id) if digest == _name_digest(name) else ""


def _name_digest(name: str) -> str:
    return counters.hashed_key("staff-name", name)


def _browser_attempt(name: str, browser_id: str) -> Attempt:
    key = counters.hashed_key("staff-browser", name, browser_id)
    return Attempt(_Limit(key, FAILURES_OF_BROWSER, "Too many failed attempts in this browser."))


def _address_attempt(name: str, address: str) -> Attempt:
    name_message = "Too many failed attempts with this user name."
    return Attempt(
        own=_Limit(
            counters.hashed_key("staff-pair", name, address),
            FAILURES_OF_NAME_FROM_ADDRESS,
            name_message,
        ),
        shared=(
            _Limit(
                counters.hashed_key("staff-address", address),
                FAILURES_OF_ADDRESS,
                "Too many failed attempts from this address.",
            ),
            _Limit(
                "staff-logins",
                ATTEMPTS_PER_MINUTE,
                "Too many people are trying to log in.",
                seconds=60.0,
            ),
            _Limit(counters.hashed_key("staff-user", name), FAILURES_OF_NAME, name_message),
        ),
    )


def _count(attempt: Attempt) -> None:
    """Increment all counters of the attempt, or none if one of them has reached its limit.

    Shared counters come first, so that a flood of invented user names does not add a row for each.
    """
    incremented: list[_Limit] = []
    for limit in (*attempt.shared, attempt.own):
        usage = counters.increment(limit.key, limit=limit.maximum, seconds=limit.seconds)
        if not usage.admitted:
            _decrement(incremented)
            raise RateLimited(limit.message, usage)
        incremented.append(limit)


def _decrement(limits: Iterable[_Limit]) -> None:
    for limit in limits:
        counters.decrement(limit.key)
