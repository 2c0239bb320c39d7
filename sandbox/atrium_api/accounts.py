"""Accounts with their numbers, transactions and holdings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from sandbox.atrium_api import members, users
from sandbox.atrium_api.endpoint import endpoint, list_page, payload_page, prerendered_object
from sandbox.atrium_api.errors import ApiError
from sandbox.world import clock, jobs
from sandbox.world.models import Account, Holding, Transaction


def _account(user: str, account: str) -> Account:
    users.get_enabled_user(user)
    rows = Account.objects.filter(guid=account, user__guid=user).select_related("member__user")
    row = rows.first()
    if row is None:
        raise ApiError(404, "The requested account was not found.")
    return row


def _owned(model: Any, ids: dict[str, str]) -> QuerySet[Any]:
    """Rows of the user, member or account named in the path, which must exist."""
    if "account" in ids:
        return model.objects.filter(account=_account(ids["user"], ids["account"]))
    if "member" in ids:
        return model.objects.filter(member=members.get_member(ids["user"], ids["member"]))
    return model.objects.filter(user=users.get_enabled_user(ids["user"]))


def _accounts(request: HttpRequest, **ids: str) -> HttpResponse:
    return payload_page(request, "accounts", _owned(Account, ids).order_by("id"))


def _read_account(request: HttpRequest, user: str, account: str, member: str = "") -> HttpResponse:
    row = _account(user, account)
    if member not in ("", row.member.guid):
        raise ApiError(404, "The requested account was not found.")
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
        item = model.objects.filter(guid=row, user=users.get_enabled_user(user)).first()
        if item is None:
            raise ApiError(404, f"The requested {key} was not found.")
        return prerendered_object(key, item.payload)

    return endpoint(GET=handler)


def _holdings(request: HttpRequest, **ids: str) -> HttpResponse:
    return payload_page(request, "holdings", _owned(Holding, ids).order_by("id"))


def _account_numbers(request: HttpRequest, user: str, account: str) -> HttpResponse:
    row = _account(user, account)
    rows = [
        number for number in jobs.account_numbers(row.member) if number["account_guid"] == row.guid
    ]
    return list_page(request, "account_numbers", rows)


accounts = endpoint(GET=_accounts)
account = endpoint(GET=_read_account)
transactions = endpoint(GET=_transactions)
transaction = _read_row(Transaction, "transaction")
holdings = endpoint(GET=_holdings)
holding = _read_row(Holding, "holding")
account_numbers = endpoint(GET=_account_numbers)
