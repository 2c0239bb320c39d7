"""The writers of records. What sources send is written idempotently; unchanged rows stay untouched.

accounts  aggregation accounts, institutions, merchants
ledger    balances, transactions, holdings
staging   the set-based upsert behind transactions and holdings
currency_rates  what staff upload
records   what tenants write themselves, one or many at a time
rules     what they may write
"""

from nucleus.writes.accounts import (
    AccountGone,
    create_aggregation_account,
    update_aggregation_account,
    upsert_institution,
    upsert_merchant,
    upsert_merchant_location,
)
from nucleus.writes.currency_rates import (
    MAX_RATES_BYTES,
    RatesRefused,
    read_currency_rates,
    store_currency_rates,
)
from nucleus.writes.ledger import (
    HoldingRow,
    TransactionRow,
    cancel_missing_pending,
    record_balance,
    retire_missing_holdings,
    stored_holdings,
    stored_transactions,
    upsert_holdings,
    upsert_transactions,
)

__all__ = [
    "MAX_RATES_BYTES",
    "AccountGone",
    "HoldingRow",
    "RatesRefused",
    "TransactionRow",
    "cancel_missing_pending",
    "create_aggregation_account",
    "read_currency_rates",
    "record_balance",
    "retire_missing_holdings",
    "store_currency_rates",
    "stored_holdings",
    "stored_transactions",
    "update_aggregation_account",
    "upsert_holdings",
    "upsert_institution",
    "upsert_merchant",
    "upsert_merchant_location",
    "upsert_transactions",
]
