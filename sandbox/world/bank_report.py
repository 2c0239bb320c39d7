"""What the bank says of a person now, whatever MX has imported: what MX's data is compared with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sandbox.world import bank_ledger, positions
from sandbox.world.json_format import Cents, format_cents, format_datetime
from sandbox.world.ledger import UNSETTLED_AFTER, Entry
from sandbox.world.models import BankAccount, Member, User


def user(row: User, now: datetime, since: date) -> dict[str, Any]:
    """The user's accounts with their transactions dated from `since` on.

    Args:
        now: the moment of balances and transactions; accounts are as they were left last.
    """
    accounts = BankAccount.objects.filter(logins__person=row.person).distinct().order_by("pk")
    members = Member.objects.filter(user=row).select_related("bank_login").order_by("pk")
    return {
        "user_guid": row.guid,
        "identifier": row.identifier,
        "is_disabled": row.is_disabled,
        "at": now.isoformat(),
        "accounts": [account(item, list(members), now, since) for item in accounts],
    }


def account(row: BankAccount, members: list[Member], now: datetime, since: date) -> dict[str, Any]:
    """One account; amounts are strings with their exact digits."""
    changes = list(row.changes.order_by("pk"))
    logins = set(row.logins.values_list("pk", flat=True))
    last = now.date() + UNSETTLED_AFTER
    entries = bank_ledger.entries_between(row, changes, since, last)
    return {
        "account": row.guid,
        "mx_guids": row.mx_guids.split(),
        "members": [item.guid for item in members if item.bank_login_id in logins],
        "name": row.name,
        "type": row.type,
        "subtype": row.subtype,
        "currency_code": row.currency,
        "number": row.number,
        "routing_number": row.routing,
        "is_closed": row.is_closed,
        "is_deleted": row.is_deleted,
        "owners": row.owners,
        **{
            name: format_cents(cents)
            for name, cents in bank_ledger.balances(row, changes, now).items()
        },
        "transactions": [
            listed
            for entry in sorted(entries, key=lambda entry: (entry.date, entry.moment, entry.key))
            for listed in _transactions(row, entry, now)
        ],
        "holdings": [
            {"position": key} | fields for key, fields in _holdings(row, now.date()).items()
        ],
    }


def _transactions(row: BankAccount, entry: Entry, now: datetime) -> list[dict[str, Any]]:
    """The entry as it is listed: pending, posted, for a while both, or not (yet)."""
    statuses = [
        status
        for status, is_listed in (
            ("PENDING", entry.is_pending(now)),
            ("POSTED", entry.is_posted(now)),
        )
        if is_listed
    ]
    return [
        {
            "transaction": f"{row.guid}/{entry.key}",
            "date": entry.date.isoformat(),
            "status": status,
            "type": "CREDIT" if entry.is_credit else "DEBIT",
            "amount": format_cents(entry.cents),
            "description": entry.description,
            "transacted_at": format_datetime(entry.moment),
            "fields": dict(entry.fields),
        }
        for status in statuses
    ]


def _holdings(row: BankAccount, day: date) -> dict[str, dict[str, Any]]:
    return {
        key: {
            name: format_cents(value) if isinstance(value, Cents) else value
            for name, value in fields.items()
        }
        for key, fields in positions.positions(row, day).items()
    }
