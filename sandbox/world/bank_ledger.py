"""The transactions and balances of a bank account: what is generated, and what was changed."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from sandbox.world import merchants, positions
from sandbox.world.account_templates import DEBTS, PLANS
from sandbox.world.json_format import load_exact
from sandbox.world.ledger import (
    LONGEST_WAIT,
    UNSETTLED_AFTER,
    UNSETTLED_BEFORE,
    Entry,
    entries,
    entries_of_day,
)  # fmt: skip
from sandbox.world.models import BankAccount, BankTransaction

KEY = re.compile(r"(\d{4}-\d\d-\d\d|added):\d{1,6}")
Periods = tuple[tuple[str | None, str | None], ...]


def entries_between(
    account: BankAccount, changes: Iterable[BankTransaction], first: date, last: date
) -> Iterator[Entry]:
    """The entries of those days; changed ones that are dated later than `last` as well.

    Args:
        changes: all that were changed or added in this account.
    """
    changes = list(changes)
    changed = {change.key for change in changes}
    for entry in generated_entries(account, first, last):
        if entry.key not in changed:
            yield entry
    for change in changes:
        if not change.is_withdrawn and change.date >= first:
            yield entry_of(change)


def generated_entries(account: BankAccount, first: date, last: date) -> Iterator[Entry]:
    """The entries of those days as they were before any change."""
    periods = _quiet_periods(account)
    for entry in entries(account.plan, account.seed, first, last):
        if not _is_quiet(periods, entry.moment):
            yield entry


def entry_of(change: BankTransaction) -> Entry:
    """The entry as it is after the change."""
    return Entry(
        key=change.key,
        date=change.date,
        cents=change.cents,
        is_credit=change.is_credit,
        description=change.description,
        top_level_category=change.top_level_category,
        category=change.category,
        moment=change.moment,
        pending_from=change.pending_from,
        posts_at=change.posts_at,
        fate=change.fate,
        merchant=merchants.ALL.get(change.merchant),
        flags=tuple(change.flags),
        generation=change.generation,
        changed_at=change.changed_at,
        fields=load_exact(change.fields),
    )


def is_key(text: str) -> bool:
    """Whether it has the form of an entry's key."""
    return KEY.fullmatch(text) is not None


def original(account: BankAccount, key: str) -> Entry | None:
    """The generated entry of a key; None if it was added."""
    day, _, _ = key.rpartition(":")
    if day == "added":
        return None
    generated = generated_entries(account, date.fromisoformat(day), date.fromisoformat(day))
    return next((entry for entry in generated if entry.key == key), None)


def _quiet_periods(account: BankAccount) -> Periods:
    return tuple((start, end) for start, end in account.quiet_periods)


def _is_quiet(periods: Periods, moment: datetime) -> bool:
    """Whether the account has no entries then: it was not open yet, or closed."""
    return any(
        (start is None or datetime.fromisoformat(start) <= moment)
        and (end is None or moment < datetime.fromisoformat(end))
        for start, end in periods
    )


def balances(
    account: BankAccount, changes: Iterable[BankTransaction], now: datetime
) -> dict[str, int]:
    """The account's balances in cents, by MX's names."""
    plan, changes = PLANS[account.plan], list(changes)
    balance = account.balance + _posted_since_opening(account, now)
    for change in changes:
        before = original(account, change.key)
        balance += 0 if change.is_withdrawn else _posted_change(account, entry_of(change), now)
        balance -= 0 if before is None else _posted_change(account, before, now)
    recent = entries_between(
        account, changes, now.date() - UNSETTLED_BEFORE, now.date() + UNSETTLED_AFTER
    )
    pending = sum(-balance_change(account.plan, entry) for entry in recent if _is_due(entry, now))
    if plan.type == "INVESTMENT":
        invested = positions.value(account, now.date())
        total = balance + invested
        return {"balance": total, "cash_balance": balance, "holdings_value": invested,
                "total_account_value": total}  # fmt: skip
    if "credit_limit" in plan.extra:
        free = plan.extra["credit_limit"] - balance + pending
        return {"balance": balance, "available_credit": free}
    if plan.type in DEBTS:
        return {"balance": balance, "payoff_balance": balance + balance // 200}
    return {"balance": balance, "available_balance": balance - pending}


def balance_change(plan: int, entry: Entry) -> int:
    """What the entry adds to the balance; a payment lowers a debt."""
    return entry.cents if entry.is_credit != PLANS[plan].is_debt else -entry.cents


def _posted_change(account: BankAccount, entry: Entry, now: datetime) -> int:
    return balance_change(account.plan, entry) if entry.is_posted(now) else 0


def _is_due(entry: Entry, now: datetime) -> bool:
    return entry.is_pending(now) and not entry.is_posted(now) and entry.moment <= now


def _posted_since_opening(account: BankAccount, now: datetime) -> int:
    """What generated entries that posted since `opened_at` have added to the balance."""
    periods = _quiet_periods(account)
    day, total = (account.opened_at - UNSETTLED_BEFORE).date().replace(day=1), 0
    while (next_month := _next_month(day)) + LONGEST_WAIT <= now.date():
        total += _posted_in_month(account.plan, account.seed, account.opened_at, periods, day)
        day = next_month
    last = now.date() + UNSETTLED_AFTER
    return total + sum(
        balance_change(account.plan, entry)
        for entry in entries(account.plan, account.seed, day, last)
        if _posted_between(entry, account.opened_at, now) and not _is_quiet(periods, entry.moment)
    )


@lru_cache(maxsize=8192)  # months that are over do not change
def _posted_in_month(plan: int, seed: str, since: datetime, periods: Periods, first: date) -> int:
    days = (_next_month(first) - first).days
    return sum(
        balance_change(plan, entry)
        for number in range(days)
        for entry in entries_of_day(plan, seed, first + timedelta(days=number))
        if _posted_between(entry, since, None) and not _is_quiet(periods, entry.moment)
    )


def _posted_between(entry: Entry, since: datetime, until: datetime | None) -> bool:
    moment = entry.posted_at
    return moment is not None and since < moment and (until is None or moment <= until)


def _next_month(first: date) -> date:
    return first + timedelta(days=calendar.monthrange(first.year, first.month)[1])
