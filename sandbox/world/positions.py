"""What an account holds: the positions of its plan, with what was bought, sold or changed since."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.world.account_templates import PLANS, POSITIONS
from sandbox.world.json_format import Cents, load_exact
from sandbox.world.models import BankAccount

MAX_VALUE = 10**13  # of a position that counts in the balance of its account
# What a position says of itself, in MX's names.
FIELDS = (
    "cost_basis", "currency_code", "cusip", "daily_change", "description", "holding_type",
    "market_value", "purchase_price", "shares", "symbol",
)  # fmt: skip


def positions(account: BankAccount, day: date) -> dict[str, dict[str, Any]]:
    """Key of each position (its symbol when it was bought) → its fields on that day."""
    present: dict[str, dict[str, Any]] = {}
    if PLANS[account.plan].type == "INVESTMENT":
        for position in POSITIONS:
            amounts = position.fields(day)
            present[position.symbol] = {
                "currency_code": account.currency,
                "cusip": position.cusip,
                "description": position.description,
                "holding_type": position.type,
                "shares": position.thousandths / 1000,
                "symbol": position.symbol,
            } | {key: None if cents is None else Cents(cents) for key, cents in amounts.items()}
    for key, changes in load_exact(account.positions).items():
        if changes is None:
            present.pop(key, None)
        else:
            default = dict.fromkeys(FIELDS) | {"currency_code": account.currency, "symbol": key}
            present[key] = present.get(key, default) | changes
    return present


def value(account: BankAccount, day: date) -> int:
    """The market value of all positions in cents."""
    return sum(market_value(fields) for fields in positions(account, day).values())


def market_value(fields: dict[str, Any]) -> int:
    """The market value of a position in cents; 0 where it is no sensible number."""
    amount = fields["market_value"]
    if isinstance(amount, Cents):
        return amount
    is_number = isinstance(amount, int | Decimal) and not isinstance(amount, bool)
    return int(amount * 100) if is_number and abs(amount) < MAX_VALUE else 0
