"""The admin site, whose log-in and password change are limited and recorded."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any, cast

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import Resolver404, URLPattern, path, resolve
from django.utils.functional import SimpleLazyObject
from django.views.decorators.common import no_append_slash
from unfold.sites import UnfoldAdminSite

from gateway.access import staff_logins
from gateway.access.client_address import client_address
from gateway.access.throttle import RateLimited
from gateway.errors import responses
from nucleus.models import StaffAction, Tenant
from nucleus.writes.staff import record_in_history

logger = logging.getLogger(__name__)
MAX_NAME_LENGTH = 150  # of User.username


class StaffSite(UnfoldAdminSite):
    """The admin site."""

    index_title = "Overview"

    def get_urls(self) -> list[Any]:
        """The pages beside those of models, too."""
        # Its module needs the registered screens, which are loaded after this one.
        from gateway.admin import doctor_page, encryption_page, setup_page  # noqa: PLC0415

        pages = [
            path("doctor/", self.admin_view(doctor_page.view), name="doctor"),
            path("setup/", self.admin_view(setup_page.overview), name="setup"),
            path(
                "setup/<uuid:tenant_id>/",
                self.admin_view(setup_page.tenant_steps),
                name="setup_tenant",
            ),
        ]
        keys = self.admin_view(encryption_page.view)
        pages.append(path("encryption_keys/", keys, name="encryption_keys"))
        return [*pages, *self._account_urls(), *super().get_urls()]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """All screens, listed only if a page shows them: every page has them in its context."""
        screens = super().get_app_list
        return cast("list[Any]", SimpleLazyObject(lambda: screens(request, app_label)))

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The start page, which names set-ups that are not complete."""
        from gateway.admin import doctor_page, setup_page  # noqa: PLC0415

        context = dict(extra_context or {})
        if doctor_page.may_look(request):
            context["incomplete_setups"] = setup_page.incomplete_setups(request.user)
            context["offers_setup"] = context["incomplete_setups"] or not Tenant.objects.exists()
        return super().index(request, context)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method != "POST":
            return super().login(request, extra_context)
        name = request.POST.get("username", "")
        try:
            attempt = staff_logins.begin(
                name=name,
                address=client_address(request),
                browser_cookie=request.COOKIES.get(staff_logins.BROWSER_COOKIE, ""),
            )
            with attempt.check_slot():
                response = super().login(request, extra_context)
        except RateLimited as error:
            _record(request, name, "Log-in refused: too many attempts", level=logging.WARNING)
            return responses.error_response(request, error)
        if response.status_code != 302:
            _record(request, name, "Log-in failed", entry=True, level=logging.WARNING)
            return response
        attempt.succeed()
        _record(request, name, "Logged in", entry=True)
        response.set_cookie(
            staff_logins.BROWSER_COOKIE,
            staff_logins.new_browser_cookie(request.user.get_username()),
            max_age=staff_logins.BROWSER_COOKIE_SECONDS,
            path=request.path,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
        return response

    def _account_urls(self) -> list[URLPattern]:
        """The pages of the own account."""
        from gateway.admin import own_sessions, second_factor  # noqa: PLC0415 - import this module

        return [
            path(route, self.admin_view(view), name=name)
            for route, view, name in (
                ("second-factor/", second_factor.manage, "second_factor"),
                ("second-factor/code/", second_factor.check, "second_factor_check"),
                ("sessions/", own_sessions.show, "own_sessions"),
            )
        ]

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method != "POST":
            return super().password_change(request, extra_context)
        name = request.user.get_username()
        try:
            attempt = staff_logins.begin_password_change(user_id=str(request.user.pk))
            with attempt.check_slot():
                response = super().password_change(request, extra_context)
        except RateLimited as error:
            _record(request, name, "Password change refused: too many attempts")
            return responses.error_response(request, error)
        if response.status_code == 302:
            attempt.succeed()
            _record(request, name, "Changed their password", entry=True)
        else:
            _record(request, name, "Password change failed", entry=True, level=logging.WARNING)
        return response

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # Models are loaded after this module.
        from gateway.admin import search  # noqa: PLC0415

        return search.page(self, request)

    @no_append_slash
    def catch_all_view(self, request: HttpRequest, url: str) -> HttpResponse:
        """Redirect to the URL with a trailing slash.

        Django's own view does so only with APPEND_SLASH, which is off for the API.
        """
        if not url.endswith("/"):
            with suppress(Resolver404):
                match = resolve(f"{request.path_info}/")
                if getattr(match.func, "should_append_slash", True):
                    full_path = request.get_full_path(force_append_slash=True)
                    return HttpResponsePermanentRedirect(full_path)
        return super().catch_all_view(request, url)


def _record(
    request: HttpRequest,
    name: str,
    message: str,
    *,
    entry: bool = False,
    level: int = logging.INFO,
) -> None:
    """Log the event; with `entry`, also add it to the history of the user, if there is one.

    `name` is what somebody typed, so it is escaped and shortened.
    """
    address = client_address(request)
    logger.log(level, "%s: staff %a from %s", message, name[:MAX_NAME_LENGTH], address)
    if not entry or not name.isprintable():
        return
    user = get_user_model()._default_manager.filter(username=name.strip()).first()
    if user is not None:
        record_in_history(user, user, f"{message} from {address}.", kind=StaffAction.Kind.LOG_IN)
