"""Writes the data of an import: what the bank has now becomes what MX has.

The same bank at the same moment always gives the same data; only what differs is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

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


@dataclass(frozen=True, slots=True)
class Counts:
    """What an import changed."""

    created: int = 0
    updated: int = 0


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
        _update(account, changes[account.bank_account.pk], now)
    fields = ["payload", "type", "number", "routing", "owners"]
    Account.objects.bulk_update(accounts, fields)
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


def _update(account: Account, changes: list[BankTransaction], now: datetime) -> None:
    row, member = account.bank_account, account.member
    account.type = row.type or ""
    is_verified = account.guid in member.verified
    if RULES.numbers_with_aggregation or member.job == "VERIFICATION" or not is_verified:
        account.number, account.routing = row.number, row.routing
    if member.job == "IDENTIFICATION":
        account.owners = row.owners
    account.payload = payloads.account(account, bank_ledger.balances(row, changes, now), now)


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
    counts = []
    for account in accounts:
        first = now.date() - timedelta(days=days)
        if account.history_from is None:  # as far back as those that are here already
            first = now.date() - timedelta(days=member.history_days)
        elif account.transactions_at is None:  # all of it has changed
            first = min(first, account.history_from)
        elif account.history_from <= first:
            first = max(first, (account.transactions_at - UNSETTLED_BEFORE).date())
        counts.append(_write_ledger(account, changes[account.bank_account.pk], first, now))
        account.history_from = min(account.history_from or first, first)
        account.transactions_at = now
    Account.objects.bulk_update(accounts, ["history_from", "transactions_at"])
    return Counts(sum(count.created for count in counts), sum(count.updated for count in counts))


def _write_ledger(
    account: Account, changes: list[BankTransaction], first: date, now: datetime
) -> Counts:
    due: dict[str, tuple[Entry, bool]] = {}
    recent = [change for change in changes if _is_unread(change, account)]
    last = now.date() + UNSETTLED_AFTER
    entries = bank_ledger.entries_between(account.bank_account, changes, first, last)
    corrected = (bank_ledger.entry_of(change) for change in recent if not change.is_withdrawn)
    for entry in (*entries, *corrected):
        due |= {name: (entry, pending) for name, pending in rows_of(account, entry, now)}
    keys = [change.key for change in recent]
    stored = Transaction.objects.filter(Q(date__gte=first) | Q(entry__in=keys), account=account)
    present = {row.guid: row for row in stored}
    texts = {
        name: payloads.transaction(account, name, entry, pending=pending)
        for name, (entry, pending) in due.items()
    }
    Transaction.objects.filter(pk__in=[row.pk for name, row in present.items() if name not in due]).delete()  # fmt: skip
    new_rows = [
        Transaction(
            guid=name,
            user=account.user,
            member=account.member,
            account=account,
            entry=due[name][0].key,
            date=due[name][0].date,
            payload=text,
        )
        for name, text in texts.items()
        if name not in present
    ]
    changed = [row for name, row in present.items() if name in texts and row.payload != texts[name]]
    for row in changed:
        row.payload, row.date = texts[row.guid], due[row.guid][0].date
    Transaction.objects.bulk_create(new_rows, batch_size=500)
    Transaction.objects.bulk_update(changed, ["payload", "date"], batch_size=500)
    return Counts(len(new_rows), len(changed))


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
