"""Sessions of the admin end when they are not used."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from gateway.access import staff_sessions
from gateway.access.client_address import client_address

UPDATE_HEADER = "X-Automatic-Update"  # of requests that overview.js makes


class StaffSessionMiddleware:
    """Notes when a session is used, and logs out those that were idle for too long."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/admin/") or request.path == reverse("admin:login"):
            return self.get_response(request)
        user, key = request.user, request.session.session_key
        if not isinstance(user, User) or not user.is_authenticated or not key:
            return self.get_response(request)
        if staff_sessions.use(
            user,
            key,
            address=client_address(request),
            browser=request.headers.get("User-Agent", ""),
            is_by_person=UPDATE_HEADER not in request.headers,
        ):
            return self.get_response(request)
        logout(request)
        messages.info(request, "You were logged out, because you did nothing for a while.")
        aim = request.get_full_path() if request.method == "GET" else reverse("admin:index")
        return HttpResponseRedirect(f"{reverse('admin:login')}?{urlencode({'next': aim})}")
