"""Security headers and `Cache-Control: no-store` on every response."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# For JSON, plain text, redirects and downloads, which load, run and frame nothing.
DEFAULT_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# The admin uses Alpine.js, which evaluates expressions in attributes ('unsafe-eval'), and style
# attributes ('unsafe-inline'). Inline scripts are not allowed, so that injected markup runs none.
ADMIN_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
PERMISSIONS = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen",
    "geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "usb",
    "xr-spatial-tracking",
)  # fmt: skip
PERMISSIONS_POLICY = ", ".join(f"{name}=()" for name in PERMISSIONS)
# Equal for all callers, so caches may store them. Other responses may contain bank data, secrets or
# tokens, or are errors, and must not be stored.
PUBLIC_PATHS = ("", "docs", "redoc", "openapi.yaml")


class SecurityHeaders:
    """Adds the headers. It comes before all middleware that can return a response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", _policy(request, response))
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        if not _may_be_cached(request, response) and not _has_no_store(response):
            response["Cache-Control"] = "no-store"
        return response


def _policy(request: HttpRequest, response: HttpResponse) -> str:
    is_page = response.get("Content-Type", "").startswith("text/html")
    return ADMIN_POLICY if is_page and request.path.startswith("/admin") else DEFAULT_POLICY


def _may_be_cached(request: HttpRequest, response: HttpResponse) -> bool:
    if response.status_code >= 400:
        return False
    path = request.path.removeprefix("/")
    return path in PUBLIC_PATHS or request.path.startswith(settings.STATIC_URL)


def _has_no_store(response: HttpResponse) -> bool:
    return "no-store" in response.get("Cache-Control", "")
