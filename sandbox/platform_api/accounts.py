"""Accounts, and the holdings that MX bills for."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse

from sandbox.api import accounts as shared
from sandbox.api import dialects
from sandbox.api.users import get_enabled_user, get_user
from sandbox.platform_api import objects
from sandbox.platform_api.endpoint import answer, enabled_user, endpoint, page_of
from sandbox.world.models import Account, Ghost, Holding, User

TEXT_AND_IDS = ("payload", "user__identifier", "member__identifier")


def _render(request: HttpRequest, rows: list[objects.Row]) -> list[dict[str, Any]]:
    is_2011 = not dialects.is_2025(request)
    return [objects.account(row, is_2011=is_2011) for row in rows]


def _accounts(request: HttpRequest, user: str, **ids: str) -> HttpResponse:
    owner = enabled_user(request, user)
    rows: Any = shared.owned(Account, owner, ids).order_by("id").values_list(*TEXT_AND_IDS)
    if not ids and (ghosts := Ghost.objects.filter(user=owner, kind="account")):
        rows = [*rows, *((ghost.payload, owner.identifier, None) for ghost in ghosts)]
    return page_of(request, "accounts", rows, lambda page: _render(request, page))


def _read_account(request: HttpRequest, user: str, account: str, member: str = "") -> HttpResponse:
    owner = enabled_user(request, user) if member else get_enabled_user(user)
    row = shared.get_account(owner, account, member)
    text = (row.payload, owner.identifier, row.member.identifier)
    return answer({"account": _render(request, [text])[0]})


def _enrol(user: User) -> None:
    """Whoever reads holdings puts the user into the billed product."""
    User.objects.filter(pk=user.pk).update(
        has_billed_holdings=True, holdings_reads=F("holdings_reads") + 1
    )


def _holdings(request: HttpRequest, user: str, **ids: str) -> HttpResponse:
    owner = get_enabled_user(user)
    rows = shared.owned(Holding, owner, ids).order_by("id").values_list("payload", flat=True)
    _enrol(owner)
    return page_of(
        request, "investment_holdings", rows, lambda page: [objects.holding(text) for text in page]
    )


def _read_holding(request: HttpRequest, user: str, holding: str) -> HttpResponse:
    owner = get_enabled_user(user)
    row = shared.get_row(Holding, owner, "investment holding", holding)
    _enrol(owner)
    return answer({"investment_holding": objects.holding(row.payload)})


def _deactivate(request: HttpRequest, user: str) -> HttpResponse:
    User.objects.filter(pk=get_user(user).pk).update(has_billed_holdings=False)
    return answer({"message": "Successfully deactivated user from billing", "status": 200})


accounts = endpoint(GET=_accounts)
account = endpoint(GET=_read_account)
holdings = endpoint(GET=_holdings)
holding = endpoint(GET=_read_holding)
deactivate_holdings = endpoint(GET=_deactivate)
