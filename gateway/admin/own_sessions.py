"""The page of the own sessions, each of which can be ended."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from gateway.access import staff_sessions
from gateway.admin.second_factor import record, signed_in


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """List the sessions; a POST ends one, or all others."""
    user, own_key = signed_in(request), request.session.session_key
    rows = list(staff_sessions.of_user(user))
    if request.method == "POST":
        others = [row for row in rows if row.session_key != own_key]
        chosen = request.POST.get("session", "")
        ended = others if chosen == "others" else [row for row in others if str(row.pk) == chosen]
        count = staff_sessions.end(ended)
        if count:
            record(request, user, f"Ended {count} of the own sessions")
        messages.success(request, f"Sessions that were ended: {count}.")
        return HttpResponseRedirect(reverse("admin:own_sessions"))
    context = admin.site.each_context(request) | {
        "title": "Sessions",
        "sessions": [(row, row.session_key == own_key) for row in rows],
    }
    return TemplateResponse(request, "admin/own_sessions.html", context)
