"""Believable bank data, the same for the same member: accounts, transactions, holdings.

All amounts are integers of cents until they are printed, so no digit is ever invented.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.world import merchants
from sandbox.world.institutions import guid
from sandbox.world.models import Account, Holding, Member, Transaction

HISTORY_DAYS = 130
CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Plan:
    """One of the accounts that every connection brings. Amounts are in cents."""

    name: str
    type: str
    subtype: str | None
    balance: int
    per_day: float  # purchases
    extra: dict[str, Any]


PLANS = (
    Plan("Everyday Checking", "CHECKING", None, 345_678, 3.1, {"available_balance": 331_205}),
    Plan("Rainy Day Savings", "SAVINGS", "MONEY_MARKET", 1_250_000, 0,
         {"available_balance": 1_250_000, "apy": 143, "interest_rate": 143}),
    Plan("Überziehung Checking", "CHECKING", None, -4_217, 0.2, {"available_balance": -4_217}),
    Plan("Rewards Card", "CREDIT_CARD", None, 128_449, 1.2,
         {"available_credit": 371_551, "credit_limit": 500_000, "apr": 1_999,
          "minimum_payment": 3_500, "last_payment": 25_000}),
    Plan("Car Loan", "LOAN", "AUTO", 1_483_215, 0,
         {"interest_rate": 459, "original_balance": 2_400_000, "loan_amount": 2_400_000,
          "minimum_payment": 41_250, "last_payment": 41_250, "payoff_balance": 1_489_900}),
    Plan("Retirement", "INVESTMENT", "ROTH_IRA", 4_127_390, 0,
         {"cash_balance": 152_390, "holdings_value": 3_975_000, "total_account_value": 4_127_390}),
)  # fmt: skip
POSITIONS = (
    # symbol, description, cusip, type, thousandths of a share, cents a share, cents of cost
    ("DEF", "Defensive Equity ETF", "18383M878", "EXCHANGE_TRADED_FUND", 250_000, 5_650, 1_180_000),
    ("IDX", "Total Market Index Fund", "922908363", "MUTUAL_FUND", 81_375, 24_000, 1_702_512),
    ("BND", "Short Term Bond Fund", None, "FIXED_INCOME", 61_200, 10_125, None),
)
ACCOUNT_FIELDS = (
    "account_number", "apr", "apy", "available_balance", "available_credit", "balance",
    "cash_balance", "cash_surrender_value", "created_at", "credit_limit", "currency_code",
    "day_payment_is_due", "death_benefit", "guid", "holdings_value", "insured_name",
    "institution_code", "interest_rate", "is_closed", "last_payment", "last_payment_at",
    "loan_amount", "matures_on", "member_guid", "minimum_balance", "minimum_payment", "name",
    "original_balance", "payment_due_at", "payoff_balance", "pay_out_amount", "premium_amount",
    "started_on", "subtype", "total_account_value", "type", "updated_at", "user_guid",
)  # fmt: skip


class Cents(int):
    """An amount in cents, printed as a decimal number."""


def printed(payload: dict[str, Any]) -> str:
    """JSON text with amounts as exact decimals (1234 cents → 12.34)."""
    parts = []
    for name, value in payload.items():
        text = money(value) if isinstance(value, Cents) else json.dumps(value, ensure_ascii=False)
        parts.append(f"{json.dumps(name)}:{text}")
    return "{" + ",".join(parts) + "}"


def money(cents: int) -> str:
    """1234 → 12.34, 1230 → 12.3, 1200 → 12.0, as MX prints numbers."""
    sign, cents = ("-" if cents < 0 else ""), abs(cents)
    fraction = f"{cents % 100:02d}"
    return f"{sign}{cents // 100}.{fraction[0] if fraction[1] == '0' else fraction}"


def stamp(moment: datetime) -> str:
    """MX's timestamps."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def create(member: Member, now: datetime) -> None:
    """Everything the first aggregation brings in."""
    rows: list[Transaction] = []
    holdings: list[Holding] = []
    for number, plan in enumerate(PLANS):
        seed = f"{member.user.guid}:{member.institution_code}:{member.login}:{number}"
        account = _account(member, plan, seed, now)
        rows += _transactions(account, plan, random.Random(seed), now)
        if plan.type == "INVESTMENT":
            holdings += _holdings(account, seed, now)
    Transaction.objects.bulk_create(rows, batch_size=500)
    Holding.objects.bulk_create(holdings)


def _account(member: Member, plan: Plan, seed: str, now: datetime) -> Account:
    digits = random.Random(f"number:{seed}")
    number = f"{digits.randrange(10**11, 10**12)}"
    payload: dict[str, Any] = dict.fromkeys(ACCOUNT_FIELDS)
    payload |= {name: Cents(value) for name, value in plan.extra.items()}
    payload |= {
        "account_number": f"XXXXXX{number[-4:]}",
        "balance": Cents(plan.balance),
        "created_at": stamp(now),
        "currency_code": CURRENCY,
        "guid": guid("ACT", seed),
        "institution_code": member.institution_code,
        "is_closed": False,
        "member_guid": member.guid,
        "name": plan.name,
        "subtype": plan.subtype,
        "type": plan.type,
        "updated_at": stamp(now),
        "user_guid": member.user.guid,
    }
    if plan.type in ("LOAN", "CREDIT_CARD"):
        payload["day_payment_is_due"] = 20
        payload["payment_due_at"] = stamp(now + timedelta(days=12))
        payload["last_payment_at"] = stamp(now - timedelta(days=18))
    return Account.objects.create(
        guid=payload["guid"],
        user=member.user,
        member=member,
        type=plan.type,
        number=number,
        routing="731775681",  # passes the checksum, belongs to nobody
        payload=printed(payload),
    )


def _transactions(
    account: Account, plan: Plan, chance: random.Random, now: datetime
) -> Iterator[Transaction]:
    today = now.date()
    for back in range(HISTORY_DAYS, -2, -1):
        day = today - timedelta(days=back)
        for number, entry in enumerate(_day(plan, chance, day)):
            pending = back <= 2 and plan.per_day > 1
            yield _transaction(account, entry, day, number, pending=pending, now=now)


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement before it is printed."""

    cents: int
    type: str
    description: str
    top_level_category: str
    category: str
    merchant: merchants.Merchant | None = None
    flags: tuple[str, ...] = ()


def _day(plan: Plan, chance: random.Random, day: date) -> Iterator[Entry]:
    """What happens in an account on one day."""
    whole, part = divmod(plan.per_day, 1)
    for _ in range(int(whole) + (chance.random() < part)):
        yield _purchase(chance.choice(merchants.DAILY), chance)
    if plan.type == "CHECKING" and plan.per_day > 1:
        yield from _household(chance, day)
    elif plan.type == "CHECKING" and day.day == 28:
        yield Entry(
            3500,
            "DEBIT",
            "Overdraft Fee",
            "Fees & Charges",
            "Bank Fee",
            flags=("is_overdraft_fee",),
        )
    elif plan.type == "SAVINGS" and day.day in (2, 27):
        is_interest = day.day == 27
        yield (
            Entry(chance.randrange(980, 1490), "CREDIT", "Interest Paid", "Income", "Interest Income", flags=("is_income",))
            if is_interest
            else Entry(25_000, "CREDIT", "Transfer from Checking", "Transfer", "Transfer")
        )  # fmt: skip
    elif plan.type in ("CREDIT_CARD", "LOAN") and day.day == 20:
        cents = 41_250 if plan.type == "LOAN" else 25_000
        yield Entry(
            cents, "CREDIT", "Payment Received, Thank You", "Transfer", "Credit Card Payment"
        )
    elif plan.type == "INVESTMENT" and day.day == 15:
        yield Entry(chance.randrange(2100, 5900), "CREDIT", "Dividend", "Income", "Investment Income", flags=("is_income",))  # fmt: skip


def _household(chance: random.Random, day: date) -> Iterator[Entry]:
    if day.day in (1, 15):
        yield Entry(212_540, "CREDIT", "Payroll Deposit", "Income", "Paycheck", flags=("is_income", "is_direct_deposit"))  # fmt: skip
    if day.day == 2:
        yield Entry(25_000, "DEBIT", "Transfer to Savings", "Transfer", "Transfer")
    if day.day == 25:
        yield Entry(
            1200, "DEBIT", "Monthly Service Fee", "Fees & Charges", "Bank Fee", flags=("is_fee",)
        )
    for due, merchant in merchants.MONTHLY:
        if day.day == due:
            yield _purchase(merchant, chance)


def _purchase(merchant: merchants.Merchant, chance: random.Random) -> Entry:
    cents = chance.randint(merchant.least, merchant.most)
    flags: tuple[str, ...] = ("is_expense",)
    if merchant.name in merchants.SUBSCRIPTIONS:
        flags += ("is_subscription",)
    return Entry(
        cents,
        "DEBIT",
        merchant.name,
        merchant.top_level_category,
        merchant.category,
        merchant,
        flags,
    )


FLAGS = (
    "is_bill_pay", "is_direct_deposit", "is_expense", "is_fee", "is_income", "is_overdraft_fee",
    "is_payroll_advance", "is_subscription",
)  # fmt: skip


def _transaction(
    account: Account, entry: Entry, day: date, number: int, *, pending: bool, now: datetime
) -> Transaction:
    name = guid("TRN", account.guid, day, number)
    merchant = entry.merchant
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=now.tzinfo)
    has_place = merchant is not None and merchant.has_place
    payload: dict[str, Any] = {
        "account_guid": account.guid,
        "amount": Cents(entry.cents),
        "category": entry.category,
        "check_number": None,
        "check_number_string": None,
        "created_at": stamp(min(noon, now)),
        "currency_code": CURRENCY,
        "date": day.isoformat(),
        "description": entry.description,
        "guid": name,
        **{flag: flag in entry.flags for flag in FLAGS},
        "is_international": None,
        "latitude": None,
        "longitude": None,
        "member_guid": account.member.guid,
        "memo": None,
        "merchant_category_code": merchant.mcc if merchant else None,
        "merchant_guid": merchant.guid if merchant else None,
        "merchant_location_guid": merchant.location_guid if merchant and has_place else None,
        "original_description": f"{entry.description.upper()} {day:%m%d}",
        "posted_at": None if pending else stamp(noon + timedelta(days=1)),
        "status": "PENDING" if pending else "POSTED",
        "top_level_category": entry.top_level_category,
        "transacted_at": stamp(noon),
        "type": entry.type,
        "updated_at": stamp(min(noon + timedelta(days=1), now)),
        "user_guid": account.user.guid,
    }
    return Transaction(
        guid=name,
        user=account.user,
        member=account.member,
        account=account,
        date=day,
        payload=printed(payload),
    )


def _holdings(account: Account, seed: str, now: datetime) -> Iterator[Holding]:
    for symbol, description, cusip, kind, thousandths, price, cost in POSITIONS:
        name = guid("HOL", seed, symbol)
        payload = {
            "account_guid": account.guid,
            "cost_basis": None if cost is None else Cents(cost),
            "created_at": stamp(now),
            "currency_code": CURRENCY,
            "cusip": cusip,
            "daily_change": Cents(259),
            "description": description,
            "guid": name,
            "holding_type": kind,
            "market_value": Cents(thousandths * price // 1000),
            "member_guid": account.member.guid,
            "purchase_price": None if cost is None else Cents(cost * 1000 // thousandths),
            "shares": thousandths / 1000,
            "symbol": symbol,
            "updated_at": stamp(now),
            "user_guid": account.user.guid,
        }
        yield Holding(
            guid=name,
            user=account.user,
            member=account.member,
            account=account,
            payload=printed(payload),
        )
