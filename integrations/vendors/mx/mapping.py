"""MX's payloads → records. Pure: value in, value out.

Rules: docs/hydrogen-contract.md#mx-to-nucleus.

MX's `category` is the leaf and `top_level_category` its parent: they are swapped. Amounts are
positive; direction is in `type`. Account numbers never leave this module but for their last four.
"""

from __future__ import annotations

from decimal import Decimal

from integrations.vendors import records
from integrations.vendors.mx import statuses
from integrations.vendors.mx.values import (
    InvalidPayload,
    Payload,
    day,
    extra_metadata,
    flag,
    instant,
    integer,
    number,
    readable,
    required,
    text,
    web_url,
)
from nucleus.masking import mask

# Atrium reference, "Account types and subtypes"; the words are Hydrogen's ("Bank Account").
CATEGORIES = {
    "ANY": ("Other", None),
    "CHECKING": ("Bank Account", "Checking Account"),
    "SAVINGS": ("Bank Account", "Savings Account"),
    "LOAN": ("Loan", None),
    "CREDIT_CARD": ("Credit Card", None),
    "INVESTMENT": ("Investment", None),
    "LINE_OF_CREDIT": ("Line of Credit", None),
    "MORTGAGE": ("Mortgage", None),
    "PROPERTY": ("Property", None),
    "CASH": ("Cash", None),
    "INSURANCE": ("Insurance", None),
    "PREPAID": ("Prepaid", None),
}
SUBCATEGORIES = {
    "CERTIFICATE_OF_DEPOSIT": "Certificate of Deposit",
    "HELOC": "HELOC",
    "HRA": "HRA",
    "HSA": "HSA",
    "IRA": "IRA",
    "PLAN_401_A": "401(a)",
    "PLAN_401_K": "401(k)",
    "PLAN_403_B": "403(b)",
    "PLAN_409_A": "409(a)",
    "PLAN_457": "457",
    "PLAN_529": "529",
    "PLAN_ROTH_401_K": "Roth 401(k)",
    "PLAN_ROTH_403_B": "Roth 403(b)",
    "ROTH_IRA": "Roth IRA",
    "RV": "RV",
}
OPPOSITES = {"Credit": "Debit", "Debit": "Credit"}
DEBTS = {"CREDIT_CARD", "LOAN", "LINE_OF_CREDIT", "MORTGAGE"}
CASH = {"CHECKING", "SAVINGS", "CASH", "PREPAID"}
DEMAND_DEPOSITS = {"CHECKING", "SAVINGS"}
BUSINESS = {
    "SMALL_BUSINESS",
    "CORPORATE_ACCOUNT",
    "LIMITED_LIABILITY_ACCOUNT",
    "PARTNERSHIP",
    "SOLE_PROPRIETORSHIP",
}
ACCOUNT_META = (
    "cash_balance", "cash_surrender_value", "holdings_value", "loan_amount", "minimum_balance",
    "original_balance", "payoff_balance", "pay_out_amount", "premium_amount",
    "total_account_value", "insured_name", "started_on", "day_payment_is_due",
)  # fmt: skip
TRANSACTION_META = (
    "original_description", "posted_at", "check_number_string", "is_bill_pay",
    "is_direct_deposit", "is_expense", "is_income", "is_international", "is_payroll_advance",
    "merchant_category_code",
)  # fmt: skip


def user(payload: Payload) -> records.User:
    return records.User(
        id=required(payload, "guid"),
        identifier=text(payload, "identifier"),
        is_disabled=flag(payload, "is_disabled"),
        raw=payload,
    )


def institution(payload: Payload) -> records.Institution:
    code = required(payload, "code")
    return records.Institution(
        code=code,
        name=text(payload, "name") or code,
        website_url=web_url(payload, "url"),
        logo_url_small=web_url(payload, "small_logo_url"),
        logo_url_medium=web_url(payload, "medium_logo_url"),
    )


def member(payload: Payload) -> records.Member:
    return records.Member(
        id=required(payload, "guid"),
        user_id=required(payload, "user_guid"),
        name=text(payload, "name"),
        institution_code=text(payload, "institution_code"),
        connection=statuses.connection(payload.get("connection_status")),
        is_aggregating=flag(payload, "is_being_aggregated"),
        aggregated_at=instant(payload, "aggregated_at"),
        successfully_aggregated_at=instant(payload, "successfully_aggregated_at"),
    )


def account(payload: Payload) -> records.Account:
    kind = text(payload, "type") or "ANY"
    subtype = text(payload, "subtype")
    category, subcategory = CATEGORIES.get(kind, (readable(kind), None))
    if subtype:
        subcategory = SUBCATEGORIES.get(subtype, readable(subtype))
    currency = currency_code(payload)
    return records.Account(
        id=required(payload, "guid"),
        user_id=required(payload, "user_guid"),
        member_id=text(payload, "member_guid"),
        institution_code=text(payload, "institution_code"),
        name=text(payload, "name") or subcategory or (category if kind != "ANY" else "Account"),
        kind=kind.lower(),
        category=category,
        subcategory=subcategory,
        is_asset=kind not in DEBTS,
        is_cash=kind in CASH,
        is_investment=kind == "INVESTMENT",
        is_business=subtype in BUSINESS,
        is_closed=flag(payload, "is_closed"),
        can_verify=kind in DEMAND_DEPOSITS,
        mask=mask(text(payload, "account_number") or "") or None,
        currency_code=currency,
        balance=records.Balance(
            current=number(payload, "balance"),
            available=number(payload, "available_balance"),
            available_credit=number(payload, "available_credit"),
            currency_code=currency,
            as_of=instant(payload, "updated_at"),
        ),
        apr=number(payload, "apr"),
        apy=number(payload, "apy"),
        interest_rate=number(payload, "interest_rate"),
        credit_limit=number(payload, "credit_limit"),
        last_payment=number(payload, "last_payment"),
        minimum_payment=number(payload, "minimum_payment"),
        death_benefit=number(payload, "death_benefit"),
        last_payment_date=instant(payload, "last_payment_at"),
        next_payment_date=instant(payload, "payment_due_at"),
        maturity_date=instant(payload, "matures_on"),
        metadata=extra_metadata(payload, ACCOUNT_META),
    )


def currency_code(payload: Payload) -> str | None:
    """An ISO 4217 code, or None."""
    code = (text(payload, "currency_code") or "").upper()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else None


def transaction(payload: Payload) -> records.Transaction:
    amount = number(payload, "amount")
    if amount is None:
        raise InvalidPayload("MX sent no usable amount.")
    moments = (
        instant(payload, name) for name in ("transacted_at", "date", "posted_at", "created_at")
    )
    transacted_at = next((moment for moment in moments if moment), None)
    if transacted_at is None:
        raise InvalidPayload("MX sent no usable date.")
    parent = text(payload, "top_level_category")
    place = records.Location(
        latitude=coordinate(payload, "latitude", 90),
        longitude=coordinate(payload, "longitude", 180),
    )
    return records.Transaction(
        id=required(payload, "guid"),
        account_id=required(payload, "account_guid"),
        amount=abs(amount),
        direction=_direction(payload, amount),
        status=(text(payload, "status", 32) or "unknown").lower()[:32],
        transacted_at=transacted_at,
        booking_date=day(payload, "date") or transacted_at.date(),
        currency_code=currency_code(payload),
        category=parent,
        subcategory=text(payload, "category"),
        description=text(payload, "description", 2000),
        memo=text(payload, "memo", 2000),
        merchant_id=text(payload, "merchant_guid"),
        merchant_location_id=text(payload, "merchant_location_guid"),
        merchant_category_code=integer(payload, "merchant_category_code"),
        location=place if place != records.Location() else None,
        is_recurring=flag(payload, "is_subscription"),
        is_fee=flag(payload, "is_fee") or flag(payload, "is_overdraft_fee"),
        is_transfer=parent == "Transfer",
        updated_at=instant(payload, "updated_at"),
        metadata=extra_metadata(payload, TRANSACTION_META),
    )


def _direction(payload: Payload, amount: Decimal) -> str:
    """Credit or Debit. A negative amount reverses it: a debit of -12.34 is a refund."""
    direction = readable(text(payload, "type", 32) or "UNKNOWN", 32)
    return OPPOSITES.get(direction, direction) if amount < 0 else direction


def coordinate(payload: Payload, name: str, max_degrees: int) -> Decimal | None:
    """Degrees, when they are on the globe."""
    degrees = number(payload, name)
    return degrees if degrees is not None and abs(degrees) <= max_degrees else None


def holding(payload: Payload) -> records.Holding:
    shares = number(payload, "shares")
    if shares is None:
        raise InvalidPayload("MX sent no usable number of shares.")
    value = number(payload, "market_value")
    price = None
    if value is not None and shares:
        price = number({"price": value / shares}, "price")
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
        metadata=extra_metadata(payload, ("purchase_price", "daily_change")),
    )


def account_number(payload: Payload) -> records.AccountNumber:
    """Account and routing number; Canada's routing is "0" + institution (3) + transit (5)."""
    digits = text(payload, "account_number", 64)
    routing = text(payload, "routing_number", 64)
    institution_number = text(payload, "institution_number", 3)
    transit = text(payload, "transit_number", 5)
    if not routing and institution_number and transit:
        routing = f"0{institution_number:0>3}{transit:0>5}"
    if not digits or not routing:
        raise InvalidPayload("MX sent an incomplete account number.")
    return records.AccountNumber(
        account_id=required(payload, "account_guid"),
        account_number=digits,
        routing=routing,
        metadata=extra_metadata(payload, ("institution_number", "transit_number")),
    )


def account_owner(payload: Payload) -> records.AccountOwner:
    name = text(payload, "owner_name")
    if not name:
        raise InvalidPayload("MX sent an owner without a name.")
    return records.AccountOwner(account_id=required(payload, "account_guid"), name=name)


def merchant(payload: Payload) -> records.Merchant:
    name = text(payload, "name")
    if not name:
        raise InvalidPayload("MX sent a merchant without a name.")
    return records.Merchant(
        id=required(payload, "guid"),
        name=name,
        logo_url=web_url(payload, "logo_url"),
        website_url=web_url(payload, "website_url"),
    )


def merchant_location(payload: Payload) -> records.Location:
    return records.Location(
        address_line1=text(payload, "street_address"),
        city=text(payload, "city"),
        state=text(payload, "state"),
        postalcode=text(payload, "postal_code", 64),
        country=text(payload, "country", 64),
        latitude=coordinate(payload, "latitude", 90),
        longitude=coordinate(payload, "longitude", 180),
    )
