"""Relations between Nucleus objects and the vendor's. Vendor ids are kept here, not in Nucleus."""

from __future__ import annotations

from typing import cast

from django.db import models
from django.db.models import Q

from nucleus.encryption import EncryptedTextField
from nucleus.models import Owner
from nucleus.models.base import TenantRecord


class VendorUser(TenantRecord):
    """The vendor's user of a client or business.

    The row is committed before the vendor is called, with the identifier of the vendor user. After
    a crash in between, a retry finds the user by its identifier and creates no second one.
    """

    client = models.ForeignKey(
        "nucleus.Client",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="vendor_users",
    )
    business = models.ForeignKey(
        "nucleus.Business",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="vendor_users",
    )
    vendor = models.CharField(max_length=32)
    identifier = models.CharField("our name for it at the vendor", max_length=200)
    # Null until the user was created, and again once the vendor no longer has it.
    vendor_user_id = models.CharField("id at the vendor", max_length=255, null=True, blank=True)
    # The id that the vendor did not have any more; it may have been the vendor's mistake.
    missing_vendor_user_id = models.CharField(
        "former id at the vendor", max_length=255, null=True, blank=True, editable=False
    )
    # When the gateway disabled the user at the vendor, because its owner was deactivated.
    disabled_at = models.DateTimeField("disabled by us at", null=True, blank=True, editable=False)
    # When it last tried to make the user at the vendor what its owner is.
    activity_checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When to see next whether positions, which the vendor bills, are wanted. Null: it bills none.
    holdings_check_at = models.DateTimeField(null=True, blank=True, editable=False, db_index=True)
    # How the owner's last widget link was opened: tells what a connection that nobody reported is
    # for. Empty: no link was asked for yet.
    last_widget_mode = models.CharField(
        "purpose of the last widget link", max_length=16, blank=True, default=""
    )
    # Whether that link asked for a connection that is not imported in the background.
    last_widget_declines_imports = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "client", "vendor"], name="vendor_user_per_client"
            ),
            models.UniqueConstraint(
                fields=["tenant", "business", "vendor"], name="vendor_user_per_business"
            ),
            models.UniqueConstraint(
                fields=["tenant", "vendor", "vendor_user_id"], name="vendor_user_id_unique"
            ),
            models.CheckConstraint(
                condition=Q(client__isnull=False, business__isnull=True)
                | Q(client__isnull=True, business__isnull=False),
                name="vendor_user_has_one_owner",
            ),
        ]
        indexes = [
            models.Index(fields=["vendor_user_id"], name="vendor_user_by_id"),  # of the admin
        ]

    def __str__(self) -> str:
        return f"{self.vendor} user of {self.owner}"

    @property
    def owner(self) -> Owner:
        """The client or the business; a constraint ensures that it is exactly one."""
        return cast("Owner", self.client or self.business)


class Member(TenantRecord):
    """A connection: the login of a client or business at an institution."""

    vendor_user = models.ForeignKey(
        VendorUser,
        on_delete=models.CASCADE,
        related_name="members",
        verbose_name="user at the vendor",
    )
    vendor_member_id = models.CharField("id at the vendor", max_length=255)
    # The vendor's token for this connection, if it issues one.
    secret = EncryptedTextField(blank=True, default="", editable=False)
    name = models.CharField(max_length=255, null=True, blank=True)
    institution = models.ForeignKey(
        "nucleus.Institution", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    connection_status = models.CharField("status at the vendor", max_length=64, blank=True)
    connection_message = models.TextField("message to the customer", blank=True)
    actor = models.CharField("who must act", max_length=16, blank=True)
    next_step = models.CharField(max_length=16, blank=True)
    is_aggregating = models.BooleanField("import running", default=False)
    aggregated_at = models.DateTimeField("last import tried", null=True, blank=True)
    successfully_aggregated_at = models.DateTimeField("last import", null=True, blank=True)
    # False: the vendor imports only when it is asked to. Then the schedule asks, unless the app
    # wanted no imports in the background.
    is_refreshed_by_vendor = models.BooleanField(default=True, editable=False)
    declines_imports = models.BooleanField(default=False, editable=False)
    # The app asked for its accounts when it had none, for example because the login was wrong.
    awaits_accounts = models.BooleanField(default=False, editable=False)
    # Since when somebody has to repair it; null while it works, and while a repair is tried.
    broken_since = models.DateTimeField("needs a repair since", null=True, blank=True)
    next_sync_at = models.DateTimeField(
        "next check", null=True, blank=True, db_index=True
    )  # null: not scheduled
    synced_at = models.DateTimeField(
        "last read by us", null=True, blank=True
    )  # when the last complete sync began
    # The time of the vendor's import that the last complete sync has read.
    synced_through = models.DateTimeField("read up to the import of", null=True, blank=True)
    # When the gateway last found that it has all that the vendor has.
    checked_at = models.DateTimeField("last checked by us", null=True, blank=True)
    # When the vendor was made to read its extended history, and when it last refused that.
    history_extended_at = models.DateTimeField(null=True, blank=True, editable=False)
    history_refused_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Why the last read of its data failed, if no complete one has worked since; for staff.
    read_problem = models.CharField(
        "why the last read failed", max_length=255, blank=True, default=""
    )

    class Meta:
        verbose_name = "connection"
        constraints = [
            models.UniqueConstraint(
                fields=["vendor_user", "vendor_member_id"], name="member_once_per_user"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-update_date", "id"]),
            models.Index(fields=["tenant", "-create_date", "id"]),
            models.Index(fields=["vendor_member_id"], name="member_by_id"),  # of the admin
            models.Index(fields=["-create_date", "-id"], name="member_newest"),  # likewise
        ]

    def __str__(self) -> str:
        return self.name or self.vendor_member_id


class AccountLink(TenantRecord):
    """The relation between an aggregation account and the vendor's account, while it lasted.

    An account has at most one current link (`ended_at` is null); the ended ones are its history.
    """

    class EndReason(models.TextChoices):
        DISCONNECTED = "disconnected", "disconnected by the tenant"
        CONNECTION_DELETED = "connection_deleted", "the tenant deleted the connection"
        ACCOUNT_MISSING = "account_missing", "the vendor no longer has the account"
        CONNECTION_MISSING = "connection_missing", "the vendor no longer has the connection"
        REPLACED = "replaced", "continued by another account of the vendor"
        MERGED = "merged", "merged into another aggregation account"

    # Null once the connection was deleted here; the next two columns still name it.
    member = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="account_links"
    )
    vendor = models.CharField(max_length=32)
    vendor_member_id = models.CharField("connection's id at the vendor", max_length=255)
    vendor_account_id = models.CharField("account's id at the vendor", max_length=255)
    aggregation_account = models.ForeignKey(
        "nucleus.AggregationAccount",
        on_delete=models.CASCADE,
        related_name="links",
        verbose_name="account",
    )
    # Counts the vendor's accounts that the aggregation account has had; see nucleus' SourcedEntry.
    generation = models.PositiveSmallIntegerField(default=1)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=32, blank=True, choices=EndReason.choices)
    can_verify = models.BooleanField("can be verified", default=False)
    transactions_retrieved_at = models.DateTimeField(
        "transactions read", null=True, blank=True
    )  # completely
    history_retrieved_at = models.DateTimeField(
        "whole history read", null=True, blank=True
    )  # all that the vendor has
    # Items of the last complete read that could not be stored: [{"kind", "id", "reason"}].
    rejected_items = models.JSONField(default=list, blank=True)
    # What the vendor last listed the account as; see account_identity. Tenants may change the
    # columns of the aggregation account, which must not change what it is.
    listed_as = models.JSONField(default=dict, blank=True)
    # Rows that were missing from the last listing and not withdrawn, because they were too many.
    withheld_removals = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "vendor_account_id"],
                condition=Q(ended_at__isnull=True),
                name="account_linked_once",
            ),
            models.UniqueConstraint(
                fields=["aggregation_account"],
                condition=Q(ended_at__isnull=True),
                name="account_has_one_link",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "vendor", "vendor_account_id"]),
            models.Index(fields=["vendor_account_id"], name="link_by_id"),  # of the admin
        ]

    def __str__(self) -> str:
        return str(self.aggregation_account)

    @property
    def connection(self) -> Member:
        """The connection of a current link."""
        return cast("Member", self.member)


class DeletedAccount(TenantRecord):
    """A vendor's account whose aggregation account was deleted in Nucleus.

    Imports do not add it again; a request for the connection's accounts does.
    """

    # Without a constraint in the database, which would lock the user while accounts are deleted.
    vendor_user = models.ForeignKey(
        VendorUser, on_delete=models.CASCADE, db_constraint=False, related_name="deleted_accounts"
    )
    vendor_account_id = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["vendor_user", "vendor_account_id"], name="account_deleted_once"
            ),
        ]

    def __str__(self) -> str:
        return self.vendor_account_id


class VerifiedLink(TenantRecord):
    """The relation between a bank link and the vendor's account whose verification produced it."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="verified_links")
    vendor_account_id = models.CharField(max_length=255)
    bank_link = models.OneToOneField(
        "nucleus.BankLink", on_delete=models.CASCADE, related_name="link"
    )
    # The end of the account's number in the vendor's list of accounts, when that last fitted.
    listed_mask = models.CharField(max_length=4, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["member", "vendor_account_id"])]

    def __str__(self) -> str:
        return str(self.bank_link)
