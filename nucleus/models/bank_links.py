"""Bank accounts that payments can use."""

from __future__ import annotations

import enum

from django.db import models
from django.db.models import Q

from nucleus.encryption import EncryptedTextField
from nucleus.models.base import CURRENCY_LENGTH, ApiRecord, MoneyField

# Members of a verified link's `metadata` that only the gateway writes. They are in `metadata`
# because the official SDKs drop fields that Hydrogen's object does not have.
HOLDER_PREFIX = "bank_account_holder_"
HOLDER_SOURCE = f"{HOLDER_PREFIX}source"  # a HolderSource
OMITTED_HOLDERS = f"{HOLDER_PREFIX}omitted"  # how many more the bank names than are kept
MAX_HOLDERS = 50  # `bank_account_holder` and `bank_account_holder_2`, `_3` … of a joint account

ACCOUNT_NUMBER = r"^[0-9A-Za-z][0-9A-Za-z .\-]*$"
# Parts of a Canadian routing number in `metadata`, as the end of their names.
ROUTING_PARTS = ("institution_number", "transit_number")


class HolderSource(enum.StrEnum):
    """Who named the holder of a bank link that came from a verification."""

    BANK = "bank"
    TENANT = "tenant"
    CLIENT = "client"
    NOT_CONFIRMED = "not_confirmed"  # nobody: `bank_account_holder` is empty


class UnverifiedReason(models.TextChoices):
    """Why a bank link that came from a verification is not verified any more."""

    ACCOUNT_CLOSED = "account_closed", "the bank has closed the account"
    ACCOUNT_MISSING = "account_missing", "the vendor no longer has the account"
    CONNECTION_MISSING = "connection_missing", "the vendor no longer has the connection"
    CONNECTION_DELETED = "connection_deleted", "the tenant deleted the connection"
    DISCONNECTED = "disconnected", "disconnected by the tenant"
    NUMBER_REPLACED = "number_replaced", "the bank has replaced the number"
    NUMBER_INVALID = "number_invalid", "the vendor's check of the number failed"


class BankLink(ApiRecord):
    """An account and routing number of a client or business.

    Fields: docs/hydrogen-contract.md#objects.

    The numbers of a link never change: a changed number becomes a new link and the old one is
    deactivated, so nobody pays to an account that was swapped under them.
    """

    client = models.ForeignKey(
        "nucleus.Client",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="bank_links",
    )
    business = models.ForeignKey(
        "nucleus.Business",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="bank_links",
    )
    institution = models.ForeignKey(
        "nucleus.Institution", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    account_id = models.UUIDField(
        "id of the account that it pays", null=True, blank=True
    )  # the tenant's own Nucleus account
    bank_account_holder = models.CharField("account holder", max_length=255)
    bank_account_number = EncryptedTextField()
    routing = EncryptedTextField()
    routing_wire = EncryptedTextField(null=True, blank=True)
    institution_name = models.CharField("bank", max_length=255)
    bank_account_name = models.CharField("account", max_length=255, null=True, blank=True)
    type = models.CharField(max_length=64, null=True, blank=True)
    mask = models.CharField("last digits", max_length=4, null=True, blank=True)
    currency_code = models.CharField("currency", max_length=CURRENCY_LENGTH, null=True, blank=True)
    balance = MoneyField(null=True, blank=True)
    available_balance = MoneyField(null=True, blank=True)
    is_active = models.BooleanField("active", default=True)
    is_default = models.BooleanField("default", default=False)
    is_link_verified = models.BooleanField("verified", default=False)
    link_verified_date = models.DateField("verified on", null=True, blank=True)
    # Set while the gateway knows that what it has verified is true no more.
    unverified_reason = models.CharField(
        "why not verified",
        max_length=32,
        null=True,
        blank=True,
        choices=UnverifiedReason.choices,
        help_text="Why the link is not verified any more; not set if it is, or never was.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(client__isnull=False) | Q(business__isnull=False),
                name="bank_link_has_owner",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-update_date", "id"]),
            models.Index(fields=["tenant", "-create_date", "id"]),
            models.Index(fields=["client", "-update_date"]),
            models.Index(
                fields=["tenant", "secondary_id"],
                condition=models.Q(secondary_id__isnull=False),
                name="bank_link_secondary_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution_name} …{self.mask or ''}"
