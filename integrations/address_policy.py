"""Which addresses staff may point the gateway at, and which ones tenants may."""

from __future__ import annotations

import socket
import unicodedata
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings

Address = IPv4Address | IPv6Address

# Not globally routable, or able to reach such addresses, although Python may call them global: the
# forms of IPv4 in IPv6 (a translator on the way may deliver them), and hosts inside clouds.
NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "::/96",  # IPv4-compatible, RFC 4291 section 2.5.5.1
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765 (SIIT)
        "64:ff9b::/96", "64:ff9b:1::/48",  # NAT64, RFC 6052 and 8215
        "2001::/32", "2002::/16",  # Teredo and 6to4
        "fec0::/10",  # site-local, RFC 3879
        "5f00::/16", "3fff::/20",  # segment routing, documentation
        "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24",  # carrier NAT, IETF, 6to4 relays
        "168.63.129.16/32",  # Azure's host agent
    )
)  # fmt: skip
DOTS = str.maketrans("\u3002\uff0e\uff61", "...")  # what IDNA takes for a dot
LOCAL_NAMES = ("localhost", "localdomain", "local", "internal", "intranet", "lan", "home.arpa")


def base_url_error(url: str) -> str | None:
    """Why `url` cannot be a vendor's base URL, or None.

    Hosts must be listed in the environment, which staff cannot change: otherwise whoever takes over
    an admin login could make the gateway call internal services (OWASP API7).
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "The custom base URL is not a URL."
    schemes = ("https", "http") if settings.VENDOR_ALLOW_HTTP else ("https",)
    if parts.scheme not in schemes or not host or "@" in parts.netloc:
        return "The custom base URL must look like https://host."
    if parts.query or parts.fragment or parts.path not in ("", "/"):
        return "The custom base URL is scheme and host only."
    if host not in settings.VENDOR_ALLOWED_HOSTS:
        allowed = ", ".join(dict.fromkeys(settings.VENDOR_ALLOWED_HOSTS)) or "none"
        return f"The host {host} is not in VENDOR_ALLOWED_HOSTS (allowed: {allowed})."
    return None


def is_public(address: Address) -> bool:
    """Whether the address is globally routable, also after unwrapping embedded IPv4."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped is not None:
        return is_public(mapped)
    if not address.is_global or address.is_multicast:
        return False
    return not any(address in net for net in NOT_PUBLIC if net.version == address.version)


def is_local(host: str) -> bool:
    """Whether the host of a URL is an address that is not public, or a name that cannot be.

    In any spelling that a resolver or proxy might accept. Other names are judged when resolved.
    """
    name = canonical(host)
    address = literal(name)
    if address is not None:
        return not is_public(address)
    if "." not in name or "%" in name:  # no name of the Internet; no name at all
        return True
    return any(name.endswith(f".{suffix}") for suffix in LOCAL_NAMES)


def canonical(host: str) -> str:
    """The host as resolvers read it: ASCII dots and digits, lower case, no last dot."""
    return unicodedata.normalize("NFKC", host).translate(DOTS).lower().rstrip(".")


def literal(name: str) -> Address | None:
    """The address that `name` is; also 2130706433, 0x7f.1, 0177.0.0.1 and 127.1."""
    try:
        return ip_address(name)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(name))
    except OSError:
        return None
