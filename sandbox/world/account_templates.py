"""The accounts that every connection brings, and the positions of the one that invests.

Amounts are in cents.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Plan:
    """One of the accounts that every connection brings."""

    name: str
    type: str
    subtype: str | None
    balance: int  # on the day of the first import
    per_day: float  # purchases
    extra: dict[str, int]

    @property
    def is_debt(self) -> bool:
        return self.type in ("CREDIT_CARD", "LOAN")


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
)  # fmt: skip


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
