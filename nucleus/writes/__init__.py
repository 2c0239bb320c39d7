"""The writers of records. What sources send is written idempotently; unchanged rows stay untouched.

accounts           aggregation accounts, institutions, merchants
ledger             balances, holdings
transactions       transactions
listed_rows        whether what a source lists of them is stored already
bulk_upsert        the set-based upsert behind transactions and holdings
continuation       rows of an account that another source continues
bank_links         what verification finds
owners             clients and businesses
tenants            tenants, as `provision` sets them up
staff              which tenants a user of the admin sees
records            the other records that tenants write themselves, one or many at a time
references         which rows these may refer to
rules              what else they must obey
audit_logs         entries of the tenant's own audit log
bulk_transactions  outcomes of bulk requests
currency_rates     exchange rates of a tenant
erasure            deletion and redaction of a client's rows
account_merges     positions of an account that is merged into another one
merged_transactions  its transactions, in a few statements
merged_accounts    the accounts themselves, and their balances
undone_merges      the same positions, when the merge is undone
separated_transactions  the same transactions
sourced_entries    how both read and write many entries
changes            saving only what differs
"""

from nucleus.writes.accounts import (
    AccountGone,
    create_aggregation_account,
    delete_aggregation_account,
    lock,
    unchanged_account,
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
    BalanceRow,
    HoldingRow,
    has_active_holdings,
    record_balance,
    retire_missing_holdings,
    stored_holdings,
    unchanged_balance,
    upsert_holdings,
)
from nucleus.writes.transactions import (
    StoredTransaction,
    TransactionRow,
    cancel_transactions,
    sourced_transactions,
    stored_transactions,
    upsert_transactions,
)

__all__ = [
    "MAX_RATES_BYTES",
    "AccountGone",
    "BalanceRow",
    "HoldingRow",
    "RatesRefused",
    "StoredTransaction",
    "TransactionRow",
    "cancel_transactions",
    "create_aggregation_account",
    "delete_aggregation_account",
    "has_active_holdings",
    "lock",
    "read_currency_rates",
    "record_balance",
    "retire_missing_holdings",
    "sourced_transactions",
    "store_currency_rates",
    "stored_holdings",
    "stored_transactions",
    "unchanged_account",
    "unchanged_balance",
    "update_aggregation_account",
    "upsert_holdings",
    "upsert_institution",
    "upsert_merchant",
    "upsert_merchant_location",
    "upsert_transactions",
]
