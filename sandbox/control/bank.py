"""The control API of the bank: what it says of a person, and what happens to the accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from sandbox.control.endpoint import control, error_response, exact_body
from sandbox.control.views import moment
from sandbox.world import bank_report, clock, scheduler
from sandbox.world.events import registry, targets
from sandbox.world.events.values import Values, check_names
from sandbox.world.json_format import dump_exact, load_exact
from sandbox.world.models import BankEvent, User

DAYS = 90  # that transactions are listed back, as at MX
MAX_SHOWN = 200
MAX_EVENTS = 10_000
OWN = ("kind", "now", "in")


def _respond(content: dict[str, Any]) -> HttpResponse:
    return HttpResponse(dump_exact(content), content_type="application/json")


def _render(event: BankEvent) -> dict[str, Any]:
    state = "waiting" if event.due_at else "failed" if event.error else "done"
    at = event.due_at or event.happened_at
    return {
        "id": event.pk,
        "kind": event.kind,
        **load_exact(event.values),
        "now": event.is_immediate,
        "state": state,
        "at": at.isoformat() if at else None,
        "result": event.result,
        "error": event.error,
    }


def _events(request: HttpRequest) -> HttpResponse:
    """The last events and those that wait, latest first, and the kinds that exist."""
    rows = BankEvent.objects.order_by("-pk")[:MAX_SHOWN]
    kinds = {
        name: {"summary": kind.summary, "values": kind.values}
        for name, kind in registry.KINDS.items()
    }
    return _respond({"events": [_render(row) for row in rows], "kinds": kinds})


def _add_event(request: HttpRequest) -> HttpResponse:
    """One event, which happens at once or after `in`; the answer has its result."""
    with scheduler.world_lock:
        return _respond({"event": _render(_create(exact_body(request)))})


def _add_script(request: HttpRequest) -> HttpResponse:
    """A list of events, all or none; those without `in` happen at once, in their order."""
    values = exact_body(request)
    check_names(values, ("events",), "the script")
    events = Values(values).listing("events")
    if len(events) > MAX_EVENTS or not all(isinstance(event, dict) for event in events):
        raise ValueError(f"events must be a list of at most {MAX_EVENTS} objects.")
    with scheduler.world_lock, transaction.atomic():
        rows = [_create(event) for event in events]
    return _respond({"events": [_render(row) for row in rows]})


def _create(values: dict[str, Any]) -> BankEvent:
    own, now = Values(values), clock.now()
    wait = own.span("in", timedelta())
    others = {name: value for name, value in values.items() if name not in OWN}
    kind = own.choice("kind", registry.KINDS)
    with transaction.atomic():
        event = registry.create(kind, others, now + wait, is_immediate=own.flag("now"))
        if not wait:
            registry.apply(event, now)
    return event


def _cancel(request: HttpRequest, identity: int) -> HttpResponse:
    """Cancel an event that waits."""
    with scheduler.world_lock:
        count, _ = BankEvent.objects.filter(pk=identity).exclude(due_at=None).delete()
    return HttpResponse(status=204) if count else error_response(404, "No such event waits.")


def _user(request: HttpRequest, user: str) -> HttpResponse:
    """What the bank says of the user; `at`: another moment than now, `since`: a date."""
    try:
        row = targets.user(Values({"user": user}))
    except targets.Missing as error:
        return error_response(404, str(error))
    query = Values(request.GET.dict())
    at = moment(query.text("at")) if "at" in query else clock.now()
    since = query.day("since") if "since" in query else at.date() - timedelta(days=DAYS)
    return _respond(bank_report.user(row, at, since))


def _users(request: HttpRequest) -> HttpResponse:
    rows = User.objects.order_by("-pk")[:MAX_SHOWN]
    return _respond(
        {
            "users": [
                {"guid": row.guid, "identifier": row.identifier, "is_disabled": row.is_disabled}
                for row in rows
            ]
        }
    )


events = control(GET=_events, POST=_add_event)
event = control(DELETE=_cancel)
script = control(POST=_add_script)
users = control(GET=_users)
user = control(GET=_user)
