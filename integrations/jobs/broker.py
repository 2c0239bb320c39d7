"""Diagnosis of the broker (Redis) that wakes workers.

Libraries report problems with a broker as errors of many classes. `diagnose` sorts them by what
staff have to correct. Its messages name host, port and database, never the password of REDIS_URL.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import redis
from celery import Celery
from redis import exceptions

TRANSPORT_OPTIONS = {
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "visibility_timeout": 3600,
    # Publishers try twice, then leave the job to the relay; workers keep retrying.
    "max_retries": 1,
    "interval_start": 0.1,
}
SCHEMES = ("redis", "rediss", "unix")
PING_SECONDS = 1.0
EXAMPLE = "for example redis://:password@127.0.0.1:6379/0"


class ProblemKind(StrEnum):
    """What has to be corrected."""

    MISSING_PACKAGE = "missing_package"
    WRONG_URL = "wrong_url"
    REFUSED_PASSWORD = "refused_password"  # noqa: S105 - a name
    UNREACHABLE = "unreachable"
    REFUSES_WORK = "refuses_work"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong; the message says how to correct it."""

    kind: ProblemKind
    message: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A problem that is known by the error's class, or by a phrase of its message in lower case."""

    kind: ProblemKind
    message: str
    errors: tuple[type[BaseException], ...] = ()
    phrases: tuple[str, ...] = ()


AUTHENTICATION_REQUIRED = (
    "Redis at {address} wants a password: REDIS_URL=redis://:password@host:port/number."
)
# The first rule that matches applies. Some errors of Redis have no class of their own.
RULES = (
    Rule(
        ProblemKind.REFUSED_PASSWORD,
        "The user of REDIS_URL may not do everything at {address}: give it all keys and commands.",
        errors=(exceptions.NoPermissionError,),
        phrases=("noperm ",),
    ),
    Rule(
        ProblemKind.REFUSED_PASSWORD,
        "Redis at {address} refuses the password (or user name) of REDIS_URL: correct it.",
        errors=(exceptions.AuthenticationError,),
        phrases=("wrongpass ", "noauth "),
    ),
    Rule(
        ProblemKind.WRONG_URL,
        "What answers at {address} is not Redis: check the port in REDIS_URL.",
        errors=(exceptions.InvalidResponse,),
    ),
    Rule(
        ProblemKind.WRONG_URL,
        "Redis has no such database ({address}): take a lower number at the end of REDIS_URL.",
        phrases=("db index is out of range",),
    ),
    Rule(
        ProblemKind.WRONG_URL,
        "No TLS connection with Redis at {address}: where it speaks no TLS, REDIS_URL begins with "
        "redis://; else its certificate is not trusted.",
        errors=(ssl.SSLError,),
    ),
    Rule(
        ProblemKind.WRONG_URL,
        "The host name of {address} cannot be resolved: check it in REDIS_URL.",
        errors=(socket.gaierror,),
    ),
    Rule(
        ProblemKind.WRONG_URL,
        "Redis at {address} is a replica: REDIS_URL has to name the primary.",
        errors=(exceptions.ReadOnlyError,),
    ),
    Rule(
        ProblemKind.REFUSES_WORK,
        "Redis at {address} takes no writes (its memory or disk is full): see its log.",
        errors=(exceptions.OutOfMemoryError,),
        phrases=("oom command not allowed", "misconf "),
    ),
    Rule(
        ProblemKind.UNREACHABLE,
        "Redis at {address} has too many connections: raise its maxclients.",
        errors=(exceptions.MaxConnectionsError,),
        phrases=("max number of clients",),
    ),
    Rule(
        ProblemKind.UNREACHABLE,
        "Redis at {address} is loading its data: it answers when that is done.",
        errors=(exceptions.BusyLoadingError,),
    ),
    Rule(
        ProblemKind.UNREACHABLE,
        "Nothing listens at {address}: start Redis, or correct host and port in REDIS_URL.",
        errors=(ConnectionRefusedError,),
    ),
    Rule(
        ProblemKind.UNREACHABLE,
        "Redis at {address} did not answer in time: it hangs, a firewall is in between, or one "
        "side speaks TLS and the other does not (redis:// or rediss:// in REDIS_URL).",
        errors=(TimeoutError, exceptions.TimeoutError),
    ),
    Rule(  # a Redis that was stopped refuses the second try with another error
        ProblemKind.WRONG_URL,
        "What listens at {address} closes the connection: it is not Redis, or speaks TLS only. "
        "Check the port in REDIS_URL, and redis:// or rediss://.",
        errors=(ConnectionError,),
        phrases=("connection closed by server",),
    ),
)


def diagnose(error: BaseException, url: str) -> Problem:
    """The problem behind an error that was raised while using the broker at `url`."""
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, ImportError):
            return Problem(
                ProblemKind.MISSING_PACKAGE,
                f"The Python package {cause.name or 'redis'} is missing: install requirements.txt "
                "again (pip install --require-hashes -r requirements.txt).",
            )
    if problem := _url_problem(url):
        return problem
    for cause in chain:
        if problem := _problem_by_rules(cause, url):
            return problem
    return Problem(
        ProblemKind.UNREACHABLE,
        f"Redis at {_address(url)} does not answer as expected ({type(error).__name__}). Check "
        "that it runs and that REDIS_URL names it.",
    )


def probe(url: str) -> Problem | None:
    """Connect to the broker; returns the problem, or None if it answers."""
    if problem := _url_problem(url):
        return problem
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            client.ping()
            client.exists("celery")  # unlike PING, it needs the user's permissions
    except Exception as error:  # noqa: BLE001 - redis raises errors of many families
        return diagnose(error, url)
    return None


def queues_by_worker(url: str) -> dict[str, set[str]]:
    """The Celery workers that answer now, each with the queues that it reads.

    Raises exceptions of redis and kombu; see diagnose.
    """
    with Celery(broker=url, set_as_current=False) as app:
        app.conf.broker_transport_options = TRANSPORT_OPTIONS
        answers = app.control.inspect(timeout=PING_SECONDS).active_queues() or {}
    return {worker: {queue["name"] for queue in queues} for worker, queues in answers.items()}


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and those that it wraps."""
    visited: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in visited:
        visited.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _url_problem(url: str) -> Problem | None:
    """The problem with the URL itself, or None."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return _wrong_url("REDIS_URL is not a URL with a port number: write it as", EXAMPLE)
    if parts.scheme not in SCHEMES:
        scheme = f"the scheme {parts.scheme}://" if parts.scheme else "no scheme"
        return _wrong_url(
            f"REDIS_URL has {scheme}; it has to begin with redis:// or rediss://,", EXAMPLE
        )
    if parts.scheme == "unix":
        return _wrong_url(
            "Celery does not take unix:// for REDIS_URL; let Redis listen on a port,", EXAMPLE
        )
    if port == 0 or not parts.hostname:
        return _wrong_url("REDIS_URL names no host or port:", EXAMPLE)
    database = parts.path.strip("/")
    if database and not database.isdigit():
        return _wrong_url(
            f"REDIS_URL ends with /{database}; a database number has to stand there,", EXAMPLE
        )
    return None


def _wrong_url(start: str, example: str) -> Problem:
    return Problem(ProblemKind.WRONG_URL, f"{start} {example}.")


def _address(url: str) -> str:
    """Host, port and database of a valid URL."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}, database {parts.path.strip('/') or 0}"


def _problem_by_rules(error: BaseException, url: str) -> Problem | None:
    text = str(error).lower()
    for rule in RULES:
        if isinstance(error, rule.errors) or any(phrase in text for phrase in rule.phrases):
            message = rule.message
            if rule.kind is ProblemKind.REFUSED_PASSWORD and not urlsplit(url).password:
                message = AUTHENTICATION_REQUIRED
            return Problem(rule.kind, message.format(address=_address(url)))
    return None
