"""Which servers may be the broker, and what their URLs look like.

Plain Python: the settings check their variables with it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Server:
    """A product that can be the broker, and its URLs."""

    name: str
    plain: str  # scheme without TLS
    tls: str
    port: int
    tls_port: int
    example: str

    @property
    def schemes(self) -> tuple[str, str]:
        return self.plain, self.tls


REDIS = Server("Redis", "redis", "rediss", 6379, 6379, "redis://:password@127.0.0.1:6379/0")
RABBITMQ = Server(
    "RabbitMQ", "amqp", "amqps", 5672, 5671, "amqp://user:password@127.0.0.1:5672/gateway"
)
SERVERS = (REDIS, RABBITMQ)


def server_of(url: str) -> Server:
    """The product that the URL's scheme stands for; Redis if it stands for none."""
    scheme = url.partition(":")[0].lower()
    return RABBITMQ if scheme in RABBITMQ.schemes else REDIS


def problem(url: str, variable: str, servers: Collection[Server] = SERVERS) -> str | None:
    """What is wrong with the URL that `variable` has, without its password; None if nothing is."""
    example = f"for example {server_of(url).example}."
    schemes = [f"{scheme}://" for server in servers for scheme in server.schemes]
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return f"{variable} is not a URL with a port number: write it as {example}"
    if parts.scheme == "unix":
        return f"Celery does not take unix:// for {variable}; let Redis listen on a port, {example}"
    if f"{parts.scheme}://" not in schemes:
        scheme = f"the scheme {parts.scheme}://" if parts.scheme else "no scheme"
        start = f"{', '.join(schemes[:-1])} or {schemes[-1]}"
        return f"{variable} has {scheme}; it has to begin with {start}, {example}"
    if port == 0 or not parts.hostname:
        return f"{variable} names no host or port: {example}"
    if server_of(url) is RABBITMQ:
        # Kombu passes what follows ? to its constructor, which raises for most names.
        if parts.query or parts.fragment:
            return f"{variable} has ? or #; it has to end with the virtual host, {example}"
        return None
    database = parts.path.strip("/")
    if database and not database.isdecimal():
        return f"{variable} ends with /{database}; a database number has to stand there, {example}"
    return None


def address(url: str) -> str:
    """Host, port and database or virtual host of a valid URL."""
    parts, server = urlsplit(url), server_of(url)
    port = parts.port or (server.tls_port if parts.scheme == server.tls else server.port)
    if server is RABBITMQ:
        return f"{parts.hostname}:{port}, virtual host {_virtual_host(parts)}"
    return f"{parts.hostname}:{port}, database {parts.path.strip('/') or 0}"


def _virtual_host(parts: SplitResult) -> str:
    return unquote(parts.path.removeprefix("/")) or "/"
