"""Transactions, in windows that each version states in its own way."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import CharField, F, Func, Q, Value
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual
from django.http import HttpRequest, HttpResponse

from sandbox.api import accounts as shared
from sandbox.api import dialects
from sandbox.api.errors import ApiError
from sandbox.api.users import get_enabled_user
from sandbox.platform_api import objects
from sandbox.platform_api.accounts import TEXT_AND_IDS
from sandbox.platform_api.endpoint import answer, enabled_user, endpoint, page_of
from sandbox.world import clock
from sandbox.world.json_format import format_datetime
from sandbox.world.models import Ghost, Transaction

DAYS_BACK, DAYS_AHEAD = 120, 5
LONGEST = timedelta(days=186)  # of windows over created_at and updated_at: six months
DAY = timedelta(days=1)


def _transactions(request: HttpRequest, user: str, **ids: str) -> HttpResponse:
    owner = enabled_user(request, user)
    window = _window(request)
    rows: Any = shared.owned(Transaction, owner, ids).filter(window).order_by("-date", "-id")
    rows = rows.values_list(*TEXT_AND_IDS)
    ghosts = Ghost.objects.filter(window, user=owner, kind="transaction").order_by("-date", "-id")
    if not ids and ghosts:
        rows = [*rows, *((ghost.payload, owner.identifier, None) for ghost in ghosts)]
    includes = _includes(request)
    return page_of(
        request,
        "transactions",
        rows,
        lambda page: [objects.transaction(request, row, includes) for row in page],
    )


def _window(request: HttpRequest) -> Q:
    """The rows that are asked for: by date always, by their stamps where bounds are given."""
    read = _instant if dialects.is_2025(request) else _day
    today = clock.now().date()
    since = read(request, "from_date") or _midnight(today - timedelta(days=DAYS_BACK))
    until = read(request, "to_date") or _midnight(today + timedelta(days=DAYS_AHEAD))
    first = since.date() if since == _midnight(since.date()) else since.date() + DAY
    window = Q(date__gte=first, date__lte=until.date())
    for name in ("created_at", "updated_at"):
        bounds = [read(request, f"{end}_{name}") for end in ("from", "to")]
        if bounds == [None, None]:
            continue
        window &= _stamped(name, *bounds, is_by_day=read is _day)
    return window


def _stamped(name: str, since: datetime | None, until: datetime | None, *, is_by_day: bool) -> Q:
    if since is None or until is None:
        raise ApiError(400, f"from_{name} and to_{name} are needed together.")
    if until - since > LONGEST:
        raise ApiError(400, "Maximum date range limit is 6 months.")
    last = until + DAY - timedelta(seconds=1) if is_by_day else until
    stamp = Func(
        F("payload"), Value(f"$.{name}"), function="JSON_EXTRACT", output_field=CharField()
    )
    after = GreaterThanOrEqual(stamp, format_datetime(since))
    return Q(after) & Q(LessThanOrEqual(stamp, format_datetime(last)))


def _day(request: HttpRequest, name: str) -> datetime | None:
    """A day such as 2026-01-31, as the version of 2011 has it."""
    text = request.GET.get(name)
    try:
        return _midnight(date.fromisoformat(text)) if text else None
    except ValueError:
        raise ApiError(400, f"{name}: Please confirm YYYY-MM-DD format.") from None


def _instant(request: HttpRequest, name: str) -> datetime | None:
    """Unix seconds, as the version of 2025 has it."""
    text = request.GET.get(name)
    try:
        return datetime.fromtimestamp(int(text), UTC) if text else None
    except (ValueError, OverflowError, OSError):
        raise ApiError(400, f"{name}: Please confirm unix timestamp format.") from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _includes(request: HttpRequest) -> list[str]:
    names = [name for name in request.GET.get("includes", "").split(",") if name]
    if unknown := [name for name in names if name not in objects.INCLUDES]:
        raise ApiError(400, f"Unknown includes: {', '.join(unknown)}.")
    return names


def _read(request: HttpRequest, user: str, transaction: str, **ids: str) -> HttpResponse:
    owner = enabled_user(request, user) if ids else get_enabled_user(user)
    row = shared.get_row(Transaction, owner, "transaction", transaction)
    if ids and ids != {"member": row.member.guid, "account": row.account.guid}:
        raise ApiError(404, "The requested transaction was not found.")
    text = (row.payload, owner.identifier, row.member.identifier)
    return answer({"transaction": objects.transaction(request, text, _includes(request))})


transactions = endpoint(GET=_transactions)
transaction = endpoint(GET=_read)
