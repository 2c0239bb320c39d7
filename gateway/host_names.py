"""Whether a configured host names this machine or a private network, however it is spelt."""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata

from integrations import outbound_http

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
    return len(text) <= 253 and HOST_NAME.fullmatch(text.lower()) is not None


def is_this_machine(text: str) -> bool:
    """Whether this is a loopback name or address, the machine's own name, or unspecified."""
    host = canonical(text)
    if host in LOCAL_NAMES or host.endswith(LOCAL_DOMAINS):
        return True
    if host == canonical(socket.gethostname()):
        return True
    address = _address(host)
    address = getattr(address, "ipv4_mapped", None) or address
    return address is not None and (address.is_loopback or address.is_unspecified)


def is_not_public(text: str) -> bool:
    """Whether this is this machine, or an address of a private, link-local or reserved network."""
    address = _address(host := canonical(text))
    if address is not None and (address.is_multicast or not address.is_global):
        return True
    return is_this_machine(host) or outbound_http._is_private(host)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that the host is, in any notation that connecting understands."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        try:
            return ipaddress.ip_address(socket.inet_aton(host))  # 2130706433, 0x7f.1, 127.1
        except (OSError, ValueError):
            return None


def canonical(text: str) -> str:
    """The host as resolvers read it: ASCII dots and digits, lower case, no port, no last dot."""
    host = unicodedata.normalize("NFKC", text).replace("\u3002", ".").strip().lower()
    host = host.partition("://")[2] or host
    host = host.partition("/")[0].rpartition("@")[2]
    if found := BRACKETED.fullmatch(host) or WITH_PORT.fullmatch(host):
        host = found[1]
    return host.partition("%")[0].rstrip(".")
