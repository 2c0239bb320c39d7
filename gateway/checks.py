"""Boot checks: production does not start with settings that are unsafe."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

from integrations.vendors import registry

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@register(Tags.security)
def production_is_safe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gateway.E001 to E004: errors that stop every management command and the server."""
    if settings.DEVELOPMENT:
        return []
    found: list[CheckMessage] = []
    if len(settings.SECRET_KEY) < 50:
        found.append(
            Error(
                "SECRET_KEY is too short.",
                hint="Use 50 random characters or more.",
                id="gateway.E001",
            )
        )
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "ALLOWED_HOSTS must name the hosts the gateway answers to.",
                hint="For example ALLOWED_HOSTS=gateway.bank.example",
                id="gateway.E002",
            )
        )
    if LOOPBACK & set(settings.VENDOR_ALLOWED_HOSTS):
        found.append(
            Error(
                "VENDOR_ALLOWED_HOSTS must not name this machine in production.",
                hint="The sandbox is for development.",
                id="gateway.E003",
            )
        )
    if urlsplit(settings.PUBLIC_URL).scheme != "https":
        found.append(
            Error(
                "PUBLIC_URL must be the https:// address under which the gateway is reached.",
                id="gateway.E004",
            )
        )
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        found.append(
            checks.Warning(
                "SQLite serves one machine; use PostgreSQL (DATABASE_URL) for more.",
                id="gateway.W001",
            )
        )
    return found


@register()
def vendors_are_complete(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gateway.E005: every vendor folder can be opened."""
    return [
        Error(f"Vendor {slug} names no API.", id="gateway.E005")
        for slug, spec in registry.specs().items()
        if not spec.apis
    ]
