"""Businesses named by transactions, and where their shops are; shared by all tenants."""

from __future__ import annotations

from django.db import models

from nucleus.models.base import MoneyField, Record


class Merchant(Record):
    """A business. `source_id` is its key at `source`, the vendor that names it."""

    source = models.CharField(max_length=32, editable=False)
    source_id = models.CharField(max_length=255, editable=False)
    name = models.CharField(max_length=255)
    logo_url = models.CharField(max_length=2000, null=True, blank=True)
    website_url = models.CharField(max_length=2000, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "source_id"], name="merchant_once_per_source")
        ]
        indexes = [models.Index(fields=["-create_date", "id"])]

    def __str__(self) -> str:
        return self.name


class MerchantLocation(Record):
    """A place where a merchant does business. `source_id` is its key at `source`."""

    source = models.CharField(max_length=32, editable=False)
    source_id = models.CharField(max_length=255, editable=False)
    address_line1 = models.CharField(max_length=255, null=True, blank=True)
    city = models.CharField(max_length=255, null=True, blank=True)
    state = models.CharField(max_length=255, null=True, blank=True)
    postalcode = models.CharField(max_length=64, null=True, blank=True)
    country = models.CharField(max_length=64, null=True, blank=True)
    latitude = MoneyField(null=True, blank=True)
    longitude = MoneyField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_id"], name="merchant_location_once_per_source"
            )
        ]

    def __str__(self) -> str:
        return ", ".join(part for part in (self.address_line1, self.city) if part)
