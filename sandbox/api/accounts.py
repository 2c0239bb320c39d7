"""Rows of what a member has: accounts, transactions, holdings."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from sandbox.api import members
from sandbox.api.errors import ApiError
from sandbox.world import jobs
from sandbox.world.models import Account, User


def get_account(user: User, guid: str, member: str = "") -> Account:
    """The user's account, of a certain member if one is named."""
    rows = Account.objects.filter(guid=guid, user=user).select_related("member__user")
    row = rows.first()
    if row is None or member not in ("", row.member.guid):
        raise ApiError(404, "The requested account was not found.")
    return row


def owned(model: Any, user: User, ids: dict[str, str]) -> QuerySet[Any]:
    """Rows of the user, or of the member or account named in the path, which must exist."""
    if "account" in ids:
        account = get_account(user, ids["account"], ids.get("member", ""))
        return model.objects.filter(account=account)
    if "member" in ids:
        return model.objects.filter(member=members.get_member(user, ids["member"]))
    return model.objects.filter(user=user)


def get_row(model: Any, user: User, key: str, guid: str) -> Any:
    """One of the user's rows; `key` is what the answer calls it."""
    row = model.objects.filter(guid=guid, user=user).first()
    if row is None:
        raise ApiError(404, f"The requested {key} was not found.")
    return row


def account_numbers(row: Account) -> list[dict[str, Any]]:
    numbers = jobs.account_numbers(row.member)
    return [number for number in numbers if number["account_guid"] == row.guid]
