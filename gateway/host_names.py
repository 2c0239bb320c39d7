"""Whether a configured host names this machine or a private network, however it is spelt."""

from __future__ import annotations

import re
import socket

from integrations import addresses

LOCAL_NAMES = {
    "gateway.docker.internal",
    "host.docker.internal",
    "ip6-localhost",
    "ip6-loopback",
    "kubernetes.docker.internal",
    "localhost",
    "localhost4",
    "localhost6",
    "metadata",
    "metadata.google.internal",
}
LOCAL_DOMAINS = (".localhost", ".localdomain", ".localdomain4", ".localdomain6")
LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
HOST_NAME = re.compile(rf"{LABEL}(\.{LABEL})*")
BRACKETED = re.compile(r"\[([^\]]*)\](:\d*)?")
WITH_PORT = re.compile(r"([^:]+):\d*")


def is_host_name(text: str) -> bool:
    """Whether this is a plain DNS name or IPv4 address: no scheme, port, path or wildcard."""
    return text.isascii() and len(text) <= 253 and HOST_NAME.fullmatch(text.lower()) is not None


def is_this_machine(text: str) -> bool:
    """Whether this is a loopback or unspecified address, or a name that always means one."""
    host = canonical(text)
    if host in LOCAL_NAMES or host.endswith(LOCAL_DOMAINS):
        return True
    address = addresses.literal(host)
    address = getattr(address, "ipv4_mapped", None) or address
    return address is not None and (address.is_loopback or address.is_unspecified)


def is_reserved(text: str) -> bool:
    """Whether this is this machine, or an address of a private, link-local or reserved network."""
    host = canonical(text)
    address = addresses.literal(host)
    return is_this_machine(host) or (address is not None and not addresses.is_public(address))


def is_not_public(text: str) -> bool:
    """Whether this is reserved, or the name that this machine has in its network."""
    return is_reserved(text) or canonical(text) == canonical(socket.gethostname())


def canonical(text: str) -> str:
    """The host of a setting as resolvers read it, without scheme, path, port or zone."""
    host = addresses.canonical(text.strip())
    host = host.partition("://")[2] or host
    host = host.partition("/")[0].rpartition("@")[2]
    if found := BRACKETED.fullmatch(host) or WITH_PORT.fullmatch(host):
        host = found[1]
    return host.partition("%")[0].rstrip(".")
