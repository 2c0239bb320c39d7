"""MX's holdings → records: Atrium's, and those of MX Platform.

Rules: docs/hydrogen-contract.md#mx-to-nucleus.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from integrations.vendors import records
from integrations.vendors.mx.mapping import currency_code
from integrations.vendors.mx.values import (
    InvalidPayload,
    Payload,
    extra_metadata,
    instant,
    number,
    required,
    text,
)

CASH_NAMES = {"CASH", "CASH BALANCE", "CASH POSITION", "USD", "CAD", "CUR:USD", "CUR:CAD"}
ATRIUM_META = ("purchase_price", "daily_change")
PLATFORM_META = (
    *ATRIUM_META,
    "maturity_date", "rate", "coupon_yield", "face_value", "frequency", "issue_date", "term",
    "term_unit", "put_or_call", "strike_price", "expiration", "vested_quantity", "vested_value",
    "unvested_quantity", "unvested_value", "vesting_start_date", "vesting_end_date",
    "total_ugl_amount", "total_ugl_percentage", "today_ugl_amount", "today_ugl_percentage",
    "percentage_change",
)  # fmt: skip


def holding(payload: Payload) -> records.Holding:
    """A position as Atrium has it. The price is what a share of its market value comes to."""
    shares = _shares(payload, "shares")
    value = number(payload, "market_value")
    price = number({"price": value / shares}, "price") if value is not None and shares else None
    return records.Holding(
        id=required(payload, "guid"),
        account_id=required(payload, "account_guid"),
        shares=shares,
        ticker=text(payload, "symbol", 64),
        ticker_name=text(payload, "description"),
        cusip=text(payload, "cusip", 64),
        holding_type=text(payload, "holding_type", 64),
        currency_code=currency_code(payload),
        amount=value,
        price=price,
        cost_basis=number(payload, "cost_basis"),
        held_at=instant(payload, "updated_at"),
        updated_at=instant(payload, "updated_at"),
        metadata=extra_metadata(payload, ATRIUM_META),
    )


def investment_holding(payload: Payload) -> records.Holding:
    """A position as MX Platform has it: with MX's own price, but no CUSIP and no `updated_at`."""
    plain = {**payload, "shares": payload.get("quantity")}
    record = holding(plain)
    price = number(payload, "current_price")
    return replace(
        record,
        price=record.price if price is None else price,
        held_at=instant(payload, "current_price_as_of"),
        metadata=extra_metadata(payload, PLATFORM_META),
    )


def _shares(payload: Payload, name: str) -> Decimal:
    """The number of shares; cash without one has as many as it is worth, at a price of 1."""
    shares, value = number(payload, name), number(payload, "market_value")
    if not shares and value is not None and _is_cash(payload):
        shares = value
    if shares is None:
        raise InvalidPayload(
            "MX sent no usable number of shares."
            if value is not None
            else "MX sent neither a usable number of shares nor a market value."
        )
    return shares


def _is_cash(payload: Payload) -> bool:
    """Whether a position is money, by its type, or by its name where it has none."""
    holding_type = text(payload, "holding_type", 64)
    if holding_type and holding_type.upper() != "UNKNOWN_TYPE":
        return holding_type.upper() == "CASH"
    return any(
        (text(payload, name) or "").upper() in CASH_NAMES for name in ("symbol", "description")
    )
