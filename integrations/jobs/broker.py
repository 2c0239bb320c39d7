"""The broker that wakes workers: what is wrong with it, and who listens to it.

Libraries report every trouble with a broker as some error of their own. Staff need to know which of
a few things they have to correct, so `diagnose` sorts them. Its sentences never hold the password
of REDIS_URL: they name host, port and database only.
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
    # Publishers try once more, and then leave the job to the relay; workers keep retrying.
    "max_retries": 1,
    "interval_start": 0.1,
}
SCHEMES = ("redis", "rediss", "unix")
PING_SECONDS = 1.0
EXAMPLE = "for example redis://:password@127.0.0.1:6379/0"


class Trouble(StrEnum):
    """What has to be corrected."""

    MISSING_PACKAGE = "missing_package"
    WRONG_URL = "wrong_url"
    REFUSED_PASSWORD = "refused_password"  # noqa: S105 - a name
    UNREACHABLE = "unreachable"
    REFUSES_WORK = "refuses_work"


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of trouble, and a sentence that says it with the fix."""

    kind: Trouble
    message: str


@dataclass(frozen=True, slots=True)
class Known:
    """A trouble, by the classes of its error or by words of Redis's message (in lower case)."""

    kind: Trouble
    message: str
    errors: tuple[type[BaseException], ...] = ()
    words: tuple[str, ...] = ()


NOT_GIVEN = "Redis at {place} wants a password: REDIS_URL=redis://:password@host:port/number."
# The first row that fits counts. Some errors of Redis come as mere texts.
KNOWN = (
    Known(
        Trouble.REFUSED_PASSWORD,
        "The user of REDIS_URL may not do everything at {place}: give it all keys and commands.",
        errors=(exceptions.NoPermissionError,),
        words=("noperm ",),
    ),
    Known(
        Trouble.REFUSED_PASSWORD,
        "Redis at {place} refuses the password (or user name) of REDIS_URL: correct it.",
        errors=(exceptions.AuthenticationError,),
        words=("wrongpass ", "noauth "),
    ),
    Known(
        Trouble.WRONG_URL,
        "What answers at {place} is not Redis: check the port in REDIS_URL.",
        errors=(exceptions.InvalidResponse,),
    ),
    Known(
        Trouble.WRONG_URL,
        "Redis has no such database ({place}): take a lower number at the end of REDIS_URL.",
        words=("db index is out of range",),
    ),
    Known(
        Trouble.WRONG_URL,
        "No TLS connection with Redis at {place}: where it speaks no TLS, REDIS_URL begins with "
        "redis://; else its certificate is not trusted.",
        errors=(ssl.SSLError,),
    ),
    Known(
        Trouble.WRONG_URL,
        "The host name of {place} cannot be resolved: check it in REDIS_URL.",
        errors=(socket.gaierror,),
    ),
    Known(
        Trouble.WRONG_URL,
        "Redis at {place} is a replica: REDIS_URL has to name the primary.",
        errors=(exceptions.ReadOnlyError,),
    ),
    Known(
        Trouble.REFUSES_WORK,
        "Redis at {place} takes no writes (its memory or disk is full): see its log.",
        errors=(exceptions.OutOfMemoryError,),
        words=("oom command not allowed", "misconf "),
    ),
    Known(
        Trouble.UNREACHABLE,
        "Redis at {place} has too many connections: raise its maxclients.",
        errors=(exceptions.MaxConnectionsError,),
        words=("max number of clients",),
    ),
    Known(
        Trouble.UNREACHABLE,
        "Redis at {place} is loading its data: it answers when that is done.",
        errors=(exceptions.BusyLoadingError,),
    ),
    Known(
        Trouble.UNREACHABLE,
        "Nothing listens at {place}: start Redis, or correct host and port in REDIS_URL.",
        errors=(ConnectionRefusedError,),
    ),
    Known(
        Trouble.UNREACHABLE,
        "Redis at {place} did not answer in time: it hangs, a firewall is in between, or one side "
        "speaks TLS and the other does not (redis:// or rediss:// in REDIS_URL).",
        errors=(TimeoutError, exceptions.TimeoutError),
    ),
    Known(  # Redis that was stopped refuses the second try
        Trouble.WRONG_URL,
        "What listens at {place} closes the connection: it is not Redis, or speaks TLS only. Check "
        "the port in REDIS_URL, and redis:// or rediss://.",
        errors=(ConnectionError,),
        words=("connection closed by server",),
    ),
)


def diagnose(error: BaseException, url: str) -> Problem:
    """What `error`, raised while talking to the broker at `url`, means."""
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, ImportError):
            return Problem(
                Trouble.MISSING_PACKAGE,
                f"The Python package {cause.name or 'redis'} is missing: install requirements.txt "
                "again (pip install --require-hashes -r requirements.txt).",
            )
    if problem := _wrong_url(url):
        return problem
    for cause in chain:
        if problem := _known(cause, url):
            return problem
    return Problem(
        Trouble.UNREACHABLE,
        f"Redis at {_place(url)} does not answer as expected ({type(error).__name__}). Check that "
        "it runs and that REDIS_URL names it.",
    )


def probe(url: str) -> Problem | None:
    """What keeps the broker from answering, or None."""
    if problem := _wrong_url(url):
        return problem
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            client.ping()
            client.exists("celery")  # other than PING, it is subject to the rights of the user
    except Exception as error:  # noqa: BLE001 - redis raises errors of many families
        return diagnose(error, url)
    return None


def listening(url: str) -> dict[str, set[str]]:
    """The Celery workers that answer now, each with the queues that it reads.

    Raises whatever the broker's library does; see diagnose.
    """
    with Celery(broker=url, set_as_current=False) as app:
        app.conf.broker_transport_options = TRANSPORT_OPTIONS
        answers = app.control.inspect(timeout=PING_SECONDS).active_queues() or {}
    return {worker: {queue["name"] for queue in queues} for worker, queues in answers.items()}


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, which libraries wrap in errors of their own."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _wrong_url(url: str) -> Problem | None:
    """What is wrong with the URL itself."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return _wrong("REDIS_URL is not a URL with a port number: write it as", EXAMPLE)
    if parts.scheme not in SCHEMES:
        scheme = f"the scheme {parts.scheme}://" if parts.scheme else "no scheme"
        return _wrong(
            f"REDIS_URL has {scheme}; it has to begin with redis:// or rediss://,", EXAMPLE
        )
    if parts.scheme == "unix":
        return _wrong(
            "Celery does not take unix:// for REDIS_URL; let Redis listen on a port,", EXAMPLE
        )
    if port == 0 or not parts.hostname:
        return _wrong("REDIS_URL names no host or port:", EXAMPLE)
    database = parts.path.strip("/")
    if database and not database.isdigit():
        return _wrong(
            f"REDIS_URL ends with /{database}; a database number has to stand there,", EXAMPLE
        )
    return None


def _wrong(start: str, example: str) -> Problem:
    return Problem(Trouble.WRONG_URL, f"{start} {example}.")


def _place(url: str) -> str:
    """Host, port and database of a URL that _wrong_url has nothing against."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}, database {parts.path.strip('/') or 0}"


def _known(error: BaseException, url: str) -> Problem | None:
    text = str(error).lower()
    for row in KNOWN:
        if isinstance(error, row.errors) or any(word in text for word in row.words):
            message = row.message
            if row.kind is Trouble.REFUSED_PASSWORD and not urlsplit(url).password:
                message = NOT_GIVEN
            return Problem(row.kind, message.format(place=_place(url)))
    return None
