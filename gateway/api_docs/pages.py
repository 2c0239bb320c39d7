"""Swagger UI and ReDoc, which ask no other host for anything."""

from __future__ import annotations

from typing import Any

from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerView
from rest_framework.request import Request
from rest_framework.response import Response

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; worker-src blob:; frame-ancestors 'none'"
)


class _Offline:
    """Adds a policy that the browser enforces."""

    def finalize_response(self, request: Request, response: Response, *args: Any) -> Any:
        answer = super().finalize_response(request, response, *args)  # type: ignore[misc]
        answer["Content-Security-Policy"] = POLICY
        return answer


class SwaggerView(_Offline, SpectacularSwaggerView):
    """The API to try out."""

    template_name = "gateway/swagger_ui.html"


class RedocView(_Offline, SpectacularRedocView):
    """The API to read."""

    template_name = "gateway/redoc.html"
