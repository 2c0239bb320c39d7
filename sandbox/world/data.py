"""Writes the data of an import: accounts with balances, transactions, holdings.

The same member at the same moment always has the same data; only what differs is written.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.world.account_templates import PLANS, POSITIONS, Plan
from sandbox.world.ids import guid
from sandbox.world.json_format import Cents, dump_payload, format_datetime
from sandbox.world.ledger import UNSETTLED_AFTER, UNSETTLED_BEFORE, Entry, entries
from sandbox.world.models import Account, Holding, Member, Transaction

FIRST_IMPORT_DAYS = 130
HISTORY_DAYS = 730
CURRENCY = "USD"
ROUTING = "731775681"  # passes the checksum, belongs to nobody
ACCOUNT_FIELDS = (
    "account_number", "apr", "apy", "available_balance", "available_credit", "balance",
    "cash_balance", "cash_surrender_value", "created_at", "credit_limit", "currency_code",
    "day_payment_is_due", "death_benefit", "guid", "holdings_value", "insured_name",
    "institution_code", "interest_rate", "is_closed", "last_payment", "last_payment_at",
    "loan_amount", "matures_on", "member_guid", "minimum_balance", "minimum_payment", "name",
    "original_balance", "payment_due_at", "payoff_balance", "pay_out_amount", "premium_amount",
    "started_on", "subtype", "total_account_value", "type", "updated_at", "user_guid",
)  # fmt: skip
FLAGS = (
    "is_bill_pay", "is_direct_deposit", "is_expense", "is_fee", "is_income", "is_overdraft_fee",
    "is_payroll_advance", "is_subscription",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counts:
    """What an import changed."""

    created: int = 0
    updated: int = 0


def random_seed(account: Account) -> str:
    """The bank's own data depends on user, institution and login, not on the connection."""
    member = account.member
    return f"{account.user.guid}:{member.institution_code}:{_login(member)}:{account.plan}"


def _login(member: Member) -> str:
    return member.login or member.guid


def write_accounts(member: Member, now: datetime) -> None:
    """Create the member's accounts, or bring their balances and positions up to date."""
    accounts = list(Account.objects.filter(member=member).select_related("user", "member"))
    if not accounts:
        accounts = [_new_account(member, number, now) for number in range(len(PLANS))]
        Account.objects.bulk_create(accounts)
    for account in accounts:
        account.payload = _account_payload(account, now)
    Account.objects.bulk_update(accounts, ["payload"])
    invested = [account for account in accounts if PLANS[account.plan].type == "INVESTMENT"]
    _write_holdings(invested, now)


def _new_account(member: Member, number: int, now: datetime) -> Account:
    account = Account(
        guid=guid("ACT", member.guid, number),
        user=member.user,
        member=member,
        plan=number,
        opened_at=now,
        type=PLANS[number].type,
        routing=ROUTING,
    )
    digits = random.Random(f"number:{random_seed(account)}")
    account.number = f"{digits.randrange(10**11, 10**12)}"
    return account


def _account_payload(account: Account, now: datetime) -> str:
    plan, member = PLANS[account.plan], account.member
    payload: dict[str, Any] = dict.fromkeys(ACCOUNT_FIELDS)
    payload |= {name: Cents(cents) for name, cents in plan.extra.items()}
    payload |= {name: Cents(cents) for name, cents in balances(account, now).items()}
    payload |= {
        "account_number": f"XXXXXX{account.number[-4:]}",
        "created_at": format_datetime(account.opened_at),
        "currency_code": CURRENCY,
        "guid": account.guid,
        "institution_code": member.institution_code,
        "is_closed": False,
        "member_guid": member.guid,
        "name": plan.name,
        "subtype": plan.subtype,
        "type": plan.type,
        "updated_at": format_datetime(now),
        "user_guid": account.user.guid,
    }
    if plan.is_debt:
        due, paid = _payment_days(now.date())
        payload["day_payment_is_due"] = due.day
        payload["payment_due_at"] = f"{due}T00:00:00+00:00"
        payload["last_payment_at"] = f"{paid}T00:00:00+00:00"
    return dump_payload(payload)


def _payment_days(today: date) -> tuple[date, date]:
    """The next 20th of a month and the one before it."""
    this = today.replace(day=20)
    next_due = (this + timedelta(days=20)).replace(day=20)
    last_due = (this - timedelta(days=25)).replace(day=20)
    return (next_due, this) if today.day >= 20 else (this, last_due)


def balances(account: Account, now: datetime) -> dict[str, int]:
    """The account's balances in cents: the first one, moved by what has posted since."""
    plan = PLANS[account.plan]
    since = account.opened_at - UNSETTLED_BEFORE
    recent = list(entries(plan, random_seed(account), since.date(), now.date() + UNSETTLED_AFTER))
    posted = sum(
        _balance_change(plan, entry) for entry in recent if _posted_between(entry, account, now)
    )
    pending = sum(-_balance_change(plan, entry) for entry in recent if _is_due(entry, now))
    balance = plan.balance + posted
    if plan.type == "INVESTMENT":
        invested = sum(position.value_on(now.date()) for position in POSITIONS)
        total = balance + invested
        return {"balance": total, "cash_balance": balance, "holdings_value": invested, "total_account_value": total}  # fmt: skip
    if plan.type == "CREDIT_CARD":
        free = plan.extra["credit_limit"] - balance + pending
        return {"balance": balance, "available_credit": free}
    if plan.type == "LOAN":
        return {"balance": balance, "payoff_balance": balance + balance // 200}
    return {"balance": balance, "available_balance": balance - pending}


def _balance_change(plan: Plan, entry: Entry) -> int:
    """What the entry adds to the balance; a payment lowers a debt."""
    return entry.cents if entry.is_credit != plan.is_debt else -entry.cents


def _posted_between(entry: Entry, account: Account, now: datetime) -> bool:
    moment = entry.posted_at
    return moment is not None and account.opened_at < moment <= now


def _is_due(entry: Entry, now: datetime) -> bool:
    return entry.is_pending(now) and not entry.is_posted(now) and entry.moment <= now


def write_transactions(member: Member, now: datetime, *, days: int) -> Counts:
    """Bring the member's transactions up to date, `days` back at least once."""
    first = now.date() - timedelta(days=days)
    if member.history_days >= days:
        newest = member.transactions_at or now
        first = max(first, (newest - UNSETTLED_BEFORE).date())
    member.history_days = max(member.history_days, days)
    member.transactions_at = now
    counts = [
        _write_ledger(account, first, now)
        for account in Account.objects.filter(member=member).select_related("user", "member")
    ]
    return Counts(sum(count.created for count in counts), sum(count.updated for count in counts))


def _write_ledger(account: Account, first: date, now: datetime) -> Counts:
    last = now.date() + UNSETTLED_AFTER
    due: dict[str, tuple[Entry, bool]] = {}
    for entry in entries(PLANS[account.plan], random_seed(account), first, last):
        due |= {name: (entry, pending) for name, pending in _rows_of(account, entry, now)}
    stored = Transaction.objects.filter(account=account, date__gte=first)
    present = {row.guid: row for row in stored}
    texts = {
        name: _transaction(account, name, entry, pending=pending)
        for name, (entry, pending) in due.items()
    }
    Transaction.objects.filter(pk__in=[row.pk for name, row in present.items() if name not in due]).delete()  # fmt: skip
    new_rows = [
        Transaction(
            guid=name,
            user=account.user,
            member=account.member,
            account=account,
            date=due[name][0].moment.date(),
            payload=text,
        )
        for name, text in texts.items()
        if name not in present
    ]
    changed = [row for name, row in present.items() if name in texts and row.payload != texts[name]]
    for row in changed:
        row.payload = texts[row.guid]
    Transaction.objects.bulk_create(new_rows, batch_size=500)
    Transaction.objects.bulk_update(changed, ["payload"], batch_size=500)
    return Counts(len(new_rows), len(changed))


def _rows_of(account: Account, entry: Entry, now: datetime) -> Iterator[tuple[str, bool]]:
    """Guid and whether it is pending, of each row that the entry is at this moment."""
    day = entry.moment.date()
    first = guid("TRN", account.guid, day, entry.number)
    is_pending = entry.is_pending(now)
    if is_pending:
        yield first, True
    if entry.is_posted(now):
        keeps_guid = entry.pending_from is None or entry.fate == "keeps_guid"
        yield first if keeps_guid else guid("TRN", account.guid, day, entry.number, "posted"), False


def _transaction(account: Account, name: str, entry: Entry, *, pending: bool) -> str:
    merchant = entry.merchant
    has_place = merchant is not None and merchant.has_place
    first_seen = entry.pending_from or entry.moment
    posted_at = entry.posted_at or entry.moment
    payload: dict[str, Any] = {
        "account_guid": account.guid,
        "amount": Cents(entry.cents),
        "category": entry.category,
        "check_number": None,
        "check_number_string": None,
        "created_at": format_datetime(first_seen),
        "currency_code": CURRENCY,
        "date": entry.moment.date().isoformat(),
        "description": entry.description,
        "guid": name,
        **{flag: flag in entry.flags for flag in FLAGS},
        "is_international": None,
        "latitude": 40.3916 if has_place else None,
        "longitude": -111.8508 if has_place else None,
        "member_guid": account.member.guid,
        "memo": None,
        "merchant_category_code": merchant.mcc if merchant else None,
        "merchant_guid": merchant.guid if merchant else None,
        "merchant_location_guid": merchant.location_guid if merchant and has_place else None,
        "original_description": f"{entry.description.upper()} {entry.moment:%m%d}",
        "posted_at": None if pending else format_datetime(posted_at),
        "status": "PENDING" if pending else "POSTED",
        "top_level_category": entry.top_level_category,
        "transacted_at": format_datetime(entry.moment),
        "type": "CREDIT" if entry.is_credit else "DEBIT",
        "updated_at": format_datetime(first_seen if pending else posted_at),
        "user_guid": account.user.guid,
    }
    return dump_payload(payload)


def _write_holdings(accounts: list[Account], now: datetime) -> None:
    for account in accounts:
        existing = set(Holding.objects.filter(account=account).values_list("guid", flat=True))
        for position in POSITIONS:
            name = guid("HOL", account.guid, position.symbol)
            amounts = position.fields(now.date())
            payload: dict[str, Any] = {
                "account_guid": account.guid,
                "created_at": format_datetime(account.opened_at),
                "currency_code": CURRENCY,
                "cusip": position.cusip,
                "description": position.description,
                "guid": name,
                "holding_type": position.type,
                "member_guid": account.member.guid,
                "shares": position.thousandths / 1000,
                "symbol": position.symbol,
                "updated_at": format_datetime(now),
                "user_guid": account.user.guid,
            } | {key: None if cents is None else Cents(cents) for key, cents in amounts.items()}
            owner = {"user": account.user, "member": account.member, "account": account}
            text = dump_payload(payload)
            if name in existing:
                Holding.objects.filter(guid=name).update(payload=text)
            else:
                Holding.objects.create(guid=name, payload=text, **owner)


def account_name(account: Account) -> str:
    return str(json.loads(account.payload)["name"])
