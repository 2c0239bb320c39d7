"""Which addresses staff may point the gateway at."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings


def refused(url: str) -> str | None:
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
    if parts.scheme not in schemes or not host or parts.username:
        return "The custom base URL must look like https://host."
    if parts.query or parts.fragment or parts.path not in ("", "/"):
        return "The custom base URL is scheme and host only."
    if host not in settings.VENDOR_ALLOWED_HOSTS:
        allowed = ", ".join(dict.fromkeys(settings.VENDOR_ALLOWED_HOSTS)) or "none"
        return f"The host {host} is not in VENDOR_ALLOWED_HOSTS (allowed: {allowed})."
    return None
