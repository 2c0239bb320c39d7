"""How often staff's passwords may be tried, and how much of the processor that takes.

Checking a password costs half a second of a processor, so every attempt is counted before. Three
counts of failures, each over PERIOD, and one count of everybody's attempts per minute:

- of a name from one address: guessing one account,
- of an address: trying many names,
- of a name from everywhere: guessing one account from many addresses; slower, because it can be
  used to keep somebody out,
- of all attempts: what strangers can make the gateway compute.

A browser in which somebody has logged in before holds a signed cookie for that name and has a count
of its own instead of all these. So an attack on a name, or one through the same proxy, does not
keep its owner out.
"""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core import signing

from gateway.access import windows
from gateway.access.throttle import RateLimited
from gateway.access.windows import Usage

PERIOD = 15 * 60.0  # seconds
FAILURES_OF_NAME_FROM_ADDRESS = 10
FAILURES_OF_ADDRESS = 30
FAILURES_OF_NAME = 100
FAILURES_OF_BROWSER = 10  # with a cookie for the name
ATTEMPTS_PER_MINUTE = 60  # of everybody without such a cookie

BROWSER_COOKIE = "staff_browser"
BROWSER_COOKIE_SECONDS = 90 * 24 * 3600
BROWSER_SALT = "gateway.access.staff_logins"

HASHINGS_AT_ONCE = 1  # in a process: the others of its threads go on answering
HASHING_WAIT_SECONDS = 3.0
_hashing = threading.BoundedSemaphore(HASHINGS_AT_ONCE)


@dataclass(frozen=True, slots=True)
class _Count:
    """A window, its limit, and what is said when it is full."""

    key: str
    limit: int
    message: str
    seconds: float = PERIOD


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that has been counted and may go on."""

    counts: tuple[_Count, ...]

    def succeeded(self) -> None:
        """Uncount it; the first count is the account's own and begins anew."""
        own, *others = self.counts
        windows.forget(own.key)
        for count in others:
            windows.give_back(count.key)


def begin(*, name: str, address: str, browser_cookie: str = "") -> Attempt:
    """Count an attempt to log in. Call it outside of transactions, before the password is checked.

    Raises RateLimited, with the time until it is worth trying again.
    """
    name = unicodedata.normalize("NFKC", name.strip())
    browser = _browser_of(name, browser_cookie)
    if browser:
        return _counted(_of_browser(name, browser))
    return _counted(*_of_strangers(name, address))


def begin_password_change(*, user_id: int) -> Attempt:
    """Count an attempt to prove the present password in order to change it. Raises RateLimited."""
    key = windows.private("staff-password", user_id)
    message = "Too many attempts with a wrong password."
    return _counted(_Count(key, FAILURES_OF_BROWSER, message))


@contextmanager
def hashing() -> Iterator[None]:
    """Check passwords one after the other. Raises RateLimited when the queue is too long."""
    if not _hashing.acquire(timeout=HASHING_WAIT_SECONDS):
        usage = Usage(admitted=False, limit=HASHINGS_AT_ONCE, remaining=0, seconds=1.0)
        raise RateLimited("Too many people are logging in at this moment.", usage)
    try:
        yield
    finally:
        _hashing.release()


def new_browser_cookie(name: str) -> str:
    """The value of BROWSER_COOKIE for somebody who has just logged in."""
    return signing.dumps([_digest(name), secrets.token_urlsafe(12)], salt=BROWSER_SALT)


def _browser_of(name: str, cookie: str) -> str:
    """The id of the browser if its cookie is ours, for this name and not too old; else empty."""
    try:
        digest, browser = signing.loads(cookie, salt=BROWSER_SALT, max_age=BROWSER_COOKIE_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(browser) if digest == _digest(name) else ""


def _digest(name: str) -> str:
    return windows.private("staff-name", name)


def _of_browser(name: str, browser: str) -> _Count:
    key = windows.private("staff-browser", name, browser)
    return _Count(key, FAILURES_OF_BROWSER, "Too many failed attempts in this browser.")


def _of_strangers(name: str, address: str) -> tuple[_Count, ...]:
    return (
        _Count(
            windows.private("staff-pair", name, address),
            FAILURES_OF_NAME_FROM_ADDRESS,
            "Too many failed attempts with this user name.",
        ),
        _Count(
            windows.private("staff-address", address),
            FAILURES_OF_ADDRESS,
            "Too many failed attempts from this address.",
        ),
        _Count(
            windows.private("staff-user", name),
            FAILURES_OF_NAME,
            "Too many failed attempts with this user name.",
        ),
        _Count(
            "staff-logins",
            ATTEMPTS_PER_MINUTE,
            "Too many people are trying to log in.",
            seconds=60.0,
        ),
    )


def _counted(*counts: _Count) -> Attempt:
    """Count in all windows, or in none that follow a full one: refused attempts cost nothing."""
    taken: list[_Count] = []
    for count in counts:
        usage = windows.take(count.key, limit=count.limit, seconds=count.seconds)
        if not usage.admitted:
            for earlier in taken:
                windows.give_back(earlier.key)
            raise RateLimited(count.message, usage)
        taken.append(count)
    return Attempt(tuple(taken))
