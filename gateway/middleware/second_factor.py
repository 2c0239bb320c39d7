"""Staff with a second factor open no page of the admin before they have entered a code of it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from gateway.access import second_factor, staff_sessions
from gateway.access.staff_models import CodeGenerator

SESSION_KEY = "second_factor"  # the id of the generator whose code was entered
OPEN_PAGES = ("admin:login", "admin:logout", "admin:jsi18n")


class SecondFactorMiddleware:
    """Redirects to the page of codes, or where a second factor is required to its enrolment."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        page = _page_before(request) if request.path.startswith("/admin/") else ""
        if not page:
            return self.get_response(request)
        aim = request.get_full_path() if request.method == "GET" else reverse("admin:index")
        return HttpResponseRedirect(f"{reverse(page)}?{urlencode({'next': aim})}")


def remember(request: HttpRequest, row: CodeGenerator) -> None:
    """Let this session open the admin: a code of this generator was right."""
    former_key = request.session.session_key or ""
    request.session[SESSION_KEY] = str(row.pk)
    request.session.cycle_key()
    staff_sessions.renamed(former_key, request.session.session_key or "")


def _page_before(request: HttpRequest) -> str:
    """The page that has to come first; empty if none has to."""
    user = request.user
    if not user.is_authenticated or request.path in {reverse(name) for name in OPEN_PAGES}:
        return ""
    row = second_factor.confirmed(user)
    if row is not None and request.session.get(SESSION_KEY) != str(row.pk):
        page = "admin:second_factor_check"
    elif row is None and user.is_staff and second_factor.is_required():
        page = "admin:second_factor"
    else:
        return ""
    return "" if request.path == reverse(page) else page
