"""Swagger UI and ReDoc, served without resources of other hosts."""

from __future__ import annotations

from typing import Any

from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerView
from rest_framework.request import Request
from rest_framework.response import Response

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; worker-src blob:; frame-ancestors 'none'"
)


class _ContentSecurityPolicyMixin:
    """Adds a Content-Security-Policy that allows resources of this host only."""

    def finalize_response(self, request: Request, response: Response, *args: Any) -> Any:
        result = super().finalize_response(request, response, *args)  # type: ignore[misc]
        result["Content-Security-Policy"] = POLICY
        return result


class SwaggerView(_ContentSecurityPolicyMixin, SpectacularSwaggerView):
    """Swagger UI, to try the API out."""

    template_name = "gateway/swagger_ui.html"


class RedocView(_ContentSecurityPolicyMixin, SpectacularRedocView):
    """ReDoc, to read about the API."""

    template_name = "gateway/redoc.html"
