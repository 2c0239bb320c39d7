"""The fields of MX Platform's objects, and what is in those that the sandbox has nothing for."""

from __future__ import annotations

from typing import Any

# What the 2011 version repeats as the institution gave it, and numbers by who set it.
FED = (
    "account_number", "apr", "apy", "available_balance", "balance", "cash_balance",
    "cash_surrender_value", "credit_limit", "currency_code", "day_payment_is_due",
    "death_benefit", "holdings_value", "interest_rate", "is_closed", "last_payment",
    "last_payment_at", "loan_amount", "matures_on", "minimum_balance", "minimum_payment", "name",
    "nickname", "original_balance", "payment_due_at", "payoff_balance", "routing_number",
    "started_on", "statement_balance", "total_account_value",
)  # fmt: skip
SET_BY = (
    *(name for name in FED if name != "routing_number"), "available_credit", "subtype", "type",
)  # fmt: skip
BY_FEED = 1
# Both versions; those without a value of the sandbox's stay as here.
ACCOUNT: dict[str, Any] = dict.fromkeys((
    "account_number", "account_ownership", "annuity_policy_to_date", "annuity_provider",
    "annuity_term_year", "apr", "apy", "available_balance", "available_credit", "balance",
    "cash_balance", "cash_surrender_value", "created_at", "credit_limit", "currency_code",
    "day_payment_is_due", "death_benefit", "federal_insurance_status", "guid", "id",
    "imported_at", "institution_code", "insured_name", "interest_rate",
    "is_closed", "is_hidden", "is_manual", "last_payment", "last_payment_at", "loan_amount",
    "margin_balance", "matures_on", "member_guid", "member_id", "member_is_managed_by_user",
    "metadata", "minimum_balance", "minimum_payment", "name", "nickname", "original_balance",
    "pay_out_amount", "payment_due_at", "payoff_balance", "premium_amount", "property_type",
    "routing_number", "started_on", "statement_balance", "subtype", "today_ugl_amount",
    "today_ugl_percentage", "total_account_value", "total_account_value_ugl", "type",
    "updated_at", "user_guid", "user_id",
)) | {"is_hidden": False, "is_manual": False, "member_is_managed_by_user": False}  # fmt: skip
ACCOUNT_2011 = (
    "calculated_apr", "feed_account_subtype", "feed_account_type", "holdings_value",
    "institution_guid",
)  # fmt: skip
TRANSACTION: dict[str, Any] = dict.fromkeys((
    "account_guid", "account_id", "amount", "category", "category_guid", "check_number_string",
    "created_at", "currency_code", "date", "description", "extended_transaction_type", "guid",
    "id", "is_bill_pay", "is_direct_deposit", "is_expense", "is_fee", "is_income",
    "is_international", "is_manual", "is_overdraft_fee", "is_payroll_advance", "is_recurring",
    "is_subscription", "latitude", "localized_description", "localized_memo", "longitude",
    "member_guid", "member_is_managed_by_user", "memo", "merchant_category_code",
    "merchant_guid", "merchant_location_guid", "metadata", "original_description", "posted_at",
    "status", "top_level_category", "transacted_at", "type", "updated_at", "user_guid", "user_id",
)) | {"is_manual": False, "member_is_managed_by_user": False}  # fmt: skip
HOLDING: dict[str, Any] = dict.fromkeys((
    "account_guid", "cost_basis", "coupon_yield", "created_at", "currency_code", "current_price",
    "current_price_as_of", "daily_change", "description", "expiration", "face_value", "frequency",
    "guid", "holding_type", "issue_date", "market_value", "maturity_date", "percentage_change",
    "purchase_price", "put_or_call", "quantity", "rate", "strike_price", "symbol", "term",
    "term_unit", "today_ugl_amount", "today_ugl_percentage", "total_ugl_amount",
    "total_ugl_percentage", "unvested_quantity", "unvested_value", "user_guid",
    "vested_quantity", "vested_value", "vesting_end_date", "vesting_start_date",
))  # fmt: skip
NUMBER: dict[str, Any] = dict.fromkeys((
    "account_guid", "account_number", "guid", "institution_number", "loan_guarantor",
    "loan_reference_number", "member_guid", "passed_validation", "routing_number",
    "sequence_number", "transit_number", "user_guid",
)) | {"passed_validation": True}  # fmt: skip
OWNER: dict[str, Any] = dict.fromkeys((
    "account_guid", "address", "city", "country", "email", "first_name", "guid", "last_name",
    "member_guid", "owner_name", "phone", "postal_code", "state", "user_guid",
))  # fmt: skip
INSTITUTION: dict[str, Any] = dict.fromkeys((
    "code", "forgot_password_url", "forgot_username_url", "instructional_text",
    "instructional_text_steps", "is_disabled_by_client", "iso_country_code", "medium_logo_url",
    "name", "small_logo_url", "supports_oauth", "supports_tax_document", "trouble_signing_in_url",
    "url",
)) | {
    "is_disabled_by_client": False, "iso_country_code": "US", "supports_tax_document": False,
}  # fmt: skip
INSTITUTION_2011 = (
    "supports_account_identification", "supports_account_statement",
    "supports_account_verification", "supports_transaction_history",
)  # fmt: skip
MERCHANT = dict.fromkeys(("created_at", "guid", "logo_url", "name", "updated_at", "website_url"))
LOCATION: dict[str, Any] = dict.fromkeys((
    "city", "country", "created_at", "guid", "latitude", "longitude", "merchant_guid",
    "phone_number", "postal_code", "state", "street_address", "updated_at",
))  # fmt: skip


def fill(table: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The fields of the table, with those of `values` that it has."""
    return {name: values.get(name, default) for name, default in table.items()}
