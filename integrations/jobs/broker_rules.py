"""What errors of a broker mean, as data: rules of Redis, of RabbitMQ, and of both.

In messages {server}, {address} and {variable} stand for the product, where it is, and the variable
with its URL; {plain} and {tls} for the schemes of such URLs.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from amqp import exceptions as amqp_errors
from redis import exceptions as redis_errors

from integrations.jobs.broker_urls import RABBITMQ, REDIS, Server


class ProblemKind(StrEnum):
    """What has to be corrected."""

    MISSING_PACKAGE = "missing_package"
    WRONG_URL = "wrong_url"
    REFUSED_PASSWORD = "refused_password"  # noqa: S105 - a name
    UNREACHABLE = "unreachable"
    REFUSES_WORK = "refuses_work"


@dataclass(frozen=True, slots=True)
class Rule:
    """A problem that is known by the error's class, or by a phrase of its message in lower case."""

    kind: ProblemKind
    message: str
    errors: tuple[type[BaseException], ...] = ()
    phrases: tuple[str, ...] = ()
    without_password: str = ""  # the message for a URL that has none

    def matches(self, error: BaseException) -> bool:
        text = str(error).lower()
        return isinstance(error, self.errors) or any(phrase in text for phrase in self.phrases)


class Blocked(amqp_errors.RecoverableConnectionError):
    """RabbitMQ reads nothing from this connection until it has memory and disk space again."""


NOT_THE_SERVER = "What answers at {address} is not {server}: check the port in {variable}."
REDIS_IS_LOCKED = (
    "Redis at {address} wants a password: {variable}=redis://:password@host:port/number."
)
# Some errors of Redis have no class of their own.
OF_REDIS = (
    Rule(
        ProblemKind.REFUSED_PASSWORD,
        "The user of {variable} may not do everything at {address}: give it all keys and commands.",
        errors=(redis_errors.NoPermissionError,),
        phrases=("noperm ",),
        without_password=REDIS_IS_LOCKED,
    ),
    Rule(
        ProblemKind.REFUSED_PASSWORD,
        "Redis at {address} refuses the password (or user name) of {variable}: correct it.",
        errors=(redis_errors.AuthenticationError,),
        phrases=("wrongpass ", "noauth "),
        without_password=REDIS_IS_LOCKED,
    ),
    Rule(ProblemKind.WRONG_URL, NOT_THE_SERVER, errors=(redis_errors.InvalidResponse,)),
    Rule(
        ProblemKind.WRONG_URL,
        "Redis has no such database ({address}): take a lower number at the end of {variable}.",
        phrases=("db index is out of range",),
    ),
    Rule(
        ProblemKind.WRONG_URL,
        "Redis at {address} is a replica: {variable} has to name the primary.",
        errors=(redis_errors.ReadOnlyError,),
    ),
    Rule(
        ProblemKind.REFUSES_WORK,
        "Redis at {address} takes no writes (its memory or disk is full): see its log.",
        errors=(redis_errors.OutOfMemoryError,),
        phrases=("oom command not allowed", "misconf "),
    ),
    Rule(
        ProblemKind.UNREACHABLE,
        "Redis at {address} has too many connections: raise its maxclients.",
        errors=(redis_errors.MaxConnectionsError,),
        phrases=("max number of clients",),
    ),
    Rule(
        ProblemKind.UNREACHABLE,
        "Redis at {address} is loading its data: it answers when that is done.",
        errors=(redis_errors.BusyLoadingError,),
    ),
)
OF_RABBITMQ = (
    Rule(
        ProblemKind.WRONG_URL,
        "RabbitMQ has no such virtual host ({address}): create it (rabbitmqctl add_vhost), or "
        "correct the end of {variable}.",
        phrases=("(530) not_allowed - vhost ",),
    ),
    Rule(
        ProblemKind.UNREACHABLE,
        "RabbitMQ at {address} has too many connections: raise the limit of its user, virtual host "
        "or node.",
        phrases=("connection limit (",),
    ),
    Rule(
        ProblemKind.REFUSED_PASSWORD,
        "RabbitMQ at {address} refuses the user or password of {variable}: correct them. It admits "
        "guest from its own machine only.",
        phrases=("login was refused",),
        without_password="RabbitMQ at {address} wants a user and a password: "  # noqa: S106
        "{variable}=amqp://user:password@host:port/virtual-host.",
    ),
    Rule(
        ProblemKind.REFUSED_PASSWORD,
        "The user of {variable} may not do everything at {address}: give it permission to "
        'configure, write and read there (rabbitmqctl set_permissions … ".*" ".*" ".*").',
        errors=(amqp_errors.AccessRefused, amqp_errors.NotAllowed),
    ),
    Rule(
        ProblemKind.WRONG_URL,
        "RabbitMQ has queues of the gateway's names with other properties ({address}): end "
        "{variable} with a virtual host that nothing else uses.",
        errors=(amqp_errors.PreconditionFailed,),
    ),
    Rule(
        ProblemKind.WRONG_URL,
        NOT_THE_SERVER,
        errors=(
            amqp_errors.FrameError,
            amqp_errors.FrameSyntaxError,
            amqp_errors.UnexpectedFrame,
            amqp_errors.AMQPNotImplementedError,
        ),
    ),
    Rule(
        ProblemKind.REFUSES_WORK,
        "RabbitMQ at {address} takes no messages (its memory or disk is full): see "
        "`rabbitmqctl status` under Alarms, and its log.",
        errors=(Blocked, amqp_errors.MessageNacked, amqp_errors.ResourceError),
    ),
    Rule(
        ProblemKind.UNREACHABLE,
        "RabbitMQ at {address} is stopping: start it again.",
        errors=(amqp_errors.ConnectionForced,),
    ),
)
OF_BOTH = (
    Rule(
        ProblemKind.WRONG_URL,
        "No TLS connection with {server} at {address}: where it speaks no TLS, {variable} begins "
        "with {plain}://; else its certificate is not trusted.",
        errors=(ssl.SSLError,),
    ),
    Rule(
        ProblemKind.WRONG_URL,
        "The host name of {address} cannot be resolved: check it in {variable}.",
        errors=(socket.gaierror,),
    ),
    Rule(
        ProblemKind.UNREACHABLE,
        "Nothing listens at {address}: start {server}, or correct host and port in {variable}.",
        errors=(ConnectionRefusedError,),
    ),
    Rule(
        ProblemKind.UNREACHABLE,
        "{server} at {address} did not answer in time: it hangs, a firewall is in between, "
        "something else listens there, or one side speaks TLS and the other does not ({plain}:// "
        "or {tls}:// in {variable}).",
        errors=(TimeoutError, redis_errors.TimeoutError),
    ),
    Rule(  # a server that was stopped refuses the second try with another error
        ProblemKind.WRONG_URL,
        "What listens at {address} closes the connection: it is not {server}, or speaks TLS only. "
        "Check the port in {variable}, and {plain}:// or {tls}://.",
        errors=(ConnectionError,),
        phrases=("connection closed by server", "server unexpectedly closed connection"),
    ),
)
OF_SERVER = {REDIS: OF_REDIS, RABBITMQ: OF_RABBITMQ}


def rules(server: Server) -> Iterator[Rule]:
    """Its rules; the first one that matches applies."""
    yield from OF_SERVER[server]
    yield from OF_BOTH
