"""Entries of aggregation accounts: balances, transactions, holdings.

`source_id` is the key under which the record's source knows it (unique within the account) and
`source_updated_at` when the source last changed it; both stay out of the API. Rows written by the
tenant itself have neither.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from nucleus.models.base import CURRENCY_LENGTH, ApiRecord, MoneyField

# Columns of a transaction of money in a bank account; Hydrogen nests them under `bank_credit`.
BANK_CREDIT = (
    "amount", "transaction_type", "category", "subcategory", "description", "memo", "merchant",
    "merchant_id", "transaction_category_id", "location",
)  # fmt: skip
DIRECTIONS = ("Credit", "Debit")
STATUSES = ("posted", "pending", "canceled")
UNKNOWN_VALUES = Q(source_id__isnull=False) & (  # what a source says and nobody here understands
    ~Q(transaction_type__in=DIRECTIONS) | ~Q(status__in=STATUSES)
)


class AccountEntry(ApiRecord):
    """A row that belongs to one aggregation account.

    Both foreign keys lead another index of every subclass; one of their own would only cost writes.
    """

    tenant = models.ForeignKey(
        "nucleus.Tenant", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    aggregation_account = models.ForeignKey(
        "nucleus.AggregationAccount",
        on_delete=models.CASCADE,
        related_name="%(class)s_set",
        db_index=False,
        verbose_name="account",
    )
    currency_code = models.CharField("currency", max_length=CURRENCY_LENGTH)
    is_active = models.BooleanField("active", default=True)

    class Meta:
        abstract = True


class SourcedEntry(AccountEntry):
    """An entry that a source may update.

    `source_generation` counts the sources that an account has had: when it is linked to another
    account of a vendor, the ids of its entries change. An entry has the generation under which its
    `source_id` was last listed. Generation 0: a merge of two accounts brought the entry or left it
    without source; an equal one of a source takes its place, but no source says that it is gone.
    """

    source_id = models.CharField(max_length=255, null=True, blank=True, editable=False)
    source_updated_at = models.DateTimeField(null=True, blank=True, editable=False)
    source_generation = models.PositiveSmallIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


class AggregationAccountBalance(AccountEntry):
    """A balance at a point in time; the newest is the current one."""

    balance_time_stamp = models.DateTimeField()
    balance = MoneyField(null=True, blank=True)
    available_balance = MoneyField(null=True, blank=True)
    available_credit = MoneyField(null=True, blank=True)

    class Meta:
        verbose_name = "balance"
        indexes = [
            models.Index(fields=["tenant", "-update_date", "id"]),
            models.Index(fields=["tenant", "-create_date", "id"]),
            models.Index(fields=["aggregation_account", "-balance_time_stamp"]),
            models.Index(
                fields=["tenant", "secondary_id"],
                condition=models.Q(secondary_id__isnull=False),
                name="balance_secondary_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.aggregation_account_id} at {self.balance_time_stamp}"


class AggregationAccountTransaction(SourcedEntry):
    """A movement of money: one of bank_credit (flattened here), cash or investment."""

    # Filters that compare an instant with a day compare the bank's day, not the one in UTC.
    DAY_COLUMNS: ClassVar[dict[str, str]] = {"transaction_date": "booking_date"}
    ALWAYS_SET: ClassVar[frozenset[str]] = frozenset({"booking_date"})  # by all that writes rows

    transaction_date = models.DateTimeField()
    # The day under which the bank books it; the day of transaction_date (UTC) where nobody said.
    booking_date = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=32, null=True, blank=True)
    amount = MoneyField(null=True, blank=True)  # set exactly when this is a bank_credit
    transaction_type = models.CharField(max_length=32, null=True, blank=True)
    category = models.CharField(max_length=255, null=True, blank=True)
    subcategory = models.CharField(max_length=255, null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    memo = models.TextField(null=True, blank=True)
    merchant = models.CharField(max_length=255, null=True, blank=True)
    merchant_id = models.UUIDField(null=True, blank=True)
    transaction_category_id = models.UUIDField(null=True, blank=True)
    # The category that the source named; if transaction_category_id differs, the tenant chose it.
    source_category_id = models.UUIDField(null=True, blank=True, editable=False)
    location = models.JSONField(null=True, blank=True)
    cash = models.JSONField(null=True, blank=True)
    investment = models.JSONField(null=True, blank=True)
    is_recurring = models.BooleanField("recurring", default=False)
    is_excluded_analysis = models.BooleanField("excluded from analyses", default=False)
    is_fee = models.BooleanField("fee", default=False)
    is_transfer = models.BooleanField("transfer", default=False)

    class Meta:
        verbose_name = "transaction"
        constraints = [
            models.UniqueConstraint(
                fields=["aggregation_account", "source_id"], name="transaction_source_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-update_date", "id"]),
            models.Index(fields=["tenant", "-create_date", "id"]),
            models.Index(fields=["aggregation_account", "-update_date", "id"]),
            models.Index(fields=["aggregation_account", "-transaction_date"]),
            models.Index(fields=["tenant", "-transaction_date", "id"]),
            models.Index(fields=["tenant", "-booking_date", "id"]),
            models.Index(fields=["tenant", "category", "-update_date", "id"]),
            # Few rows have either: vendors give no secondary_id, and pending does not last.
            models.Index(
                fields=["tenant", "secondary_id"],
                condition=models.Q(secondary_id__isnull=False),
                name="transaction_secondary_id",
            ),
            models.Index(
                fields=["tenant", "-update_date", "id"],
                condition=models.Q(status="pending"),
                name="transaction_pending",
            ),
            models.Index(
                fields=["tenant", "merchant_id", "-update_date", "id"],
                condition=models.Q(merchant_id__isnull=False),
                name="transaction_of_merchant",
            ),
            models.Index(
                fields=["transaction_type", "status"],
                condition=UNKNOWN_VALUES,
                name="transaction_unknown_values",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.aggregation_account_id} on {self.transaction_date:%Y-%m-%d}"


class AggregationAccountHolding(SourcedEntry):
    """A position; `amount` is its market value, `price` that of one share."""

    shares = MoneyField()
    ticker = models.CharField(max_length=64, null=True, blank=True)
    ticker_name = models.CharField("name", max_length=255, null=True, blank=True)
    cusip = models.CharField("CUSIP", max_length=64, null=True, blank=True)
    isin = models.CharField("ISIN", max_length=64, null=True, blank=True)
    exchange = models.CharField(max_length=64, null=True, blank=True)
    asset_class = models.CharField(max_length=64, null=True, blank=True)
    holding_type = models.CharField("type", max_length=64, null=True, blank=True)
    amount = MoneyField(null=True, blank=True)
    price = MoneyField(null=True, blank=True)
    cost_basis = MoneyField(null=True, blank=True)
    holding_date = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "holding"
        constraints = [
            models.UniqueConstraint(
                fields=["aggregation_account", "source_id"], name="holding_source_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-update_date", "id"]),
            models.Index(fields=["tenant", "-create_date", "id"]),
            models.Index(
                fields=["tenant", "secondary_id"],
                condition=models.Q(secondary_id__isnull=False),
                name="holding_secondary_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shares} x {self.ticker or self.ticker_name}"
