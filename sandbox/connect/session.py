"""What an opened widget asks for and does, in the name of its one user."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from sandbox.atrium_api import errors, members
from sandbox.atrium_api.data import institution as described
from sandbox.atrium_api.endpoint import answer as answered
from sandbox.atrium_api.endpoint import body
from sandbox.atrium_api.errors import ApiError
from sandbox.world import lifecycle
from sandbox.world.institutions import INSTITUTIONS
from sandbox.world.institutions import credentials as fields_of
from sandbox.world.lifecycle import JOBS, STATUSES
from sandbox.world.models import Account, Member, WidgetSession

SESSION_LIFE = timedelta(hours=1)
Handler = Callable[..., HttpResponse]


def _call(**handlers: Handler) -> Handler:
    """A view for the holder of a session's key. The key is a header, so no form can forge it."""

    @csrf_exempt
    def view(request: HttpRequest, **ids: str) -> HttpResponse:
        try:
            handler = handlers.get(request.method or "")
            if handler is None:
                raise ApiError(405, "This method is not allowed here.")
            return handler(request, _session(request), **ids)
        except ApiError as error:
            return errors.response(error.status, error.message)

    return view


def _session(request: HttpRequest) -> WidgetSession:
    key = request.headers.get("X-Session", "")
    opened = WidgetSession.objects.filter(
        key=key, opened_at__gt=timezone.now() - SESSION_LIFE
    ).select_related("user")
    session = opened.first()
    if session is None or not hmac.compare_digest(session.key, key):
        raise ApiError(401, "This session has ended. Open a new link.")
    return session


def _verifies(session: WidgetSession) -> bool:
    return session.options.get("mode") == "verification"


def _institutions(request: HttpRequest, session: WidgetSession) -> HttpResponse:
    query = request.GET.get("query", "").strip().lower()
    found = [
        described(request, one) | {"guid": one.guid}
        for one in INSTITUTIONS.values()
        if query in one.name.lower() and (one.supports_verification or not _verifies(session))
    ]
    return answered({"institutions": found})


def _institution(request: HttpRequest, session: WidgetSession, code: str) -> HttpResponse:
    if code not in INSTITUTIONS:
        raise ApiError(404, "This institution is not available.")
    one = INSTITUTIONS[code]
    whole = described(request, one) | {"guid": one.guid, "credentials": fields_of(code)}
    return answered({"institution": whole})


def _rendered(member: Member) -> dict[str, Any]:
    accounts = Account.objects.filter(member=member, type__in=("CHECKING", "SAVINGS"))
    institution = INSTITUTIONS[member.institution_code]
    return members.rendered(member) | {
        "status_number": STATUSES.index(member.connection_status),
        "challenges": lifecycle.challenges(member),
        "has_numbers": member.has_numbers,
        "can_verify": institution.supports_verification,
        "institution_guid": institution.guid,
        "accounts": [
            {"guid": row.guid, "name": lifecycle.account_name(row), "mask": row.number[-4:]}
            for row in accounts.order_by("id")
        ],
    }


def _list_members(request: HttpRequest, session: WidgetSession) -> HttpResponse:
    rows = Member.objects.filter(user=session.user).select_related("user").order_by("id")
    found = [_rendered(lifecycle.current(row)) for row in rows]
    return answered(
        {"members": [row for row in found if row["can_verify"] or not _verifies(session)]}
    )


def _create(request: HttpRequest, session: WidgetSession) -> HttpResponse:
    """A member; one with the same login is updated instead, as MX's widget does."""
    given = body(request, "member")
    code = str(given.get("institution_code"))
    if code not in INSTITUTIONS:
        raise ApiError(404, "This institution is not available.")
    login, _ = members.logins(code, given.get("credentials"))
    existing = Member.objects.filter(user=session.user, institution_code=code, login=login)
    row = existing.select_related("user").first()
    if row is None:
        row = members.create(session.user, given)
    else:
        row = members.update(row, {"credentials": given.get("credentials")})
    return answered({"member": _rendered(row)})


def _found(session: WidgetSession, guid: str) -> Member:
    return members.found(session.user.guid, guid)


def _read(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    return answered({"member": _rendered(_found(session, guid))})


def _credentials(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    row = members.update(_found(session, guid), body(request, "member"))
    return answered({"member": _rendered(row)})


def _answer(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    given = body(request).get("answers")
    values = {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}
    try:
        row = lifecycle.answer(_found(session, guid), values)
    except lifecycle.JobRefused as refused:
        raise ApiError(refused.status, refused.message) from None
    return answered({"member": _rendered(row)})


def _verify(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    """Verify the selected account (or all of them)."""
    row = _found(session, guid)
    selected = str(body(request).get("account_guid") or "")
    if selected and not Account.objects.filter(member=row, guid=selected).exists():
        raise ApiError(404, "This account does not belong to the connection.")
    Member.objects.filter(pk=row.pk).update(selected_account=selected)
    row, _ = members.started(row, JOBS["verify"])
    return answered({"member": _rendered(row)})


institutions = _call(GET=_institutions)
institution = _call(GET=_institution)
members_view = _call(GET=_list_members, POST=_create)
member = _call(GET=_read)
credentials = _call(PUT=_credentials)
answer = _call(POST=_answer)
verify = _call(POST=_verify)
