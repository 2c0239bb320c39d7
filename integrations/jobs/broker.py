"""The broker that wakes workers, Redis or RabbitMQ: how to talk to it, and what is wrong with it.

Libraries report problems with a broker as errors of many classes. `diagnose` sorts them by what
staff have to correct. Its messages name the variable with the URL (BROKER_URL or REDIS_URL), host,
port and database or virtual host, never the password.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import redis
from celery import Celery
from django.conf import settings
from kombu import Exchange, Producer, Queue

from integrations.jobs import broker_rules, broker_urls, job_kind
from integrations.jobs.broker_rules import ProblemKind
from integrations.jobs.broker_urls import RABBITMQ, REDIS, SERVERS

__all__ = [
    "QUEUES", "Problem", "ProblemKind", "celery_settings", "diagnose", "probe", "queues_by_worker",
]  # fmt: skip

# Each with an exchange and a key of its own: queues that share them get copies of every message.
# RabbitMQ drops messages after these seconds, or those that the relay repeats would fill it while
# no worker reads them. Redis has no such thing.
QUEUES = [
    Queue(queue.value, Exchange(queue.value), routing_key=queue.value, message_ttl=600)
    for queue in job_kind.Queue
]
PING_SECONDS = 1.0


def _refuse_to_wait(reason: str) -> None:
    raise broker_rules.Blocked(reason)


# Publishers try twice, then leave the job to the relay; workers keep retrying.
RETRIES = {"max_retries": 1, "interval_start": 0.1}
TRANSPORT_OPTIONS: dict[broker_urls.Server, dict[str, Any]] = {
    REDIS: RETRIES | {"socket_timeout": 2, "socket_connect_timeout": 2, "visibility_timeout": 3600},
    RABBITMQ: RETRIES
    | {
        "connect_timeout": 2,
        "read_timeout": 3,
        "write_timeout": 2,
        # Without it a message that RabbitMQ does not take is lost without an error.
        "confirm_publish": True,
        "on_blocked": _refuse_to_wait,
    },
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong; the message says how to correct it."""

    kind: ProblemKind
    message: str


def celery_settings(url: str) -> dict[str, Any]:
    """Celery's settings that depend on the broker."""
    options: dict[str, Any] = {
        "broker_transport_options": TRANSPORT_OPTIONS[broker_urls.server_of(url)]
    }
    if url.startswith(f"{RABBITMQ.tls}:"):
        # None is the host of the URL. Without this key the certificate of any host is accepted.
        options["broker_use_ssl"] = {"server_hostname": None}
    return options


def diagnose(error: BaseException, url: str, variable: str = "") -> Problem:
    """The problem behind an error that was raised while using the broker at `url`.

    Args:
        variable: which one has the URL; by default that of the broker.
    """
    variable = variable or settings.BROKER_VARIABLE
    server = broker_urls.server_of(url)
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, ImportError):
            return Problem(
                ProblemKind.MISSING_PACKAGE,
                f"The Python package {cause.name or server.plain} is missing: install "
                "requirements.txt again (pip install --require-hashes -r requirements.txt).",
            )
    if problem := _url_problem(url, variable):
        return problem
    names = {
        "server": server.name,
        "address": broker_urls.address(url),
        "variable": variable,
        "plain": server.plain,
        "tls": server.tls,
    }
    for cause in chain:
        for rule in broker_rules.rules(server):
            if rule.matches(cause):
                has_password = urlsplit(url).password
                message = rule.message if has_password else rule.without_password or rule.message
                return Problem(rule.kind, message.format(**names))
    return Problem(
        ProblemKind.UNREACHABLE,
        f"{server.name} at {names['address']} does not answer as expected "
        f"({type(error).__name__}). Check that it runs and that {variable} names it.",
    )


def probe(url: str, variable: str = "") -> Problem | None:
    """Connect to the broker; returns the problem, or None if it answers and takes work."""
    variable = variable or settings.BROKER_VARIABLE
    if problem := _url_problem(url, variable):
        return problem
    try:
        if broker_urls.server_of(url) is RABBITMQ:
            _use_rabbitmq(url)
        else:
            _use_redis(url)
    except Exception as error:  # noqa: BLE001 - the libraries raise errors of many families
        return diagnose(error, url, variable)
    return None


def _use_redis(url: str) -> None:
    with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
        client.ping()
        client.exists("celery")  # unlike PING, it needs the user's permissions


def _use_rabbitmq(url: str) -> None:
    """Publish a message that no queue takes: RabbitMQ says only then that it takes none."""
    with Celery(broker=url, set_as_current=False) as app:
        app.conf.update(celery_settings(url))
        with app.connection_for_write() as connection:
            queue = QUEUES[0](connection.default_channel)
            queue.declare()
            try:
                Producer(connection, queue.exchange).publish("", "probe", delivery_mode=1)
            except broker_rules.Blocked:
                connection.collect()  # closing it would wait for RabbitMQ
                raise


def queues_by_worker(url: str) -> dict[str, set[str]]:
    """The Celery workers that answer now, each with the queues that it reads.

    Raises exceptions of the broker's library and kombu; see diagnose.
    """
    with Celery(broker=url, set_as_current=False) as app:
        app.conf.update(celery_settings(url))
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


def _url_problem(url: str, variable: str) -> Problem | None:
    servers = (REDIS,) if variable == "REDIS_URL" else SERVERS
    message = broker_urls.problem(url, variable, servers)
    return Problem(ProblemKind.WRONG_URL, message) if message else None
