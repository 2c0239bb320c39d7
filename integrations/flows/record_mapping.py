"""Maps vendor records to columns and rows of Nucleus; no I/O."""

from __future__ import annotations

from integrations.flows.merchants import MerchantLookup
from integrations.models import AccountLink, Member
from integrations.vendors import records
from nucleus import categories, iso_codes, writes
from nucleus.models import AggregationAccount, BankLink


def stated_currency(code: str | None) -> str | None:
    """The vendor's currency code as it is stored: codes of ISO 4217 in capitals, others unchanged.

    None if the vendor said nothing, or that there is no currency.
    """
    if not code or code.upper() in iso_codes.NO_CURRENCIES:
        return None
    return code.upper() if iso_codes.is_currency(code.upper()) else code


def currency(currency_code: str | None, account: AggregationAccount) -> str:
    """The vendor's currency code, else the account's, else the tenant's."""
    return (
        stated_currency(currency_code)
        or stated_currency(account.currency_code)
        or account.tenant.currency_code
    )


def account_columns(
    record: records.Account, account: AggregationAccount | None = None
) -> dict[str, object]:
    """The columns of an aggregation account that the vendor determines.

    Without a currency from the vendor, `currency_code` is absent: the stored one is kept.

    Args:
        account: the stored one, unless it is new.
    """
    columns: dict[str, object] = {
        "account_name": record.name,
        "account_category_id": categories.account_category_id(
            category=record.category, subcategory=record.subcategory
        ),
        "is_active": not record.is_closed,
        "metadata": dict(record.metadata),
        "apr": record.apr,
        "apy": record.apy,
        "category": record.category,
        "credit_limit": record.credit_limit,
        "death_benefit": record.death_benefit,
        "interest_rate": record.interest_rate,
        "is_asset": record.is_asset,
        "is_business": record.is_business,
        "is_cash": record.is_cash,
        "is_classified": record.is_classified,
        "is_investment": record.is_investment,
        "last_payment": record.last_payment,
        "last_payment_date": record.last_payment_date,
        "mask": record.mask,
        "maturity_date": record.maturity_date,
        "minimum_payment": record.minimum_payment,
        "next_payment_date": record.next_payment_date,
        "subcategory": record.subcategory,
    }
    if code := stated_currency(record.currency_code):
        columns["currency_code"] = code
    elif account and stated_currency(account.currency_code) is None:
        columns["currency_code"] = account.tenant.currency_code
    return columns


def bank_link_columns(
    record: records.Account, member: Member, bank_link: BankLink
) -> dict[str, object]:
    """The columns of a bank link that its account and connection determine."""
    institution = member.institution
    currency_code = stated_currency(record.currency_code) or bank_link.currency_code
    return {
        "institution": institution,
        "institution_name": (institution.name if institution else member.name) or "Unknown",
        "bank_account_name": record.name,
        "type": record.kind,
        "currency_code": currency_code or member.tenant.currency_code,
        "balance": record.balance.current,
        "available_balance": record.balance.available,
    }


def transaction(
    record: records.Transaction, link: AccountLink, lookup: MerchantLookup
) -> writes.TransactionRow:
    """The row of a transaction of the link's account.

    Args:
        lookup: loaded with the merchant and location of this transaction.
    """
    account = link.aggregation_account
    merchant = lookup.merchants.get(record.merchant_id or "")
    return writes.TransactionRow(
        source_id=record.id,
        source_updated_at=record.updated_at,
        source_generation=link.generation,
        transaction_date=record.transacted_at,
        booking_date=record.booking_date or record.transacted_at.date(),
        currency_code=currency(record.currency_code, account),
        status=record.status,
        amount=record.amount,
        transaction_type=record.direction,
        category=record.category,
        subcategory=record.subcategory,
        description=record.description,
        memo=record.memo,
        merchant=merchant.name if merchant else None,
        merchant_id=merchant.id if merchant else None,
        source_category_id=categories.transaction_category_id(
            category=record.category,
            subcategory=record.subcategory,
            merchant_category_code=record.merchant_category_code,
        ),
        location=_location(record, lookup),
        is_recurring=record.is_recurring,
        is_fee=record.is_fee,
        is_transfer=record.is_transfer,
        metadata=dict(record.metadata),
    )


LOCATION_FIELDS = (
    "address_line1", "city", "state", "postalcode", "country", "latitude", "longitude",
)  # fmt: skip


def _location(record: records.Transaction, lookup: MerchantLookup) -> dict[str, object] | None:
    """The merchant's location; what the transaction itself states takes precedence."""
    merchant_location = lookup.locations.get(record.merchant_location_id or "")
    location: dict[str, object] = {}
    for source in (merchant_location, record.location):
        for name in LOCATION_FIELDS:
            value = getattr(source, name, None)
            if value is not None:
                location[name] = value if isinstance(value, str) else float(value)
    return location or None


def holding(record: records.Holding, link: AccountLink) -> writes.HoldingRow:
    """The row of a position of the link's account."""
    return writes.HoldingRow(
        source_id=record.id,
        source_updated_at=record.updated_at,
        source_generation=link.generation,
        currency_code=currency(record.currency_code, link.aggregation_account),
        shares=record.shares,
        ticker=record.ticker,
        ticker_name=record.ticker_name,
        cusip=record.cusip,
        holding_type=record.holding_type,
        amount=record.amount,
        price=record.price,
        cost_basis=record.cost_basis,
        holding_date=record.held_at,
        metadata=dict(record.metadata),
    )
