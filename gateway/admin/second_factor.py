"""The pages of the own second factor: entering a code, setting it up, new recovery codes."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from gateway.access import second_factor, staff_logins
from gateway.access.client_address import client_address
from gateway.access.staff_models import CodeGenerator
from gateway.access.throttle import RateLimited
from gateway.errors import responses
from gateway.middleware.second_factor import remember
from nucleus.models import StaffAction
from nucleus.writes.staff import record_in_history

logger = logging.getLogger(__name__)
WRONG = "That code is wrong, or was used before. Wait for the next one, and check the clock."
MAX_CODE = 64  # characters that are looked at


@require_http_methods(["GET", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Ask for a code after the password; the session may open the admin afterwards."""
    user = signed_in(request)
    row = second_factor.confirmed(user)
    if row is None:
        return HttpResponseRedirect(reverse("admin:index"))
    if request.method == "POST":
        try:
            is_right = _is_right(request, user)
        except RateLimited as error:
            return responses.error_response(request, error)
        if is_right:
            remember(request, row)
            record(request, user, "Entered the second factor")
            return HttpResponseRedirect(_aim(request))
        messages.error(request, WRONG)
    return _page(request, "admin/second_factor_check.html", "Second factor", aim=_aim(request))


@require_http_methods(["GET", "POST"])
def manage(request: HttpRequest) -> HttpResponse:
    """Show the own second factor; set it up, replace its recovery codes, or remove it."""
    user = signed_in(request)
    if request.method == "GET":
        return _state(request, user)
    try:
        return _changed(request, user, request.POST.get("step", ""))
    except RateLimited as error:
        return responses.error_response(request, error)


def _changed(request: HttpRequest, user: User, step: str) -> HttpResponse:
    if second_factor.confirmed(user) is None:
        enrolment = second_factor.unconfirmed(user)
        if step == "begin" or enrolment is None:
            return _set_up(request, user, second_factor.begin_enrolment(user))
        attempt = staff_logins.begin_second_factor(user_id=str(user.pk))
        codes = second_factor.confirm(user, request.POST.get("code", "")[:MAX_CODE])
        if not codes:
            messages.error(request, WRONG)
            return _set_up(request, user, enrolment)
        attempt.succeed()
        remember(request, enrolment)
        return _codes(request, user, codes, "Set up a second factor")
    if not _is_right(request, user):
        messages.error(request, WRONG)
        return _state(request, user)
    if step == "codes":
        codes = second_factor.new_recovery_codes(user)
        return _codes(request, user, codes, "Made new recovery codes")
    if step == "remove" and not second_factor.is_required():
        second_factor.reset(user)
        record(request, user, "Removed the own second factor")
        messages.success(request, "The second factor was removed.")
    return HttpResponseRedirect(reverse("admin:second_factor"))


def _is_right(request: HttpRequest, user: User) -> bool:
    """Count the attempt and check the code. Raises RateLimited."""
    attempt = staff_logins.begin_second_factor(user_id=str(user.pk))
    if second_factor.check(user, request.POST.get("code", "")[:MAX_CODE]):
        attempt.succeed()
        return True
    record(request, user, "Second factor failed")
    return False


def _state(request: HttpRequest, user: User) -> HttpResponse:
    row = second_factor.confirmed(user)
    return _page(
        request,
        "admin/second_factor.html",
        "Second factor",
        since=row.confirmed_at if row is not None else None,
        codes_left=second_factor.unused_recovery_codes(user),
        may_remove=not second_factor.is_required(),
    )


def _set_up(request: HttpRequest, user: User, enrolment: CodeGenerator) -> HttpResponse:
    """Show the secret, in this response only, and ask for a first code."""
    address = second_factor.address(enrolment, user)
    return _page(
        request,
        "admin/second_factor_set_up.html",
        "Set up a second factor",
        secret=enrolment.secret,
        image=second_factor.qr_code(address),
    )


def _codes(request: HttpRequest, user: User, codes: list[str], message: str) -> HttpResponse:
    """Show recovery codes, in this response only."""
    record(request, user, message)
    return _page(request, "admin/recovery_codes.html", "Recovery codes", codes=codes)


def _page(request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
    shared = admin.site.each_context(request)
    return TemplateResponse(request, template, shared | {"title": title} | context)


def signed_in(request: HttpRequest) -> User:
    """The member of staff who makes a request; pages of the admin have one."""
    assert isinstance(request.user, User)  # noqa: S101 - the pages are of staff only
    return request.user


def _aim(request: HttpRequest) -> str:
    """Where to go afterwards: a page of this host."""
    aim = request.POST.get("next") or request.GET.get("next") or ""
    is_own = url_has_allowed_host_and_scheme(
        aim, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return aim if is_own else reverse("admin:index")


def record(request: HttpRequest, user: User, message: str) -> None:
    """Add an entry about the own account, with the address."""
    text = f"{message} from {client_address(request)}."
    logger.info("%s: staff %a", text, user.get_username())
    record_in_history(user, user, text, kind=StaffAction.Kind.LOG_IN)
