"""Tenants (companies using the gateway), and the clients and businesses they serve."""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Lower

from nucleus import iso_codes, usernames
from nucleus.encryption import EncryptedTextField
from nucleus.models.base import ApiRecord, MoneyField, Record


class Tenant(Record):
    """A company using the gateway. All other data belongs to exactly one."""

    slug = models.SlugField("short name", max_length=63, unique=True)
    name = models.CharField(max_length=255)
    currency_code = models.CharField(
        "currency", max_length=3, default="USD", help_text="Used where a vendor sends no currency."
    )
    is_active = models.BooleanField("active", default=True)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.currency_code = self.currency_code.upper()
        if self.currency_code and not iso_codes.is_currency(self.currency_code):
            raise ValidationError({"currency_code": "Use an ISO 4217 code such as EUR."})

    @classmethod
    def of_id(cls, pk: UUID) -> Tenant:
        """The tenant of that id; its other columns are read when they are used."""
        return cls.from_db(connection.alias, ["id"], [pk])


class Owner(ApiRecord):
    """Whoever linked accounts belong to: a client or a business."""

    email = models.CharField("e-mail", max_length=255, null=True, blank=True)
    phone_number = models.CharField(max_length=64, null=True, blank=True)
    identification_number = EncryptedTextField(null=True, blank=True)  # e.g. a tax number
    identification_number_type = models.CharField(max_length=64, null=True, blank=True)
    status = models.CharField(max_length=64, null=True, blank=True)
    address = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField("active", default=True)
    is_verified = models.BooleanField("identity verified", default=False)

    class Meta:
        abstract = True

    @property
    def is_being_erased(self) -> bool:
        """Whether its erasure was requested: nothing new may be written for it."""
        return False

    @property
    def reference(self) -> dict[str, Owner]:
        """The column that makes a record this owner's: `{"client": …}` or `{"business": …}`."""
        return {str(self._meta.model_name): self}


class Client(Owner):
    """A person (or firm) the tenant serves. Fields: docs/hydrogen-contract.md#objects."""

    username = models.CharField("user name", max_length=255)
    username_key = models.CharField(max_length=255, editable=False)  # see nucleus.usernames
    # Set by a migration where an older client's name had the same key already.
    shares_username_key = models.BooleanField(default=False, editable=False)
    client_type = models.CharField("type", max_length=64)
    password = models.CharField(max_length=255, blank=True)  # hashed; never returned
    first_name = models.CharField(max_length=255, null=True, blank=True)
    middle_name = models.CharField(max_length=255, null=True, blank=True)
    last_name = models.CharField(max_length=255, null=True, blank=True)
    title = models.CharField(max_length=64, null=True, blank=True)
    suffix = models.CharField(max_length=64, null=True, blank=True)
    gender = models.CharField(max_length=64, null=True, blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    citizenship_status = models.CharField(max_length=64, null=True, blank=True)
    country_of_citizenship = models.JSONField(default=list, blank=True)
    country_of_residence = models.CharField(max_length=64, null=True, blank=True)
    firm_name = models.CharField(max_length=255, null=True, blank=True)
    firm_type = models.CharField(max_length=255, null=True, blank=True)
    hydro_id = models.CharField("Hydro id", max_length=255, null=True, blank=True)
    image = models.CharField(max_length=2000, null=True, blank=True)
    business = models.ForeignKey(
        "nucleus.Business", on_delete=models.SET_NULL, null=True, blank=True, related_name="clients"
    )
    authorities = models.JSONField(default=list, blank=True)
    group = models.JSONField(default=list, blank=True)
    employment = models.JSONField(null=True, blank=True)
    income = models.BigIntegerField(null=True, blank=True)
    liquid_net_worth = MoneyField(null=True, blank=True)
    total_net_worth = MoneyField(null=True, blank=True)
    erase_requested_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "customer"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "username"], name="client_username_unique"),
            models.UniqueConstraint(
                fields=["tenant", "username_key"],
                condition=Q(shares_username_key=False),
                name="client_username_key_unique",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-update_date", "id"]),
            models.Index(fields=["tenant", "-create_date", "id"]),
            models.Index(
                fields=["tenant", "secondary_id"],
                condition=Q(secondary_id__isnull=False),
                name="client_secondary_id",
            ),
            models.Index(
                fields=["tenant", "email"],
                condition=Q(email__isnull=False),
                name="client_email",
            ),
            models.Index(fields=["tenant", "username_key"], name="client_username_key"),
            models.Index(Lower("last_name"), name="client_last_name"),  # of the admin's search,
            models.Index(Lower("first_name"), name="client_first_name"),  # as are the next ones
            models.Index(Lower("email"), name="client_email_any_case"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Also set the key of the user name."""
        update_fields = kwargs.get("update_fields")
        if update_fields is None or "username" in update_fields:
            key = usernames.key(self.username)
            if key != self.username_key:
                self.username_key, self.shares_username_key = key, False
            if update_fields is not None:
                kwargs["update_fields"] = {*update_fields, "username_key", "shares_username_key"}
        super().save(*args, **kwargs)

    @classmethod
    def find_by_username(cls, tenant: Tenant, username: str) -> Self | None:
        """The tenant's client of exactly this name."""
        if not username.isprintable():  # PostgreSQL takes no NUL
            return None
        return cls.objects.for_tenant(tenant).filter(username=username).first()

    @classmethod
    def find_by_username_in_any_case(cls, tenant: Tenant, username: str) -> Self | None:
        """The tenant's client of this name, which the caller may have changed to lower case.

        Older names may differ in case only, because look-alikes were not refused then. Returns
        None if a lower-case name matches several clients.
        """
        if not username.isprintable():
            return None
        alike = cls.objects.for_tenant(tenant).filter(username_key=usernames.key(username))
        clients = [row for row in alike if usernames.is_same_but_for_case(row.username, username)]
        if len(clients) > 1 and username != username.lower():
            clients = [row for row in clients if row.username == username]
        return clients[0] if len(clients) == 1 else None

    @property
    def full_name(self) -> str:
        return " ".join(part for part in (self.first_name, self.last_name) if part)

    @property
    def is_being_erased(self) -> bool:
        return self.erase_requested_at is not None


class Business(Owner):
    """A firm the tenant serves. Fields: the Business model of Hydrogen's Nucleus SDK 1.9.5."""

    legal_name = models.CharField(max_length=255)
    dba_name = models.CharField(
        "doing business as", max_length=255, null=True, blank=True
    )  # "doing business as"
    legal_structure = models.CharField(max_length=255, null=True, blank=True)
    category = models.CharField(max_length=255, null=True, blank=True)
    subcategory = models.CharField(max_length=255, null=True, blank=True)
    incorporation_country = models.CharField(max_length=64, null=True, blank=True)
    incorporation_state = models.CharField(max_length=64, null=True, blank=True)
    incorporation_date = models.DateField(null=True, blank=True)
    website = models.CharField(max_length=2000, null=True, blank=True)
    ticker = models.CharField(max_length=64, null=True, blank=True)
    ownership = models.JSONField(default=list, blank=True)
    is_public = models.BooleanField("publicly traded", default=False)

    class Meta:
        verbose_name_plural = "businesses"
        indexes = [
            models.Index(fields=["tenant", "-update_date", "id"]),
            models.Index(fields=["tenant", "-create_date", "id"]),
            models.Index(
                fields=["tenant", "secondary_id"],
                condition=Q(secondary_id__isnull=False),
                name="business_secondary_id",
            ),
            models.Index(Lower("legal_name"), name="business_legal_name"),  # of the admin's search
            models.Index(Lower("dba_name"), name="business_dba_name"),
            models.Index(Lower("email"), name="business_email_any_case"),
        ]

    def __str__(self) -> str:
        return self.legal_name
