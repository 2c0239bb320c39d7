"""Accounts of clients and businesses at institutions."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from nucleus.encryption import EncryptedTextField
from nucleus.models.base import CURRENCY_LENGTH, ApiRecord, MoneyField


class AggregationAccount(ApiRecord):
    """An account held at an institution. Fields: docs/hydrogen-contract.md#objects."""

    client = models.ForeignKey(
        "nucleus.Client",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="aggregation_accounts",
    )
    business = models.ForeignKey(
        "nucleus.Business",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="aggregation_accounts",
    )
    institution = models.ForeignKey(
        "nucleus.Institution", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    bank_link = models.ForeignKey(
        "nucleus.BankLink", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # The account that this one was merged into, which has its data; no source writes to it then.
    merged_into = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, editable=False, related_name="+"
    )
    account_name = models.CharField("account", max_length=255)
    institution_name = models.CharField("bank", max_length=255)
    category = models.CharField(max_length=255)
    subcategory = models.CharField(max_length=255, null=True, blank=True)
    account_holder = models.CharField(max_length=255, null=True, blank=True)
    account_number = EncryptedTextField(null=True, blank=True)
    mask = models.CharField("last digits", max_length=4, null=True, blank=True)
    currency_code = models.CharField("currency", max_length=CURRENCY_LENGTH, null=True, blank=True)
    account_category_id = models.UUIDField("category's id", null=True, blank=True)
    financial_offer_id = models.UUIDField("financial offer's id", null=True, blank=True)
    apr = MoneyField("annual percentage rate (APR)", null=True, blank=True)
    apy = MoneyField("annual percentage yield (APY)", null=True, blank=True)
    interest_rate = MoneyField(null=True, blank=True)
    credit_limit = MoneyField(null=True, blank=True)
    last_payment = MoneyField(null=True, blank=True)
    minimum_payment = MoneyField(null=True, blank=True)
    death_benefit = MoneyField(null=True, blank=True)
    last_payment_date = models.DateTimeField(null=True, blank=True)
    next_payment_date = models.DateTimeField(null=True, blank=True)
    maturity_date = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField("active", default=True)
    is_manual = models.BooleanField("entered by hand", default=False)
    is_link_verified = models.BooleanField("has a verified bank link", default=False)
    is_asset = models.BooleanField("asset", default=True)
    # False: the source named a type that nobody knows, so the account counts in no total.
    is_classified = models.BooleanField("known type", default=True, editable=False)
    is_business = models.BooleanField("business account", default=False)
    is_cash = models.BooleanField("cash", default=False)
    is_investment = models.BooleanField("investment", default=False)

    class Meta:
        verbose_name = "account"
        constraints = [
            models.CheckConstraint(
                condition=Q(client__isnull=False) | Q(business__isnull=False),
                name="account_has_owner",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-update_date", "id"]),
            models.Index(fields=["tenant", "-create_date", "id"]),
            models.Index(fields=["client", "-update_date"]),
            models.Index(
                fields=["tenant", "secondary_id"],
                condition=models.Q(secondary_id__isnull=False),
                name="account_secondary_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution_name}: {self.account_name}"
