"""Headers that every answer carries: what browsers may do with it, and that it is not kept."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# Nothing on these pages is loaded, run or framed: JSON, plain text, redirects, downloads.
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# The admin's widgets are Alpine.js, which makes functions of the expressions in attributes
# ('unsafe-eval'), and have style attributes ('unsafe-inline'). There is no inline script, so that
# markup that somebody smuggles in runs none.
ADMIN = "; ".join(
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
# The same for everybody, and so worth keeping. Everything else is bank data, a secret, a token, a
# page of staff or an error, and is kept nowhere.
PUBLIC_PATHS = ("", "docs", "redoc", "openapi.yaml")


class SecurityHeaders:
    """Outermost of the middleware that answers, so that no answer is without them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", _policy(request, response))
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        if not _may_be_kept(request, response) and not _is_kept_nowhere(response):
            response["Cache-Control"] = "no-store"
        return response


def _policy(request: HttpRequest, response: HttpResponse) -> str:
    is_page = response.get("Content-Type", "").startswith("text/html")
    return ADMIN if is_page and request.path.startswith("/admin") else NOTHING


def _may_be_kept(request: HttpRequest, response: HttpResponse) -> bool:
    if response.status_code >= 400:
        return False
    path = request.path.removeprefix("/")
    return path in PUBLIC_PATHS or request.path.startswith(settings.STATIC_URL)


def _is_kept_nowhere(response: HttpResponse) -> bool:
    return "no-store" in response.get("Cache-Control", "")
