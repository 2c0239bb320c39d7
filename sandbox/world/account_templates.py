"""The accounts that every connection brings, others that may be opened, and invested positions.

Amounts are in cents.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

DEBTS = ("CREDIT_CARD", "LOAN", "LINE_OF_CREDIT", "CHECKING_LINE_OF_CREDIT", "MORTGAGE")


@dataclass(frozen=True, slots=True)
class Plan:
    """A kind of account."""

    name: str
    type: str
    subtype: str | None
    balance: int  # on the day of the first import
    per_day: float  # purchases
    extra: dict[str, int]

    @property
    def is_debt(self) -> bool:
        return self.type in DEBTS


PLANS = (
    Plan("Everyday Checking", "CHECKING", None, 345_678, 3.1, {}),
    Plan("Rainy Day Savings", "SAVINGS", "MONEY_MARKET", 1_250_000, 0,
         {"apy": 143, "interest_rate": 143}),
    Plan("Überziehung Checking", "CHECKING", None, -4_217, 0.2, {}),
    Plan("Rewards Card", "CREDIT_CARD", None, 128_449, 1.2,
         {"credit_limit": 500_000, "apr": 1_999, "minimum_payment": 3_500, "last_payment": 25_000}),
    Plan("Car Loan", "LOAN", "AUTO", 1_483_215, 0,
         {"interest_rate": 459, "original_balance": 2_400_000, "loan_amount": 2_400_000,
          "minimum_payment": 41_250, "last_payment": 41_250}),
    Plan("Retirement", "INVESTMENT", "ROTH_IRA", 152_390, 0, {}),
    # Every connection brings those above (BASIC_PLANS); these are opened by events.
    Plan("Joint Checking", "CHECKING", None, 98_765, 1.4, {}),
    Plan("Money Market", "SAVINGS", "MONEY_MARKET", 2_500_000, 0,
         {"apy": 215, "interest_rate": 215}),
    Plan("Certificate", "SAVINGS", "CERTIFICATE_OF_DEPOSIT", 1_000_000, 0,
         {"apy": 402, "interest_rate": 402}),
    Plan("Travel Card", "CREDIT_CARD", None, 45_610, 0.6,
         {"credit_limit": 800_000, "apr": 2_149, "minimum_payment": 3_500, "last_payment": 15_000}),
    Plan("Student Loan", "LOAN", "STUDENT", 903_400, 0,
         {"interest_rate": 389, "original_balance": 1_800_000, "loan_amount": 1_800_000,
          "minimum_payment": 21_000, "last_payment": 21_000}),
    Plan("Brokerage", "INVESTMENT", "BROKERAGE", 310_050, 0, {}),
    Plan("Home Equity Line", "LINE_OF_CREDIT", "HOME_EQUITY", 510_000, 0,
         {"credit_limit": 5_000_000, "apr": 799, "minimum_payment": 9_000, "last_payment": 9_000}),
    Plan("Overdraft Line", "CHECKING_LINE_OF_CREDIT", None, 25_000, 0,
         {"credit_limit": 100_000, "apr": 1_799, "minimum_payment": 2_500, "last_payment": 2_500}),
    Plan("Home Mortgage", "MORTGAGE", None, 25_480_000, 0,
         {"interest_rate": 625, "original_balance": 30_000_000, "minimum_payment": 184_700,
          "last_payment": 184_700}),
    Plan("House", "PROPERTY", None, 41_000_000, 0, {}),
    Plan("Petty Cash", "CASH", None, 32_050, 0, {}),
    Plan("Life Insurance", "INSURANCE", None, 500_000, 0,
         {"cash_surrender_value": 500_000, "death_benefit": 25_000_000, "premium_amount": 4_500}),
    Plan("Prepaid Card", "PREPAID", None, 12_500, 0.3, {}),
    Plan("Other Account", "ANY", None, 10_000, 0, {}),
)  # fmt: skip
BASIC_PLANS = 6
DEPOSITS = "deposits"  # the user name of logins that have only the first of them
DEPOSIT_PLANS = 3


@dataclass(frozen=True, slots=True)
class Position:
    """Something held: thousandths of a share, at cents a share."""

    symbol: str
    description: str
    cusip: str | None
    type: str
    thousandths: int
    price: int
    cost: int | None

    def price_on(self, day: date) -> int:
        """The price of a day; it wanders by at most 1.5 % around the middle."""
        wander = random.Random(f"price:{self.symbol}:{day}").randint(-150, 150)
        return self.price * (10_000 + wander) // 10_000

    def value_on(self, day: date) -> int:
        return self.thousandths * self.price_on(day) // 1000

    def fields(self, day: date) -> dict[str, Any]:
        """What MX says of it, amounts as plain cents."""
        bought = None if self.cost is None else self.cost * 1000 // self.thousandths
        return {
            "cost_basis": self.cost,
            "daily_change": self.price_on(day) - self.price_on(day - timedelta(days=1)),
            "market_value": self.value_on(day),
            "purchase_price": bought,
        }


POSITIONS = (
    Position("DEF", "Defensive Equity ETF", "18383M878", "EXCHANGE_TRADED_FUND",
             250_000, 5_650, 1_180_000),
    Position("IDX", "Total Market Index Fund", "922908363", "MUTUAL_FUND",
             81_375, 24_000, 1_702_512),
    Position("BND", "Short Term Bond Fund", None, "FIXED_INCOME", 61_200, 10_125, None),
)  # fmt: skip
