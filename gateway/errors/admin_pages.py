"""Error pages of the admin, in its layout. The API's errors are JSON."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)
ADVICE = {
    400: "Go back and try again from the previous page.",
    403: "Ask a colleague who manages staff for the permission, or log in as another user.",
    404: "It may have been deleted, or the address is misspelled.",
    409: "Go back, reload the page and repeat the change.",
    413: "Upload or paste less at a time.",
    429: "Wait until then. Further attempts do not shorten the wait.",
    503: "Try again in a moment.",
}
DEFAULT_ADVICE = "Try again. If the error persists, report the request id to the operators."
FALLBACK_PAGE = "<!doctype html><title>Error</title><h1>{error}</h1><p>Request id: {request_id}</p>"


def is_admin_request(request: HttpRequest) -> bool:
    """Whether the request is for a page of the admin."""
    return request.path == "/admin" or request.path.startswith("/admin/")


def render(request: HttpRequest, body: dict[str, Any], headers: dict[str, str]) -> HttpResponse:
    """The page for an error; `body` is the JSON body for the same error."""
    return HttpResponse(_html(request, body), status=body["status"], headers=headers)


def _html(request: HttpRequest, body: dict[str, Any]) -> str:
    """The page, with the menu for staff; a plain one if rendering fails, as without a database."""
    context = {"title": body["error"], **body, "advice": ADVICE.get(body["status"], DEFAULT_ADVICE)}
    try:
        layout = "unfold/layouts/unauthenticated.html"
        if admin.site.has_permission(request):
            layout = "admin/base_site.html"
        context |= admin.site.each_context(request) | {"layout": layout, "title": body["error"]}
        return render_to_string("admin/error.html", context, request)
    except Exception:
        logger.exception("An error page could not be rendered")
        return FALLBACK_PAGE.format(error=body["error"], request_id=body["request_id"])
