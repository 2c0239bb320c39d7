"""The JSON API behind an opened widget; it acts for the user of the widget link."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from sandbox.api import errors, members
from sandbox.api.errors import ApiError
from sandbox.api.http import body, json_response
from sandbox.api.institutions import render as render_institution
from sandbox.api.members import answer_questions, start_job
from sandbox.world import clock, ghosts, questions, statuses
from sandbox.world.institutions import INSTITUTIONS, Institution, credential_fields
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
            return errors.response(request, error.status, error.message)

    return view


def _session(request: HttpRequest) -> WidgetSession:
    key = request.headers.get("X-Session", "")
    opened = WidgetSession.objects.filter(key=key, opened_at__gt=clock.now() - SESSION_LIFE)
    session = opened.select_related("user").first()
    if session is None or not hmac.compare_digest(session.key, key):
        raise ApiError(401, "This session has ended. Open a new link.")
    return session


def _required_jobs(session: WidgetSession) -> list[str]:
    """The jobs that a member must complete, in order."""
    first = "verify" if session.options["mode"] == "verification" else "aggregate"
    identity = ["identify"] if session.options["include_identity"] else []
    return [first, *identity, *session.options.get("more_jobs", [])]


def _supports(session: WidgetSession, institution: Institution) -> bool:
    needs = (JOBS[job].supported for job in _required_jobs(session))
    return all(getattr(institution, need) for need in needs if need)


def _institutions(request: HttpRequest, session: WidgetSession) -> HttpResponse:
    query = request.GET.get("query", "").strip().casefold()
    institutions_shown = [
        render_institution(request, institution) | {"guid": institution.guid}
        for institution in INSTITUTIONS.values()
        if query in institution.name.casefold() and _supports(session, institution)
    ]
    return json_response({"institutions": institutions_shown})


def _institution(request: HttpRequest, session: WidgetSession, code: str) -> HttpResponse:
    if code not in INSTITUTIONS or not _supports(session, INSTITUTIONS[code]):
        raise ApiError(404, "This institution is not available.")
    institution = INSTITUTIONS[code]
    rendered = render_institution(request, institution) | {
        "guid": institution.guid,
        "credentials": credential_fields(code),
    }
    return json_response({"institution": rendered})


def _render(member: Member) -> dict[str, Any]:
    bank = INSTITUTIONS[member.institution_code]
    status = member.connection_status
    return members.describe(member) | {
        "status_number": statuses.STATUSES.index(status),
        "message": statuses.message(status, bank.name),
        "challenges": questions.render(member),
        "institution_guid": bank.guid,
        "oauth_failed": member.oauth_failed,
    }


def _list_members(request: HttpRequest, session: WidgetSession) -> HttpResponse:
    rows = Member.objects.filter(user=session.user).select_related("user").order_by("id")
    members_shown = [row for row in rows if _supports(session, INSTITUTIONS[row.institution_code])]
    return json_response({"members": [_render(row) for row in members_shown]})


def _create(request: HttpRequest, session: WidgetSession) -> HttpResponse:
    """A member; one with the same login is updated instead, as MX's widget does."""
    params = body(request, "member")
    code = str(params.get("institution_code"))
    if code not in INSTITUTIONS or not _supports(session, INSTITUTIONS[code]):
        raise ApiError(404, "This institution is not available.")
    logs_in_there = INSTITUTIONS[code].supports_oauth
    login = "" if logs_in_there else members.parse_credentials(code, params.get("credentials"))[0]
    existing = Member.objects.filter(
        user=session.user, institution_code=code, login=login, is_oauth=logs_in_there
    )
    row = existing.select_related("user").first()
    if row is None:
        row = members.create(
            session.user, _member_params(session, params, is_oauth=logs_in_there), **_job(session)
        )
        existed = was_connected = False
    else:
        existed, was_connected = True, row.successfully_aggregated_at is not None
        if not logs_in_there:
            row = members.update(row, {"credentials": params.get("credentials")}, **_job(session))
    _remember_started(session, row, _required_jobs(session)[:1])
    return json_response(
        {"member": _render(row), "existed": existed, "was_connected": was_connected}
    )


def _member_params(
    session: WidgetSession, params: dict[str, Any], *, is_oauth: bool
) -> dict[str, Any]:
    return {
        "institution_code": params.get("institution_code"),
        "credentials": params.get("credentials"),
        "is_oauth": is_oauth,
        "background_aggregation_is_disabled": session.options["disable_background_agg"],
    }


def _job(session: WidgetSession) -> dict[str, Any]:
    """The first job of a new or updated member."""
    name = JOBS[_required_jobs(session)[0]].name
    return {"transactions": session.options["include_transactions"], "job": name}


def _remember_started(session: WidgetSession, member: Member, started: list[str]) -> None:
    """Store which of the required jobs have started."""
    with transaction.atomic():
        session = WidgetSession.objects.get(pk=session.pk)
        session.progress[member.guid] = started
        session.save(update_fields=["progress"])


def _get_member(session: WidgetSession, guid: str) -> Member:
    return members.find_member(session.user.guid, guid)


def _read(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    return json_response({"member": _render(_get_member(session, guid))})


def _delete(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    ghosts.delete_member(_get_member(session, guid))
    return HttpResponse(status=204)


def _credentials(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    params = {"credentials": body(request, "member").get("credentials") or []}
    row = members.update(_get_member(session, guid), params, **_job(session))
    _remember_started(session, row, _required_jobs(session)[:1])
    return json_response({"member": _render(row)})


def _answer(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    params = body(request).get("answers")
    values = {str(k): str(v) for k, v in params.items()} if isinstance(params, dict) else {}
    return json_response({"member": _render(answer_questions(_get_member(session, guid), values))})


def _start(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    """Start the first required job (again)."""
    row = _start_job(session, _get_member(session, guid), _required_jobs(session)[0])
    _remember_started(session, row, _required_jobs(session)[:1])
    return json_response({"member": _render(row)})


def _start_job(session: WidgetSession, row: Member, job: str) -> Member:
    return start_job(row, job, transactions=session.options["include_transactions"])


def _continue_jobs(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    """After a completed job: start the next required one, or report that all are done."""
    row = _get_member(session, guid)
    if row.job or row.connection_status != "CONNECTED":
        return json_response({"member": _render(row), "done": False})
    started = session.progress.get(guid, [])
    required = _required_jobs(session)
    # A link to a connected member starts nothing that MX does in the background anyway.
    missing = [job for job in required if job not in started and (started or job != "aggregate")]
    if not missing:
        return json_response({"member": _render(row), "done": True})
    row = _start_job(session, row, missing[0])
    _remember_started(
        session,
        row,
        [*started, missing[0]] if started else required[: required.index(missing[0]) + 1],
    )
    return json_response({"member": _render(row), "done": False})


def _oauth(request: HttpRequest, session: WidgetSession, guid: str) -> HttpResponse:
    """A link to the bank's own page."""
    row, options = _get_member(session, guid), session.options
    if not row.is_oauth:
        raise ApiError(400, "Member cannot use OAuth.")
    in_app = options["is_mobile_webview"] or options["oauth_referral_source"] == "APP"
    options_after = {
        "referral_source": "APP" if in_app else "BROWSER",
        "client_redirect_url": options["client_redirect_url"],
        "ui_message_webview_url_scheme": options["ui_message_webview_url_scheme"],
        "transactions": options["include_transactions"],
        "verifies": options["mode"] == "verification",
    }
    _remember_started(session, row, _required_jobs(session)[:1])
    return json_response({"url": members.oauth_window(request, row, options_after)})


institutions = _call(GET=_institutions)
institution = _call(GET=_institution)
members_view = _call(GET=_list_members, POST=_create)
member = _call(GET=_read, DELETE=_delete)
credentials = _call(PUT=_credentials)
answer = _call(POST=_answer)
start = _call(POST=_start)
continue_jobs = _call(POST=_continue_jobs)
oauth_window = _call(POST=_oauth)
