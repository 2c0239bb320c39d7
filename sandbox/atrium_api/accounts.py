"""Accounts with their numbers, transactions and holdings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from sandbox.api import accounts as shared
from sandbox.api import users
from sandbox.api.errors import ApiError
from sandbox.api.http import prerendered_object
from sandbox.atrium_api.endpoint import endpoint, list_page, payload_page
from sandbox.world import clock
from sandbox.world.models import Account, Holding, Transaction


def _owned(model: Any, ids: dict[str, str]) -> QuerySet[Any]:
    return shared.owned(model, users.get_enabled_user(ids["user"]), ids)


def _accounts(request: HttpRequest, **ids: str) -> HttpResponse:
    return payload_page(request, "accounts", _owned(Account, ids).order_by("id"))


def _read_account(request: HttpRequest, user: str, account: str, member: str = "") -> HttpResponse:
    row = shared.get_account(users.get_enabled_user(user), account, member)
    return prerendered_object("account", row.payload)


def _transactions(request: HttpRequest, **ids: str) -> HttpResponse:
    today = clock.now().date()
    since = _day(request, "from_date", today - timedelta(days=90))
    until = _day(request, "to_date", today + timedelta(days=5))
    rows = _owned(Transaction, ids).filter(date__gte=since, date__lte=until)
    return payload_page(request, "transactions", rows.order_by("-date", "-id"))


def _day(request: HttpRequest, name: str, default: date) -> date:
    params = request.GET.get(name)
    if not params:
        return default
    try:
        return date.fromisoformat(params)
    except ValueError:
        raise ApiError(400, f"{name} must be an ISO 8601 date.") from None


def _read_row(model: Any, key: str) -> Any:
    def handler(request: HttpRequest, user: str, row: str) -> HttpResponse:
        item = shared.get_row(model, users.get_enabled_user(user), key, row)
        return prerendered_object(key, item.payload)

    return endpoint(GET=handler)


def _holdings(request: HttpRequest, **ids: str) -> HttpResponse:
    return payload_page(request, "holdings", _owned(Holding, ids).order_by("id"))


def _account_numbers(request: HttpRequest, user: str, account: str) -> HttpResponse:
    row = shared.get_account(users.get_enabled_user(user), account)
    return list_page(request, "account_numbers", shared.account_numbers(row))


accounts = endpoint(GET=_accounts)
account = endpoint(GET=_read_account)
transactions = endpoint(GET=_transactions)
transaction = _read_row(Transaction, "transaction")
holdings = endpoint(GET=_holdings)
holding = _read_row(Holding, "holding")
account_numbers = endpoint(GET=_account_numbers)
