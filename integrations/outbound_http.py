"""HTTP to addresses that tenants choose: never to our own network; redirects are not followed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests_hardened import Config, Manager
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter

from integrations import address_policy
from integrations.vendors import sockets
from nucleus import web_urls

TIMEOUT = (3.05, 10.0)  # seconds to connect and to answer
DEADLINE = 15.0


@dataclass(frozen=True, slots=True)
class Reply:
    """The status of an answer, or a word for why there was none."""

    status: int | None
    error: str = ""


class _PublicOnly(IPFilterAdapter):
    """Resolves a name once, refuses what is not public, and connects to the address it looked at.

    The library knows most of these addresses; address_policy.is_public knows those it lacks.
    """

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        host, pool = super().build_connection_pool_key_attributes(*args, **kwargs)
        address = host["host"].strip("[]")
        if not address_policy.is_public(ip_address(address)):
            raise InvalidIPAddress(address)
        return host, pool


@cache
def _manager() -> Manager:
    return Manager(
        Config(
            default_timeout=TIMEOUT,
            never_redirect=True,
            ip_filter_enable=False,  # _PublicOnly does more
            ip_filter_allow_loopback_ips=False,
            user_agent_override="integration-gateway",
        )
    )


def post(url: str, *, body: bytes, headers: dict[str, str]) -> Reply:
    """One POST; what the other side says is not read."""
    try:
        with sockets.Watchdog(DEADLINE), _manager().get_session() as session:
            session.trust_env = False
            if not settings.WEBHOOK_ALLOW_PRIVATE:
                session.mount("https://", _PublicOnly(is_https_proto=True))
                session.mount("http://", _PublicOnly(is_https_proto=False))
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


def webhook_url_error(url: str) -> str | None:
    """Why a URL cannot be used, before anybody calls it; None: it can."""
    schemes = ("https", "http") if settings.WEBHOOK_ALLOW_PRIVATE else ("https",)
    max_length = web_urls.MAX_LENGTH
    message = f"Use an absolute {' or '.join(schemes)} URL of at most {max_length} characters."
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        return message
    if web_urls.UNSAFE.search(url):
        return web_urls.UNSAFE_MESSAGE
    if len(url) > max_length or parts.scheme not in schemes or not parts.hostname or not has_port:
        return message
    if "@" in parts.netloc or parts.fragment:
        return "Leave user, password and fragment out of the URL."
    if settings.WEBHOOK_ALLOW_PRIVATE:
        return None
    if address_policy.is_local(parts.hostname):
        return "This address is not public. Use the name of a host on the Internet."
    return None
