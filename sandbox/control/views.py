"""The control API: health, clock, members, settings and faults."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.html import escape

from sandbox.connect.views import file_of
from sandbox.control.endpoint import control, error_response, json_body, origin
from sandbox.control.faults import FAULTS, KINDS
from sandbox.world import clock, jobs, lifecycle, scheduler, seeding
from sandbox.world.events.values import span
from sandbox.world.institutions import INSTITUTIONS
from sandbox.world.models import Member, User
from sandbox.world.rules import RULES
from sandbox.world.statuses import STATUSES

FILES = Path(__file__).parent / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
MAX_SHOWN = 100


def index(request: HttpRequest) -> HttpResponse:
    """The control page, for people who open the sandbox's address."""
    names = "".join(
        f"<li>{escape(institution.name)} <code>{institution.code}</code></li>"
        for institution in INSTITUTIONS.values()
    )
    base = escape(origin(request))
    html = (FILES / "control.html").read_text()
    html = html.replace("{base}", base).replace("{institutions}", names)
    return HttpResponse(html, headers={"Content-Security-Policy": POLICY})


def static(request: HttpRequest, name: str) -> HttpResponseBase:
    """One of the control page's own files."""
    return file_of(FILES, name)


def health(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


def _faults(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"faults": FAULTS.as_list(), "kinds": KINDS})


def _add_fault(request: HttpRequest) -> HttpResponse:
    FAULTS.add(json_body(request))
    return _faults(request)


def _clear_faults(request: HttpRequest, identity: int | None = None) -> HttpResponse:
    FAULTS.clear(identity)
    return HttpResponse(status=204)


def _clock(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"now": clock.now(), "is_running": clock.is_running()})


def _move_clock(request: HttpRequest) -> HttpResponse:
    """`advance`: a span such as 15m or 2d; `to`: a moment; `is_running`: false stops the clock."""
    values = json_body(request)
    if unknown := set(values) - {"advance", "to", "is_running"}:
        raise ValueError(f"Unknown: {', '.join(sorted(unknown))}. Known: advance, to, is_running.")
    if "is_running" in values:
        if not isinstance(values["is_running"], bool):
            raise TypeError("is_running must be true or false.")
        (clock.run if values["is_running"] else clock.stop)()
    if "to" in values:
        scheduler.advance(moment(values["to"]))
    if "advance" in values:
        scheduler.advance_by(span(values["advance"]))
    return _clock(request)


def moment(value: Any) -> datetime:
    """An ISO 8601 moment; UTC where it does not say. Raises ValueError, TypeError."""
    if not isinstance(value, str):
        raise TypeError("A moment is a string such as 2026-01-31T12:00:00Z.")
    parsed = datetime.fromisoformat(value)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _settings(request: HttpRequest) -> HttpResponse:
    return JsonResponse(RULES.as_dict())


def _change_settings(request: HttpRequest) -> HttpResponse:
    RULES.change(json_body(request))
    return _settings(request)


def _reset(request: HttpRequest) -> HttpResponse:
    """Delete everything. The same `seed` and `now` give the same data again."""
    values = json_body(request)
    seed = values.get("seed", "")
    if not isinstance(seed, str) or len(seed) > 200:
        raise TypeError("seed must be a string of at most 200 characters.")
    seeding.reset(seed, moment(values["now"]) if values.get("now") else None)
    FAULTS.clear()
    return _clock(request)


def _members(request: HttpRequest) -> HttpResponse:
    rows = Member.objects.select_related("user").order_by("-pk")[:MAX_SHOWN]
    return JsonResponse({"members": [_member_row(row) for row in rows], "statuses": STATUSES})


def _member_row(row: Member) -> dict[str, Any]:
    return {
        "guid": row.guid,
        "user_guid": row.user.guid,
        "user_identifier": row.user.identifier,
        "institution_code": row.institution_code,
        "institution_name": INSTITUTIONS[row.institution_code].name,
        "login": row.login,
        "connection_status": row.connection_status,
        "is_being_aggregated": bool(row.job),
        "next_event_at": row.due_at,
    }


def _set_status(request: HttpRequest, guid: str) -> HttpResponse:
    """Set a `connection_status`, with the webhooks that follow from it."""
    status = json_body(request).get("connection_status")
    if status not in STATUSES:
        raise ValueError(f"connection_status must be one of {', '.join(STATUSES)}.")
    with scheduler.world_lock:
        row = Member.objects.filter(guid=guid).first()
        if row is None:
            return error_response(404, "There is no such member.")
        lifecycle.force_status(jobs.reload(row), status, clock.now())
    return JsonResponse(_member_row(jobs.reload(row)))


def _billing(request: HttpRequest) -> HttpResponse:
    """Who is in the billed product of MX Platform's investment holdings."""
    rows = User.objects.filter(holdings_reads__gt=0).order_by("pk")
    users = [
        {
            "guid": row.guid,
            "identifier": row.identifier,
            "is_enrolled": row.has_billed_holdings,
            "reads": row.holdings_reads,
        }
        for row in rows
    ]
    enrolled = sum(row["is_enrolled"] is True for row in users)
    return JsonResponse({"enrolled_users": enrolled, "holdings": users})


faults = control(GET=_faults, POST=_add_fault, DELETE=_clear_faults)
fault = control(DELETE=_clear_faults)
clock_view = control(GET=_clock, POST=_move_clock)
settings_view = control(GET=_settings, PUT=_change_settings)
reset = control(POST=_reset)
billing = control(GET=_billing)
members = control(GET=_members)
member = control(PUT=_set_status)
