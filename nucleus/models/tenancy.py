"""Tenants (companies using the gateway) and their clients (people whose banks are linked)."""

from __future__ import annotations

from django.db import models

from nucleus.encryption import EncryptedTextField
from nucleus.models.base import ApiRecord, MoneyField, Record


class Tenant(Record):
    """A company using the gateway. All other data belongs to exactly one."""

    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=255)
    currency_code = models.CharField(
        max_length=3, default="USD", help_text="Used where a vendor sends no currency."
    )
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Client(ApiRecord):
    """A person (or firm) the tenant serves. Fields: hydrogen-contract section 6."""

    username = models.CharField(max_length=255)
    client_type = models.CharField(max_length=64)
    password = models.CharField(max_length=255, blank=True)  # hashed; never returned
    email = models.CharField(max_length=255, null=True, blank=True)
    first_name = models.CharField(max_length=255, null=True, blank=True)
    middle_name = models.CharField(max_length=255, null=True, blank=True)
    last_name = models.CharField(max_length=255, null=True, blank=True)
    title = models.CharField(max_length=64, null=True, blank=True)
    suffix = models.CharField(max_length=64, null=True, blank=True)
    gender = models.CharField(max_length=64, null=True, blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    phone_number = models.CharField(max_length=64, null=True, blank=True)
    identification_number = EncryptedTextField(null=True, blank=True)  # e.g. a tax number
    identification_number_type = models.CharField(max_length=64, null=True, blank=True)
    citizenship_status = models.CharField(max_length=64, null=True, blank=True)
    country_of_citizenship = models.JSONField(default=list, blank=True)
    country_of_residence = models.CharField(max_length=64, null=True, blank=True)
    firm_name = models.CharField(max_length=255, null=True, blank=True)
    firm_type = models.CharField(max_length=255, null=True, blank=True)
    hydro_id = models.CharField(max_length=255, null=True, blank=True)
    image = models.CharField(max_length=2000, null=True, blank=True)
    status = models.CharField(max_length=64, null=True, blank=True)
    business_id = models.UUIDField(null=True, blank=True)
    address = models.JSONField(default=list, blank=True)
    authorities = models.JSONField(default=list, blank=True)
    group = models.JSONField(default=list, blank=True)
    employment = models.JSONField(null=True, blank=True)
    income = models.BigIntegerField(null=True, blank=True)
    liquid_net_worth = MoneyField(null=True, blank=True)
    total_net_worth = MoneyField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_verified = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "username"], name="client_username_unique"),
        ]
        indexes = [models.Index(fields=["tenant", "-update_date", "id"])]

    def __str__(self) -> str:
        return self.full_name or self.username

    @property
    def full_name(self) -> str:
        return " ".join(part for part in (self.first_name, self.last_name) if part)
