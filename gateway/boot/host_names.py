"""Detects host names and addresses of this machine and of private networks, in any spelling."""

from __future__ import annotations

import re
import socket

from integrations import address_policy

LOCAL_NAMES = {
    "gateway.docker.internal",
    "host.docker.internal",
    "ip6-localhost",
    "ip6-loopback",
    "kubernetes.docker.internal",
    "localhost",
    "localhost4",
    "localhost6",
    "loopback",
}
LOCAL_DOMAINS = (".localhost", ".localdomain", ".localdomain4", ".localdomain6")
# Public domains whose names resolve to a loopback address, or to the address they contain.
LOOPBACK_DOMAINS = {
    "fuf.me", "lacolhost.com", "localtest.me", "lvh.me", "nip.io", "sslip.io",
    "traefik.me", "vcap.me", "xip.io",
}  # fmt: skip
# Metadata services of clouds, which return the credentials of the machine.
METADATA_NAMES = {
    "instance-data", "instance-data.ec2.internal", "metadata", "metadata.azure.internal",
    "metadata.goog", "metadata.google.internal", "metadata.tencentyun.com",
}  # fmt: skip
EMBEDDED_IPV4 = re.compile(
    r"(?<![0-9a-z])(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})(?![0-9a-z])"
)
LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
HOST_NAME = re.compile(rf"{LABEL}(\.{LABEL})*")
BRACKETED = re.compile(r"\[([^\]]*)\](:\d*)?")
WITH_PORT = re.compile(r"([^:]+):\d*")


def is_host_name(text: str) -> bool:
    """Whether the text is a DNS name or IPv4 address, without scheme, port, path or wildcard."""
    return text.isascii() and len(text) <= 253 and HOST_NAME.fullmatch(text.lower()) is not None


def is_this_machine(text: str) -> bool:
    """Whether the host is a loopback or unspecified address, or a name that resolves to one."""
    host = canonical(text)
    if host in LOCAL_NAMES or host.endswith(LOCAL_DOMAINS):
        return True
    if any(f".{host}".endswith(f".{domain}") for domain in LOOPBACK_DOMAINS):
        return True
    address = address_policy.literal(host)
    address = getattr(address, "ipv4_mapped", None) or address
    return address is not None and (address.is_loopback or address.is_unspecified)


def is_unspecified(text: str) -> bool:
    """Whether the host is 0.0.0.0 or ::, on which servers listen but which no request contains."""
    address = address_policy.literal(canonical(text))
    return address is not None and address.is_unspecified


def is_reserved(text: str) -> bool:
    """Whether the host is this machine, a metadata service, or an address that is not public.

    The address may be part of the name, as in ip-10-0-0-1.cloud.example. Names are not resolved,
    because a check must not depend on the network.
    """
    host = canonical(text)
    if is_this_machine(host) or host in METADATA_NAMES:
        return True
    literals = [address_policy.literal(host)]
    literals += [address_policy.literal(".".join(parts)) for parts in EMBEDDED_IPV4.findall(host)]
    return any(
        address is not None and not address_policy.is_public(address) for address in literals
    )


def is_not_public(text: str) -> bool:
    """Whether the host is reserved, or the name of this machine in its network."""
    return is_reserved(text) or canonical(text) == canonical(socket.gethostname())


def canonical(text: str) -> str:
    """The host of a setting as resolvers read it: without scheme, path, port and zone."""
    host = address_policy.canonical(text.strip())
    host = host.partition("://")[2] or host
    host = host.partition("/")[0].rpartition("@")[2]
    if match := BRACKETED.fullmatch(host) or WITH_PORT.fullmatch(host):
        host = match[1]
    return host.partition("%")[0].rstrip(".")
