"""What an opened widget asks for and does, in the name of its one user."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from sandbox.atrium_api import errors, members
from sandbox.atrium_api.endpoint import answer as answered
from sandbox.atrium_api.endpoint import body
from sandbox.atrium_api.errors import ApiError
from sandbox.atrium_api.institutions import rendered as described
from sandbox.atrium_api.member_jobs import answered as with_answers
from sandbox.atrium_api.member_jobs import started
from sandbox.world import clock, questions, statuses
from sandbox.world.institutions import INSTITUTIONS, Institution
from sandbox.world.institutions import credentials as fields_of
from sandbox.world.jobs import JOBS
from sandbox.world.models import Member, WidgetSession

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
    opened = WidgetSession.objects.filter(key=key, opened_at__gt=clock.now() - SESSION_LIFE)
    session = opened.select_related("user").first()
    if session is None or not hmac.compare_digest(session.key, key):
        raise ApiError(401, "This session has ended. Open a new link.")
    return session


def _wanted(session: WidgetSession) -> list[str]:
    """The jobs that a member has to get through, in their order."""
    first = "verify" if session.options["mode"] == "verification" else "aggregate"
    return [first, "identify"] if session.options["include_identity"] else [first]


def _fits(session: WidgetSession, one: Institution) -> bool:
    wanted = _wanted(session)
    verifies = "verify" not in wanted or one.supports_verification
    return verifies and ("identify" not in wanted or one.supports_identification)


def _institutions(request: HttpRequest, session: WidgetSession) -> HttpResponse:
    query = request.GET.get("query", "").strip().casefold()
    found = [
        described(request, one) | {"guid": one.guid}
        for one in INSTITUTIONS.values()
        if query in one.name.casefold() and _fits(session, one)
    ]
    return answered({"institutions": found})


def _institution(request: HttpRequest, session: WidgetSession, code: str) -> HttpResponse:
    if code not in INSTITUTIONS or not _fits(session, INSTITUTIONS[code]):
        raise ApiError(404, "This institution is not available.")
    one = INSTITUTIONS[code]
    whole = described(request, one) | {"guid": one.guid, "credentials": fields_of(code)}
    return answered({"institution": whole})


def _rendered(member: Member) -> dict[str, Any]:
    bank = INSTITUTIONS[member.institution_code]
    status = member.connection_status
    return members.rendered(member) | {
        "status_number": statuses.STATUSES.index(status),
        "message": statuses.message(status, bank.name),
        "challenges": questions.rendered(member),
        "institution_guid": bank.guid,
        "oauth_failed": member.oauth_failed,
    }


def _list_members(request: HttpRequest, session: WidgetSession) -> HttpResponse:
    rows = Member.objects.filter(user=session.user).select_related("user").order_by("id")
    fitting = [row for row in rows if _fits(session, INSTITUTIONS[row.institution_code])]
    return answered({"members": [_rendered(row) for row in fitting]})


def _create(request: HttpRequest, session: WidgetSession) -> HttpResponse:
    """A member; one with the same login is updated instead, as MX's widget does."""
    given = body(request, "member")
    code = str(given.get("institution_code"))
    if code not in INSTITUTIONS or not _fits(session, INSTITUTIONS[code]):
        raise ApiError(404, "This institution is not available.")
    logs_in_there = INSTITUTIONS[code].supports_oauth
    login = "" if logs_in_there else members.logins(code, given.get("credentials"))[0]
    existing = Member.objects.filter(
        user=session.user, institution_code=code, login=login, is_oauth=logs_in_there
    )
    row = existing.select_related("user").first()
    if row is None:
        row = members.create(
            session.user, _new(session, given, is_oauth=logs_in_there), **_job(session)
        )
        existed = was_connected = False
    else:
        existed, was_connected = True, row.successfully_aggregated_at is not None
        if not logs_in_there:
            row = members.update(row, {"credentials": given.get("credentials")}, **_job(session))
    _note(session, row, _wanted(session)[:1])
    return answered({"member": _rendered(row), "existed": existed, "was_connected": was_connected})


def _new(session: WidgetSession, given: dict[str, Any], *, is_oauth: bool) -> dict[str, Any]:
    return {
        "institution_code": given.get("institution_code"),
        "credentials": given.get("credentials"),
        "is_oauth": is_oauth,
        "background_aggregation_is_disabled": session.options["disable_background_agg"],
    }


def _job(session: WidgetSession) -> dict[str, Any]:
    """The first job of a new or updated member."""
    name = JOBS[_wanted(session)[0]].name
    return {"transactions": session.options["include_transactions"], "job": name}


def _note(session: WidgetSession, member: Member, begun: list[str]) -> None:
    """Remember which of the wanted jobs have begun."""
    with transaction.atomic():
        session = WidgetSession.objects.get(pk=session.pk)
        session.progress[member.guid] = begun
        session.save(update_fields=["progress"])


def _found(session: WidgetSession, guid: str) -> Member:
    return members.found(session.user.guid, guid)


def _read(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    return answered({"member": _rendered(_found(session, guid))})


def _delete(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    _found(session, guid).delete()
    return HttpResponse(status=204)


def _credentials(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    given = {"credentials": body(request, "member").get("credentials") or []}
    row = members.update(_found(session, guid), given, **_job(session))
    _note(session, row, _wanted(session)[:1])
    return answered({"member": _rendered(row)})


def _answer(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    given = body(request).get("answers")
    values = {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}
    return answered({"member": _rendered(with_answers(_found(session, guid), values))})


def _start(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    """Begin with the first wanted job (again)."""
    row = _begun(session, _found(session, guid), _wanted(session)[0])
    _note(session, row, _wanted(session)[:1])
    return answered({"member": _rendered(row)})


def _begun(session: WidgetSession, row: Member, job: str) -> Member:
    return started(row, job, transactions=session.options["include_transactions"])


def _continue(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    """The member has got through a job: begin with the next wanted one, or it is done."""
    row = _found(session, guid)
    if row.job or row.connection_status != "CONNECTED":
        return answered({"member": _rendered(row), "done": False})
    begun = session.progress.get(guid, [])
    wanted = _wanted(session)
    # A link to a connected member begins nothing that MX does in the background anyway.
    missing = [one for one in wanted if one not in begun and (begun or one != "aggregate")]
    if not missing:
        return answered({"member": _rendered(row), "done": True})
    row = _begun(session, row, missing[0])
    _note(session, row, [*begun, missing[0]] if begun else wanted[: wanted.index(missing[0]) + 1])
    return answered({"member": _rendered(row), "done": False})


def _oauth(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    """A link to the bank's own page."""
    row, options = _found(session, guid), session.options
    if not row.is_oauth:
        raise ApiError(400, "Member cannot use OAuth.")
    in_app = options["is_mobile_webview"] or options["oauth_referral_source"] == "APP"
    then = {
        "referral_source": "APP" if in_app else "BROWSER",
        "client_redirect_url": options["client_redirect_url"],
        "ui_message_webview_url_scheme": options["ui_message_webview_url_scheme"],
        "transactions": options["include_transactions"],
        "verifies": options["mode"] == "verification",
    }
    _note(session, row, _wanted(session)[:1])
    return answered({"url": members.oauth_window(request, row, then)})


institutions = _call(GET=_institutions)
institution = _call(GET=_institution)
members_view = _call(GET=_list_members, POST=_create)
member = _call(GET=_read, DELETE=_delete)
credentials = _call(PUT=_credentials)
answer = _call(POST=_answer)
start = _call(POST=_start)
go_on = _call(POST=_continue)
oauth_window = _call(POST=_oauth)
