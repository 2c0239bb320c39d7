"""The vendor's transactions and positions as Nucleus rows."""

from __future__ import annotations

from integrations.flows.merchants import Directory
from integrations.vendors import records
from nucleus import categories, writes
from nucleus.models import AggregationAccount


def currency(currency_code: str | None, account: AggregationAccount) -> str:
    """The code the vendor gave, or the account's, or the tenant's."""
    return currency_code or account.currency_code or account.tenant.currency_code


def transaction(
    seen: records.Transaction, account: AggregationAccount, directory: Directory
) -> writes.TransactionRow:
    merchant = directory.merchants.get(seen.merchant_id or "")
    return writes.TransactionRow(
        source_id=seen.id,
        source_updated_at=seen.updated_at,
        transaction_date=seen.transacted_at,
        currency_code=currency(seen.currency_code, account),
        status=seen.status,
        amount=seen.amount,
        transaction_type=seen.direction,
        category=seen.category,
        subcategory=seen.subcategory,
        description=seen.description,
        memo=seen.memo,
        merchant=merchant.name if merchant else None,
        merchant_id=merchant.id if merchant else None,
        source_category_id=categories.transaction_category_id(
            category=seen.category,
            subcategory=seen.subcategory,
            merchant_category_code=seen.merchant_category_code,
        ),
        location=_location(seen, directory),
        is_recurring=seen.is_recurring,
        is_fee=seen.is_fee,
        is_transfer=seen.is_transfer,
        metadata=dict(seen.metadata),
    )


LOCATION_FIELDS = (
    "address_line1", "city", "state", "postalcode", "country", "latitude", "longitude",
)  # fmt: skip


def _location(seen: records.Transaction, directory: Directory) -> dict[str, object] | None:
    """The merchant's place, with the transaction's own coordinates where it has them."""
    place = directory.locations.get(seen.merchant_location_id or "")
    found: dict[str, object] = {}
    for source in (place, seen.location):
        for name in LOCATION_FIELDS:
            value = getattr(source, name, None)
            if value is not None:
                found[name] = value if isinstance(value, str) else float(value)
    return found or None


def holding(seen: records.Holding, account: AggregationAccount) -> writes.HoldingRow:
    return writes.HoldingRow(
        source_id=seen.id,
        source_updated_at=seen.updated_at,
        currency_code=currency(seen.currency_code, account),
        shares=seen.shares,
        ticker=seen.ticker,
        ticker_name=seen.ticker_name,
        cusip=seen.cusip,
        holding_type=seen.holding_type,
        amount=seen.amount,
        price=seen.price,
        cost_basis=seen.cost_basis,
        holding_date=seen.held_at,
        metadata=dict(seen.metadata),
    )
