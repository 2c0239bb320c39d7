"""Checks of ALLOWED_HOSTS, VENDOR_ALLOWED_HOSTS, PUBLIC_URL and CORS_ALLOWED_ORIGINS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.http.request import validate_host

from gateway.boot import host_names
from integrations import address_policy

# Without a path: the gateway serves at the root, and paths are appended to it.
PUBLIC_URL_PATTERN = re.compile(
    r"https://(\[[0-9a-f:.]+\]|[^\s:/?#@\[\]\\]+)(?::(\d{1,5}))?", re.I | re.A
)
TOP_LEVEL_DOMAIN = re.compile(r"\.[^.]+")  # such as .com


def check_allowed_hosts() -> Iterator[CheckMessage]:
    hint = "For example ALLOWED_HOSTS=gateway.bank.example"
    if not settings.ALLOWED_HOSTS:
        problem = "ALLOWED_HOSTS must name the hosts that the gateway serves."
        yield Error(problem, hint=hint, id="gateway.E002")
    for host in settings.ALLOWED_HOSTS:
        name = host.removeprefix(".")
        if "*" in host or not name or TOP_LEVEL_DOMAIN.fullmatch(host):
            problem = f"{host!r} in ALLOWED_HOSTS matches hosts that belong to others."
        elif not host_names.is_host_name(name) and not host_names.BRACKETED.fullmatch(host):
            problem = f"{host!r} in ALLOWED_HOSTS is not a host name (no scheme, port or path)."
        elif host_names.is_unspecified(name):
            problem = (
                f"{host!r} in ALLOWED_HOSTS is an address to listen on; no request contains it."
            )
        else:
            continue
        yield Error(problem, hint=hint, id="gateway.E002")


def check_vendor_hosts() -> Iterator[CheckMessage]:
    for host in settings.VENDOR_ALLOWED_HOSTS:
        if host_names.is_not_public(host):
            problem = f"{host!r} in VENDOR_ALLOWED_HOSTS is this machine or a private address."
            hint = "Remove it: the sandbox is for development."
        elif not host_names.is_host_name(host):
            problem = f"{host!r} in VENDOR_ALLOWED_HOSTS is not a host name."
            hint = "Use names such as api.vendor.example, without scheme, port, path or wildcard."
        else:
            continue
        yield Error(problem, hint=hint, id="gateway.E003")


def check_public_url() -> Iterator[CheckMessage]:
    match = PUBLIC_URL_PATTERN.fullmatch(settings.PUBLIC_URL)
    host, port = match.groups() if match else ("", None)
    hint = "For example PUBLIC_URL=https://gateway.bank.example"
    if not _is_host(host) or not 1 <= int(port or 443) <= 65535:
        problem = (
            "PUBLIC_URL must be the https:// address of the gateway: scheme, host and port, "
            "without path or spaces."
        )
    elif host_names.is_this_machine(host):
        problem = "PUBLIC_URL names this machine, which MX and browsers cannot reach."
    elif host_names.is_reserved(host):
        problem = "PUBLIC_URL is an address of a private network, which MX cannot reach."
    elif settings.ALLOWED_HOSTS and not validate_host(host.lower(), settings.ALLOWED_HOSTS):
        problem = (
            f"PUBLIC_URL's host {host} is not in ALLOWED_HOSTS, so requests to it fail with 400."
        )
        hint = f"Add {host} to ALLOWED_HOSTS, or correct PUBLIC_URL."
    else:
        return
    yield Error(problem, hint=hint, id="gateway.E004")


def _is_host(text: str) -> bool:
    is_ipv6 = ":" in text and address_policy.literal(text.strip("[]")) is not None
    return is_ipv6 or host_names.is_host_name(text)


def check_cors_origins() -> Iterator[CheckMessage]:
    schemes = ("http", "https") if settings.DEVELOPMENT else ("https",)
    for origin in settings.CORS_ALLOWED_ORIGINS:
        try:
            parts = urlsplit(origin)
            host, _ = parts.hostname, parts.port
            is_origin = parts.scheme in schemes and bool(host) and "*" not in origin
            is_origin &= not (parts.path or parts.query or parts.fragment or parts.username)
        except ValueError:
            is_origin = False
        if not is_origin:
            yield Error(
                f"{origin!r} in CORS_ALLOWED_ORIGINS is not an {' or '.join(schemes)} origin.",
                hint="Name each front end as https://app.bank.example, without path or wildcard.",
                id="gateway.E010",
            )
