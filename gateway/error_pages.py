"""Errors that staff meet in the admin, as pages in its look. The API's are JSON."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)
ADVICE = {
    400: "Go back and try it from the page where you came from.",
    403: "Ask a colleague who manages staff for the permission, or log in as somebody else.",
    404: "It may have been deleted, or the address is mistyped.",
    409: "Go back, load the page again and repeat what you did.",
    413: "Upload or paste less at once.",
    429: "Wait until then. Whoever keeps trying does not get in sooner.",
    503: "Try again in a moment.",
}
ANY_OTHER = "Try again. If it stays so, give the request id to whoever runs the gateway."
PLAIN = "<!doctype html><title>Error</title><h1>{error}</h1><p>Request id: {request_id}</p>"


def is_wanted(request: HttpRequest) -> bool:
    """Whether this was asked for by somebody at the admin."""
    return request.path == "/admin" or request.path.startswith("/admin/")


def render(request: HttpRequest, body: dict[str, Any], headers: dict[str, str]) -> HttpResponse:
    """The page that says what `body`, the API's answer to the same error, says."""
    return HttpResponse(_html(request, body), status=body["status"], headers=headers)


def _html(request: HttpRequest, body: dict[str, Any]) -> str:
    """With the menu for staff. Where that fails, as it does without a database, without it."""
    context = {"title": body["error"], **body, "advice": ADVICE.get(body["status"], ANY_OTHER)}
    try:
        layout = "unfold/layouts/unauthenticated.html"
        if admin.site.has_permission(request):
            layout = "admin/base_site.html"
        context |= admin.site.each_context(request) | {"layout": layout, "title": body["error"]}
        return render_to_string("admin/error.html", context, request)
    except Exception:
        logger.exception("The page about an error could not be made")
        return PLAIN.format(error=body["error"], request_id=body["request_id"])
