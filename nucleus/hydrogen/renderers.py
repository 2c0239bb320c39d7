"""Rows as Hydrogen's objects: one function per object, plain dicts out.

Fields: docs/hydrogen-contract.md#objects.

Plain functions rather than serializers, because lists of hundreds of rows are the hot path.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nucleus import iso_codes
from nucleus.masking import masked
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
    BankLink,
    Business,
    Client,
    Institution,
)
from nucleus.models.bank_links import ROUTING_PARTS
from nucleus.models.ledger import BANK_CREDIT

Body = dict[str, Any]

CLIENT = (
    "id", "username", "client_type", "email", "first_name", "middle_name", "last_name", "title",
    "suffix", "gender", "date_of_birth", "phone_number", "identification_number_type",
    "citizenship_status", "country_of_citizenship", "country_of_residence", "firm_name",
    "firm_type", "hydro_id", "image", "status", "business_id", "address", "authorities", "group",
    "employment", "income", "liquid_net_worth", "total_net_worth", "is_active", "is_verified",
    "secondary_id", "metadata", "create_date", "update_date",
)  # fmt: skip
BUSINESS = (
    "id", "legal_name", "dba_name", "legal_structure", "category", "subcategory", "email",
    "phone_number", "website", "ticker", "identification_number_type", "incorporation_country",
    "incorporation_state", "incorporation_date", "address", "ownership", "status", "is_active",
    "is_public", "is_verified", "secondary_id", "metadata", "create_date", "update_date",
)  # fmt: skip
ACCOUNT = (
    "id", "client_id", "business_id", "institution_id", "account_category_id", "bank_link_id",
    "financial_offer_id", "merged_into_id", "account_name", "account_holder", "institution_name",
    "category", "subcategory", "mask", "currency_code", "apr", "apy", "interest_rate",
    "credit_limit", "last_payment", "minimum_payment", "death_benefit", "last_payment_date",
    "next_payment_date", "maturity_date", "is_active", "is_manual", "is_link_verified",
    "is_asset", "is_business", "is_cash", "is_classified", "is_investment", "secondary_id",
    "metadata", "create_date", "update_date",
)  # fmt: skip
BALANCE = (
    "id", "aggregation_account_id", "currency_code", "balance_time_stamp", "balance",
    "available_balance", "available_credit", "is_active", "secondary_id", "metadata", "create_date",
    "update_date",
)  # fmt: skip
TRANSACTION = (
    "id", "aggregation_account_id", "transaction_date", "booking_date", "currency_code", "status",
    "cash", "investment", "is_recurring", "is_excluded_analysis", "is_active", "is_fee",
    "is_transfer", "secondary_id", "metadata", "create_date", "update_date",
)  # fmt: skip
HOLDING = (
    "id", "aggregation_account_id", "shares", "ticker", "ticker_name", "cusip", "isin", "exchange",
    "asset_class", "holding_type", "currency_code", "amount", "price", "cost_basis",
    "holding_date", "is_active", "secondary_id", "metadata", "create_date", "update_date",
)  # fmt: skip
BANK_LINK = (
    "id", "client_id", "business_id", "account_id", "institution_id", "bank_account_holder",
    "bank_account_name", "institution_name", "type", "mask", "currency_code", "balance",
    "available_balance", "is_active", "is_default", "is_link_verified", "link_verified_date",
    "unverified_reason", "secondary_id", "metadata", "create_date", "update_date",
)  # fmt: skip
INSTITUTION = (
    "id", "name", "code", "website_url", "logo_url_small", "logo_url_medium", "create_date",
    "update_date",
)  # fmt: skip
IS_ISO_4217 = "currency_is_iso4217"  # in metadata: "false" where the currency is another unit
AMOUNTS = ("amount", "price", "quantity", "fee", "value")  # of cash and investment, kept as text


def _pick(row: object, names: tuple[str, ...]) -> Body:
    return {name: getattr(row, name) for name in names}


def is_other_unit(currency_code: str | None) -> bool:
    """Whether amounts are in a unit that is no currency of ISO 4217, such as DOGE."""
    return bool(currency_code) and not iso_codes.is_currency(str(currency_code).upper())


def with_unit(body: Body) -> Body:
    """`body`, marked in its metadata if its currency is another unit, and only then."""
    metadata = {name: value for name, value in body["metadata"].items() if name != IS_ISO_4217}
    if is_other_unit(body["currency_code"]):
        metadata[IS_ISO_4217] = "false"
    return body | {"metadata": metadata}


def client(row: Client) -> Body:
    """The client, without password and identification number."""
    return _pick(row, CLIENT)


def business(row: Business) -> Body:
    """The business, without its identification number."""
    return _pick(row, BUSINESS)


def aggregation_account(row: AggregationAccount) -> Body:
    """The account; its number is never more than the mask."""
    return with_unit(_pick(row, ACCOUNT))


def balance(row: AggregationAccountBalance) -> Body:
    return with_unit(_pick(row, BALANCE))


def transaction(row: AggregationAccountTransaction) -> Body:
    """The transaction; exactly one of bank_credit, cash and investment is set."""
    body = with_unit(_pick(row, TRANSACTION))
    body["bank_credit"] = None if row.amount is None else _pick(row, BANK_CREDIT)
    for name in ("cash", "investment"):
        if body[name]:
            body[name] = {
                field: Decimal(value) if field in AMOUNTS else value
                for field, value in body[name].items()
            }
    return body


def holding(row: AggregationAccountHolding) -> Body:
    return with_unit(_pick(row, HOLDING))


def bank_link(row: BankLink, *, reveal_numbers: bool = False) -> Body:
    """The bank link; numbers are masked unless the caller may see them."""
    body = with_unit(_pick(row, BANK_LINK))
    for name in ("bank_account_number", "routing", "routing_wire"):
        number = getattr(row, name)
        body[name] = number if reveal_numbers else masked(number)
    if not reveal_numbers:
        body["metadata"] = {
            name: value
            for name, value in body["metadata"].items()
            if not name.endswith(ROUTING_PARTS)
        }
    return body


def institution(row: Institution) -> Body:
    return _pick(row, INSTITUTION)
