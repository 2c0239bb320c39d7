"""HTTP to addresses that tenants choose: never to our own network, never led elsewhere."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests_hardened import Config, Manager
from requests_hardened.ip_filter import InvalidIPAddress

from integrations.vendors import sockets

TIMEOUT = (3.05, 10.0)  # seconds to connect and to answer
DEADLINE = 15.0
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Reply:
    """The status of an answer, or a word for why there was none."""

    status: int | None
    error: str = ""


@cache
def _manager() -> Manager:
    # It resolves a name once, refuses private addresses and connects to the address it looked at.
    return Manager(
        Config(
            default_timeout=TIMEOUT,
            never_redirect=True,
            ip_filter_enable=not settings.WEBHOOK_ALLOW_PRIVATE,
            ip_filter_allow_loopback_ips=False,
            user_agent_override="integration-gateway",
        )
    )


def post(url: str, *, body: bytes, headers: dict[str, str]) -> Reply:
    """One POST; what the other side says is not read."""
    try:
        with sockets.Watchdog(DEADLINE), _manager().get_session() as session:
            session.trust_env = False
            sockets.watch(session)
            with session.post(url, data=body, headers=headers, stream=True) as response:
                return Reply(response.status_code)
    except InvalidIPAddress:
        return Reply(None, "address_not_allowed")
    except requests.Timeout:
        return Reply(None, "timeout")
    except requests.exceptions.SSLError:
        return Reply(None, "certificate_not_valid")
    except (requests.RequestException, OSError, ValueError):
        return Reply(None, "not_reachable")


def refused(url: str) -> str | None:
    """Why a URL cannot be used, before anybody calls it; None: it can."""
    schemes = ("https", "http") if settings.WEBHOOK_ALLOW_PRIVATE else ("https",)
    words = f"Use an absolute {' or '.join(schemes)} URL of at most {LONGEST} characters."
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        return words
    if len(url) > LONGEST or parts.scheme not in schemes or not parts.hostname or not has_port:
        return words
    if parts.username or parts.password or parts.fragment:
        return "Leave user, password and fragment out of the URL."
    if settings.WEBHOOK_ALLOW_PRIVATE:
        return None
    return "This address is not public." if _is_private(parts.hostname) else None


def _is_private(host: str) -> bool:
    """Whether the host is literally an address that is not public, in any notation."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            address = ipaddress.ip_address(socket.inet_aton(host))  # 2130706433, 0x7f.1, 127.1
        except OSError:
            return False
    return not address.is_global
