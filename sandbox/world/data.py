"""Writes the data of an import: what the bank has now becomes what MX has.

The same bank at the same moment always gives the same data; only what differs is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from sandbox.world import bank, bank_ledger, payloads, positions
from sandbox.world.ids import guid
from sandbox.world.ledger import UNSETTLED_AFTER, UNSETTLED_BEFORE, Entry
from sandbox.world.models import (
    Account,
    BankAccount,
    BankTransaction,
    Holding,
    Member,
    Transaction,
)  # fmt: skip
from sandbox.world.rules import RULES

FIRST_IMPORT_DAYS = 130
HISTORY_DAYS = 730
# A first import adds hundreds of rows; bulk_create takes longer for them than making their texts.
INSERT = (
    f"INSERT INTO {Transaction._meta.db_table}"  # noqa: S608
    " (guid, user_id, member_id, account_id, entry, date, is_pending, payload)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What an import changed."""

    created: int = 0
    updated: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry as MX lists it."""

    account: Account
    entry: Entry
    is_pending: bool

    def may_differ(self, was_pending: bool | None) -> bool:  # noqa: FBT001
        """Whether its text may differ from that of the last import."""
        imported_at, changed_at = self.account.transactions_at, self.entry.changed_at
        is_changed = imported_at is None or (changed_at is not None and changed_at >= imported_at)
        return is_changed or was_pending is not self.is_pending

    def payload(self, name: str) -> str:
        """Its JSON text under the guid `name`."""
        return payloads.transaction(self.account, name, self.entry, pending=self.is_pending)

    def columns(self, name: str) -> tuple[Any, ...]:
        """The values of INSERT."""
        account, entry = self.account, self.entry
        owners = (account.user_id, account.member_id, account.pk)
        return (name, *owners, entry.key, entry.date, self.is_pending, self.payload(name))

    def build(self, name: str, pk: int) -> Transaction:
        """The stored row with what may have changed."""
        payload = self.payload(name)
        return Transaction(
            pk=pk, guid=name, date=self.entry.date, is_pending=self.is_pending, payload=payload
        )


def accounts_with_bank(member: Member) -> list[Account]:
    """The member's accounts at MX, in their order."""
    rows = Account.objects.filter(member=member).order_by("pk")
    return list(rows.select_related("user", "member", "bank_account"))


def write_accounts(member: Member, now: datetime) -> None:
    """Bring the member's accounts, balances and positions to what the bank has; saves no member."""
    listed = bank.accounts_of(bank.login_of(member, now))
    stored = {row.bank_account.pk: row for row in accounts_with_bank(member)}
    kept = [row for row in listed if _is_same(stored.get(row.pk), row)]
    gone = stored.keys() - {row.pk for row in kept}
    Account.objects.filter(pk__in=[stored[key].pk for key in gone]).delete()
    new = [_new_account(member, row, now) for row in listed if row not in kept]
    accounts = [stored[row.pk] for row in kept] + Account.objects.bulk_create(new)
    changes = _changes(accounts)
    for account in accounts:
        if _update_facts(account):
            account.save()
        row = account.bank_account
        amounts = bank_ledger.balances(row, changes[row.pk], now)
        account.payload = payloads.account(account, amounts, now)
    Account.objects.bulk_update(accounts, ["payload"])
    _write_holdings(accounts, now)


def _is_same(stored: Account | None, present: BankAccount) -> bool:
    return stored is not None and stored.generation == present.generation


def _new_account(member: Member, row: BankAccount, now: datetime) -> Account:
    name = guid("ACT", member.guid, row.guid, row.generation)
    if name not in row.mx_guids:
        row.mx_guids = f"{row.mx_guids} {name}".strip()
        row.save(update_fields=["mx_guids"])
    return Account(
        guid=name,
        user=member.user,
        member=member,
        bank_account=row,
        generation=row.generation,
        opened_at=now,
        number=row.number,
        routing=row.routing,
    )


def _update_facts(account: Account) -> bool:
    """Take over what seldom changes; whether it did."""
    row, member = account.bank_account, account.member
    before = (account.type, account.number, account.routing, account.owners)
    account.type = row.type or ""
    is_verified = account.guid in member.verified
    if RULES.numbers_with_aggregation or member.job == "VERIFICATION" or not is_verified:
        account.number, account.routing = row.number, row.routing
    if member.job == "IDENTIFICATION":
        account.owners = row.owners
    return before != (account.type, account.number, account.routing, account.owners)


def _changes(accounts: list[Account]) -> dict[int, list[BankTransaction]]:
    """Changed and added transactions of each bank account, by its id."""
    changes: dict[int, list[BankTransaction]] = {row.bank_account.pk: [] for row in accounts}
    for change in BankTransaction.objects.filter(account__in=changes).order_by("pk"):
        changes[change.account_id].append(change)
    return changes


def write_transactions(member: Member, now: datetime, *, days: int) -> Counts:
    """Bring the member's transactions up to date, `days` back at least once; saves no member."""
    member.history_days = max(member.history_days, days)
    accounts = accounts_with_bank(member)
    changes = _changes(accounts)
    due: dict[str, Listed] = {}
    stored: dict[str, tuple[int, bool | None]] = {}
    by_first_day: dict[date, list[Account]] = {}
    for account in accounts:
        first = _first_day(account, now.date(), days)
        by_first_day.setdefault(first, []).append(account)
        recent = [
            change for change in changes[account.bank_account.pk] if _is_unread(change, account)
        ]
        due |= _due(account, changes[account.bank_account.pk], recent, first, now)
        if recent:
            keys = [change.key for change in recent]
            stored |= _stored(Transaction.objects.filter(account=account, entry__in=keys))
    for first, rows in by_first_day.items():
        stored |= _stored(Transaction.objects.filter(account__in=rows, date__gte=first))
    counts = _store(due, stored)
    for first, rows in by_first_day.items():
        _mark_imported(rows, first, now)
    return counts


def _first_day(account: Account, today: date, days: int) -> date:
    """The day from which its transactions are compared: those before have settled already."""
    start = today - timedelta(days=days)
    if account.history_from is None:  # as far back as those that are here already
        return min(start, today - timedelta(days=account.member.history_days))
    if account.transactions_at is None:  # all of them have changed
        return min(start, account.history_from)
    if account.history_from <= start:
        return max(start, (account.transactions_at - UNSETTLED_BEFORE).date())
    return start


def _mark_imported(accounts: list[Account], first: date, now: datetime) -> None:
    rows = Account.objects.filter(pk__in=[account.pk for account in accounts])
    rows.update(transactions_at=now)
    rows.filter(Q(history_from=None) | Q(history_from__gt=first)).update(history_from=first)


def _due(
    account: Account,
    changes: list[BankTransaction],
    recent: list[BankTransaction],
    first: date,
    now: datetime,
) -> dict[str, Listed]:
    """The rows that MX lists from that day on, and those of recent changes, by their guid."""
    last = now.date() + UNSETTLED_AFTER
    entries = bank_ledger.entries_between(account.bank_account, changes, first, last)
    corrected = (bank_ledger.entry_of(change) for change in recent if not change.is_withdrawn)
    return {
        name: Listed(account, entry, is_pending)
        for entry in (*entries, *corrected)
        for name, is_pending in rows_of(account, entry, now)
    }


def _stored(rows: QuerySet[Transaction]) -> dict[str, tuple[int, bool | None]]:
    """Guid → id, and whether it is pending, without the texts."""
    return {
        name: (pk, pending) for name, pk, pending in rows.values_list("guid", "pk", "is_pending")
    }


def _store(due: dict[str, Listed], stored: dict[str, tuple[int, bool | None]]) -> Counts:
    """Make the stored rows those that are due; texts are made of what may have changed only."""
    gone = [pk for name, (pk, _) in stored.items() if name not in due]
    if gone:
        Transaction.objects.filter(pk__in=gone).delete()
    new = [row.columns(name) for name, row in due.items() if name not in stored]
    with connection.cursor() as cursor:
        cursor.executemany(INSERT, new)
    candidates = {
        stored[name][0]: row.build(name, stored[name][0])
        for name, row in due.items()
        if name in stored and row.may_differ(stored[name][1])
    }
    texts = dict(
        Transaction.objects.filter(pk__in=candidates).values_list("pk", "payload")
        if candidates
        else ()
    )
    changed = [row for pk, row in candidates.items() if row.payload != texts[pk]]
    Transaction.objects.bulk_update(changed, ["payload", "date", "is_pending"], batch_size=100)
    return Counts(len(new), len(changed))


def _is_unread(change: BankTransaction, account: Account) -> bool:
    """Whether the bank changed it since the last import, which may not reach its day any more."""
    return account.transactions_at is not None and change.changed_at >= account.transactions_at


def rows_of(account: Account, entry: Entry, now: datetime) -> Iterator[tuple[str, bool]]:
    """Guid and whether it is pending, of each row that the entry is at this moment."""
    version = [f"version-{entry.generation}"] if entry.generation else []
    first = guid("TRN", account.guid, entry.key, *version)
    if entry.is_pending(now):
        yield first, True
    if entry.is_posted(now):
        keeps_guid = entry.pending_from is None or entry.fate == "keeps_guid"
        yield first if keeps_guid else guid("TRN", account.guid, entry.key, *version, "posted"), False  # fmt: skip


def _write_holdings(accounts: list[Account], now: datetime) -> None:
    stored = {row.guid: row for row in Holding.objects.filter(account__in=accounts)}
    new, changed = [], []
    for account in accounts:
        for key, fields in positions.positions(account.bank_account, now.date()).items():
            name = guid("HOL", account.guid, key)
            text = payloads.holding(account, name, fields, now)
            if (row := stored.pop(name, None)) is not None:
                row.payload = text
                changed.append(row)
            else:
                owner = {"user": account.user, "member": account.member, "account": account}
                new.append(Holding(guid=name, payload=text, **owner))
    Holding.objects.filter(pk__in=[row.pk for row in stored.values()]).delete()
    Holding.objects.bulk_update(changed, ["payload"])
    Holding.objects.bulk_create(new)


def account_name(account: Account) -> str:
    return str(json.loads(account.payload)["name"])
