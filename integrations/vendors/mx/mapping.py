"""MX's payloads → records. Pure: value in, value out.

Rules: docs/hydrogen-contract.md#mx-to-nucleus.

MX's `category` is the leaf and `top_level_category` its parent: they are swapped. Amounts are
positive; direction is in `type`. Account numbers never leave this module but for their last four.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integrations.vendors import records
from integrations.vendors.mx import account_kinds, statuses
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
from nucleus import exact_json
from nucleus.masking import mask

OPPOSITES = {"Credit": "Debit", "Debit": "Credit"}
ACCOUNT_META = (
    "cash_balance", "cash_surrender_value", "holdings_value", "loan_amount", "minimum_balance",
    "original_balance", "payoff_balance", "pay_out_amount", "premium_amount",
    "total_account_value", "insured_name", "started_on", "day_payment_is_due",
    # MX Platform only:
    "nickname", "is_hidden", "is_manual", "statement_balance", "margin_balance",
    "account_ownership", "federal_insurance_status", "property_type", "today_ugl_amount",
    "today_ugl_percentage", "total_account_value_ugl", "annuity_policy_to_date",
    "annuity_provider", "annuity_term_year",
)  # fmt: skip
TRANSACTION_META = (
    "original_description", "posted_at", "check_number_string", "is_bill_pay",
    "is_direct_deposit", "is_expense", "is_income", "is_international", "is_payroll_advance",
    "merchant_category_code",
    # MX Platform only:
    "category_guid", "extended_transaction_type", "localized_description", "localized_memo",
)  # fmt: skip


def user(payload: Payload, key: str = "identifier") -> records.User:
    """A user. `key`: where the identifier is that we chose."""
    return records.User(
        id=required(payload, "guid"),
        identifier=text(payload, key),
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
        connection=statuses.connection(
            payload.get("connection_status"),
            error_code=_error_code(payload.get("error")),
            needs_credentials=flag(payload, "needs_updated_credentials"),
        ),
        is_aggregating=flag(payload, "is_being_aggregated"),
        aggregated_at=instant(payload, "aggregated_at"),
        successfully_aggregated_at=instant(payload, "successfully_aggregated_at"),
        is_refreshed_by_vendor=not flag(payload, "background_aggregation_is_disabled"),
    )


def _error_code(error: Any) -> int | None:
    """The code of a member's `error`, which MX has also sent as JSON in a string."""
    if isinstance(error, str):
        try:
            error = exact_json.parse(error.encode(errors="replace"), strict=False)
        except exact_json.Malformed:
            return None
    return integer(error, "error_code") if isinstance(error, dict) else None


def account(payload: Payload) -> records.Account:
    code = account_kinds.code_of(text(payload, "type"))
    subtype = account_kinds.code_of(text(payload, "subtype"))
    kind = account_kinds.kind_of(code, subtype)
    subcategory = account_kinds.subcategory_of(subtype) or kind.subcategory
    is_named = code not in ("", account_kinds.ANY)
    currency = currency_code(payload)
    return records.Account(
        id=required(payload, "guid"),
        user_id=required(payload, "user_guid"),
        member_id=text(payload, "member_guid"),
        institution_code=text(payload, "institution_code"),
        name=text(payload, "name") or subcategory or (kind.category if is_named else "Account"),
        kind=(code or account_kinds.ANY).lower(),
        category=kind.category,
        subcategory=subcategory,
        is_asset=kind.is_asset,
        is_cash=kind.is_cash,
        is_classified=kind.is_classified,
        is_investment=kind.is_investment,
        is_business=subtype in account_kinds.BUSINESS_SUBTYPES,
        is_closed=flag(payload, "is_closed"),
        can_verify=kind.can_verify,
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
    """MX's currency, which is not always one of ISO 4217; see records.MAX_CURRENCY_CODE."""
    return text(payload, "currency_code", records.MAX_CURRENCY_CODE)


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
    place = _place(payload)
    parent_class = text(included(payload, "classification"), "parent_class")
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
        merchant=_included_merchant(payload),
        merchant_location_id=text(payload, "merchant_location_guid"),
        merchant_category_code=integer(payload, "merchant_category_code"),
        location=place if place != records.Location() else None,
        is_recurring=flag(payload, "is_subscription")
        or bool(included(payload, "repeating_transaction")),
        is_fee=flag(payload, "is_fee")
        or flag(payload, "is_overdraft_fee")
        or parent_class == "Fees",
        is_transfer="Transfer" in (parent, parent_class),
        updated_at=instant(payload, "updated_at"),
        metadata=_transaction_metadata(payload, amount),
    )


def included(payload: Payload, name: str) -> Payload:
    """An object that MX Platform adds to a transaction when it is asked to; empty without one."""
    value = payload.get(name)
    return value if isinstance(value, dict) else {}


def _place(payload: Payload) -> records.Location:
    """Where it happened. The key with the space is MX's."""
    place = included(payload, "geolocation")
    return records.Location(
        city=text(place, "city"),
        state=text(place, "state"),
        postalcode=text(place, "postal code", 64) or text(place, "postal_code", 64),
        country=text(place, "country", 64),
        latitude=coordinate(payload, "latitude", 90),
        longitude=coordinate(payload, "longitude", 180),
    )


def _included_merchant(payload: Payload) -> records.Merchant | None:
    """The merchant that the transaction names by its id, where MX describes it."""
    details = included(payload, "merchant")
    if not details or details.get("guid") != payload.get("merchant_guid"):
        return None
    try:
        return merchant(details)
    except InvalidPayload:
        return None


def _transaction_metadata(payload: Payload, amount: Decimal) -> dict[str, str]:
    """What has no column; also the sign of an amount whose direction is unknown."""
    names: tuple[str, ...] = TRANSACTION_META
    if amount < 0 and _direction(payload, amount) not in OPPOSITES:
        names = (*names, "amount")
    classification = extra_metadata(included(payload, "classification"), ("parent_class",))
    return extra_metadata(payload, names) | classification


def _direction(payload: Payload, amount: Decimal) -> str:
    """Credit or Debit. A negative amount reverses it: a debit of -12.34 is a refund."""
    direction = readable(text(payload, "type", 32) or "UNKNOWN", 32)
    return OPPOSITES.get(direction, direction) if amount < 0 else direction


def coordinate(payload: Payload, name: str, max_degrees: int) -> Decimal | None:
    """Degrees, when they are on the globe."""
    degrees = number(payload, name)
    return degrees if degrees is not None and abs(degrees) <= max_degrees else None


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
        is_valid=payload.get("passed_validation") is not False,
        metadata=extra_metadata(payload, ("institution_number", "transit_number")),
    )


def account_owner(payload: Payload) -> records.AccountOwner:
    parts = (text(payload, "first_name"), text(payload, "last_name"))
    name = text(payload, "owner_name") or " ".join(part for part in parts if part)
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
