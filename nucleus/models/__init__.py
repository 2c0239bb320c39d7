"""The system of record. Nothing here knows a vendor."""

from nucleus.models.accounts import AggregationAccount
from nucleus.models.audit import AuditLog
from nucleus.models.bank_links import BankLink
from nucleus.models.bulk import BulkTransaction
from nucleus.models.currencies import CurrencyRate
from nucleus.models.institutions import Institution
from nucleus.models.ledger import (
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
)
from nucleus.models.merchants import Merchant, MerchantLocation
from nucleus.models.staff import StaffAccess, StaffAction
from nucleus.models.tenancy import Business, Client, Owner, Tenant

__all__ = [
    "AggregationAccount",
    "AggregationAccountBalance",
    "AggregationAccountHolding",
    "AggregationAccountTransaction",
    "AuditLog",
    "BankLink",
    "BulkTransaction",
    "Business",
    "Client",
    "CurrencyRate",
    "Institution",
    "Merchant",
    "MerchantLocation",
    "Owner",
    "StaffAccess",
    "StaffAction",
    "Tenant",
]
