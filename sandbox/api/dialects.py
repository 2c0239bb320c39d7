"""Which of MX's APIs a request speaks, and in which version: its headers say so."""

from __future__ import annotations

from django.http import HttpRequest

V2011, V2025 = "v20111101", "v20250224"
# Where Accept-Version is missing, the media type names the version.
MEDIA_TYPES = {"application/vnd.mx.api.v1+": V2011, "application/vnd.mx.api.v2beta+": V2025}


def is_platform(request: HttpRequest) -> bool:
    """Whether the caller logs in as MX Platform's clients do; all others speak Atrium."""
    return request.headers.get("Authorization", "").lower().startswith("basic ")


def platform_version(request: HttpRequest) -> str | None:
    """The version of MX Platform that is asked for; None if there is no such version."""
    accept = request.headers.get("Accept", "")
    by_type = next((row for media, row in MEDIA_TYPES.items() if media in accept), None)
    version = request.headers.get("Accept-Version") or by_type
    return version if version in (V2011, V2025) else None


def is_2025(request: HttpRequest) -> bool:
    return platform_version(request) == V2025
