"""The address of a caller, and the network by which callers are counted."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

IPV6_PREFIX = 64  # bits; one subscriber usually has all addresses of such a network


def client_address(request: HttpRequest) -> str:
    """The network (see `network_of`) that the request comes from, or "unknown".

    Each proxy appends the address it was called from to X-Forwarded-For. So only the last
    TRUSTED_PROXY_COUNT entries are trustworthy; the entries before them were sent by the caller.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    count = settings.TRUSTED_PROXY_COUNT
    entries = [entry.strip() for entry in request.headers.get("X-Forwarded-For", "").split(",")]
    address = entries[-count] if 0 < count <= len(entries) else direct
    return _network(address) or _network(direct) or "unknown"


def network_of(address: str) -> str:
    """The IPv4 address, or the /64 network of an IPv6 address; other text unchanged."""
    return _network(address) or address


def _network(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), IPV6_PREFIX), strict=False))
    return str(address)
