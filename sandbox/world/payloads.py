"""The JSON texts of accounts, transactions and holdings, as MX's API prints them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sandbox.world.account_templates import PLANS
from sandbox.world.json_format import (
    Cents,
    dump_payload,
    dump_value,
    format_cents,
    format_datetime,
    load_exact,
)
from sandbox.world.ledger import Entry
from sandbox.world.merchants import Merchant
from sandbox.world.models import Account

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
TRANSACTION_FIELDS = (
    "amount", "category", "check_number", "check_number_string", "created_at", "currency_code",
    "date", "description", *FLAGS, "is_international", "latitude", "longitude", "memo",
    "merchant_category_code", "merchant_guid", "merchant_location_guid", "original_description",
    "posted_at", "status", "top_level_category", "transacted_at", "type", "updated_at",
)  # fmt: skip
# Which objects belong together is not for events to change.
IDENTITY = {"guid", "institution_code", "member_guid", "user_guid"}


def account(row: Account, balances: dict[str, int], now: datetime) -> str:
    """An account with these balances in cents."""
    bank, member = row.bank_account, row.member
    plan = PLANS[bank.plan]
    payload: dict[str, Any] = dict.fromkeys(ACCOUNT_FIELDS)
    payload |= {name: Cents(cents) for name, cents in (plan.extra | balances).items()}
    payload |= {
        "account_number": f"XXXXXX{bank.number[-4:]}",
        "created_at": format_datetime(row.opened_at),
        "currency_code": bank.currency,
        "guid": row.guid,
        "institution_code": member.institution_code,
        "is_closed": bank.is_closed,
        "member_guid": member.guid,
        "name": bank.name,
        "subtype": bank.subtype,
        "type": bank.type,
        "updated_at": format_datetime(now),
        "user_guid": row.user.guid,
    }
    if "last_payment" in plan.extra:
        due, paid = _payment_days(now.date())
        payload["day_payment_is_due"] = due.day
        payload["payment_due_at"] = f"{due}T00:00:00+00:00"
        payload["last_payment_at"] = f"{paid}T00:00:00+00:00"
    return dump_payload(payload | load_exact(bank.fields))


def _payment_days(today: date) -> tuple[date, date]:
    """The next 20th of a month and the one before it."""
    this = today.replace(day=20)
    next_due = (this + timedelta(days=20)).replace(day=20)
    last_due = (this - timedelta(days=25)).replace(day=20)
    return (next_due, this) if today.day >= 20 else (this, last_due)


def transaction(row: Account, name: str, entry: Entry, *, pending: bool) -> str:
    """A transaction with the guid `name`; written out, because imports make hundreds of these."""
    merchant = entry.merchant
    first_seen = entry.pending_from or entry.moment
    posted_at = entry.posted_at or entry.moment
    updated_at = first_seen if pending else posted_at
    if entry.changed_at is not None:
        updated_at = max(updated_at, entry.changed_at)
    moment, original = entry.moment, None
    if entry.description:
        original = f"{entry.description.upper()} {moment.month:02d}{moment.day:02d}"
    payload = (
        f'{{"account_guid":"{row.guid}","amount":{format_cents(entry.cents)},'
        f'"category":{dump_value(entry.category)},"check_number":null,"check_number_string":null,'
        f'"created_at":"{format_datetime(first_seen)}",'
        f'"currency_code":{dump_value(row.bank_account.currency)},"date":"{entry.date}",'
        f'"description":{dump_value(entry.description)},"guid":"{name}",{_flags(entry.flags)},'
        f'"is_international":null,{_place(merchant)},"member_guid":"{row.member.guid}",'
        f'"memo":null,{_merchant(merchant)},"original_description":{dump_value(original)},'
        f'"posted_at":{"null" if pending else dump_value(format_datetime(posted_at))},'
        f'"status":"{"PENDING" if pending else "POSTED"}",'
        f'"top_level_category":{dump_value(entry.top_level_category)},'
        f'"transacted_at":"{format_datetime(moment)}",'
        f'"type":"{"CREDIT" if entry.is_credit else "DEBIT"}",'
        f'"updated_at":"{format_datetime(updated_at)}","user_guid":"{row.user.guid}"}}'
    )
    return dump_payload(load_exact(payload) | dict(entry.fields)) if entry.fields else payload


@cache
def _flags(flags: tuple[str, ...]) -> str:
    return ",".join(f'"{flag}":{dump_value(flag in flags)}' for flag in FLAGS)


@cache
def _place(merchant: Merchant | None) -> str:
    has_place = merchant is not None and merchant.has_place
    latitude, longitude = ("40.3916", "-111.8508") if has_place else ("null", "null")
    return f'"latitude":{latitude},"longitude":{longitude}'


@cache
def _merchant(merchant: Merchant | None) -> str:
    has_place = merchant is not None and merchant.has_place
    values = {
        "merchant_category_code": merchant.mcc if merchant else None,
        "merchant_guid": merchant.guid if merchant else None,
        "merchant_location_guid": merchant.location_guid if merchant and has_place else None,
    }
    return dump_payload(values)[1:-1]


def holding(row: Account, name: str, fields: dict[str, Any], now: datetime) -> str:
    """A position with the guid `name`."""
    payload: dict[str, Any] = {
        "account_guid": row.guid,
        "created_at": format_datetime(row.opened_at),
        "guid": name,
        "member_guid": row.member.guid,
        "updated_at": format_datetime(now),
        "user_guid": row.user.guid,
    }
    return dump_payload(dict(sorted((payload | fields).items())))
