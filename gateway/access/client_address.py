"""Where a request comes from, as far as the proxies in front are believed."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address of the caller: the connection's, or what TRUSTED_PROXY_COUNT proxies noted.

    Each proxy appends the address it was called from to X-Forwarded-For, so only that many entries
    from the right are facts; whatever stands before them was written by the caller. IPv6 addresses
    are cut to the network of 64 bits that one subscriber usually has.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    count = settings.TRUSTED_PROXY_COUNT
    noted = [entry.strip() for entry in request.headers.get("X-Forwarded-For", "").split(",")]
    address = noted[-count] if 0 < count <= len(noted) else direct
    return _normal(address) or _normal(direct) or "unknown"


def _normal(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    return str(address)
