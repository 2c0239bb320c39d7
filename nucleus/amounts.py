"""Amounts and directions of money as people read them. Nothing is rounded."""

from __future__ import annotations

from decimal import Decimal

from nucleus import iso_codes

MINUS = "\N{MINUS SIGN}"
DEFAULT_PLACES = 2
NOTHING = "-"
DIRECTION_NAMES = {"Credit": "money in", "Debit": "money out"}


def number(amount: Decimal | None, places: int = 0) -> str:
    """All digits of an amount, at least `places` of them behind the point, in groups of three."""
    if amount is None:
        return NOTHING
    digits = f"{abs(amount):,f}"
    integer, _, fraction = digits.partition(".")
    fraction = fraction.rstrip("0").ljust(places, "0")
    sign = MINUS if amount < 0 else ""
    return f"{sign}{integer}.{fraction}" if fraction else f"{sign}{integer}"


def money(amount: Decimal | None, currency_code: str | None) -> str:
    """An amount with its currency, such as "1,234.50 USD"."""
    if amount is None:
        return NOTHING
    code = (currency_code or "").upper()
    places = iso_codes.minor_units(code)
    text = number(amount, DEFAULT_PLACES if places is None else places)
    return f"{text} {currency_code}" if currency_code else text


def signed(amount: Decimal | None, direction: str | None) -> Decimal | None:
    """The amount as it changes what the account holds: stored ones have no sign, Debit takes."""
    return -amount if amount is not None and direction == "Debit" else amount


def direction_name(direction: str | None) -> str:
    """In words; directions that only the source understands as they are."""
    return DIRECTION_NAMES.get(direction or "", direction or NOTHING)
