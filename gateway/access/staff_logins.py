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

    own: _Count  # of this account and whoever tries it
    shared: tuple[_Count, ...] = ()  # with other accounts or other people

    def succeeded(self) -> None:
        """Uncount it; the account's own count begins anew."""
        counters.reset(self.own.key)
        _give_back(self.shared)

    @contextmanager
    def hashing(self) -> Iterator[None]:
        """Check passwords one after the other.

        Raises RateLimited, and uncounts the attempt, when the queue is too long.
        """
        if not _hashing.acquire(timeout=HASHING_WAIT_SECONDS):
            _give_back((*self.shared, self.own))
            usage = Usage(admitted=False, limit=HASHINGS_AT_ONCE, remaining=0, seconds=1.0)
            raise RateLimited("Too many people are logging in at this moment.", usage)
        try:
            yield
        finally:
            _hashing.release()


def begin(*, name: str, address: str, browser_cookie: str = "") -> Attempt:
    """Count an attempt to log in. Call it outside of transactions, before the password is checked.

    Raises RateLimited, with the time until it is worth trying again.
    """
    name = unicodedata.normalize("NFKC", name.strip())
    browser = _browser_of(name, browser_cookie)
    attempt = _of_browser(name, browser) if browser else _of_stranger(name, address)
    _take(attempt)
    return attempt


def begin_password_change(*, user_id: str) -> Attempt:
    """Count an attempt to prove the present password in order to change it. Raises RateLimited."""
    key = counters.hashed_key("staff-password", user_id)
    message = "Too many attempts with a wrong password."
    attempt = Attempt(_Count(key, FAILURES_OF_BROWSER, message))
    _take(attempt)
    return attempt


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
    return counters.hashed_key("staff-name", name)


def _of_browser(name: str, browser: str) -> Attempt:
    key = counters.hashed_key("staff-browser", name, browser)
    return Attempt(_Count(key, FAILURES_OF_BROWSER, "Too many failed attempts in this browser."))


def _of_stranger(name: str, address: str) -> Attempt:
    too_many_of_name = "Too many failed attempts with this user name."
    return Attempt(
        own=_Count(
            counters.hashed_key("staff-pair", name, address),
            FAILURES_OF_NAME_FROM_ADDRESS,
            too_many_of_name,
        ),
        shared=(
            _Count(
                counters.hashed_key("staff-address", address),
                FAILURES_OF_ADDRESS,
                "Too many failed attempts from this address.",
            ),
            _Count(
                "staff-logins",
                ATTEMPTS_PER_MINUTE,
                "Too many people are trying to log in.",
                seconds=60.0,
            ),
            _Count(counters.hashed_key("staff-user", name), FAILURES_OF_NAME, too_many_of_name),
        ),
    )


def _take(attempt: Attempt) -> None:
    """Count in all windows, or in none: what is refused costs nobody anything.

    Shared ones first, so that a flood of made-up names does not make a row for each of them.
    """
    taken: list[_Count] = []
    for count in (*attempt.shared, attempt.own):
        usage = counters.increment(count.key, limit=count.limit, seconds=count.seconds)
        if not usage.admitted:
            _give_back(taken)
            raise RateLimited(count.message, usage)
        taken.append(count)


def _give_back(counts: Iterable[_Count]) -> None:
    for count in counts:
        counters.decrement(count.key)
