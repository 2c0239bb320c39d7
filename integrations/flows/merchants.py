"""Merchants and their locations, which transactions refer to by the vendor's ids."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError
from nucleus import writes
from nucleus.models import Merchant, MerchantLocation

LOOKUP_SECONDS = 8.0  # limit per pull within a request
JOB_LOOKUP_SECONDS = 24 * 3600.0
LOOKUP_FAILURES = 3  # after these, one pull calls the vendor for no more merchants


@dataclass(slots=True)
class MerchantLookup:
    """Looks merchants up in Nucleus, and at the vendor once if Nucleus lacks them.

    The vendor is asked only about what it does not describe along with the transactions. A merchant
    that cannot be read is no error: the transaction is stored without it.

    Args:
        renew: a job's renewal of its lease, called before each vendor call, since one batch may
            name hundreds of merchants; None within a request.
    """

    vendor: Vendor
    renew: Callable[[], None] | None
    merchants: dict[str, Merchant | None] = field(default_factory=dict)
    locations: dict[str, MerchantLocation | None] = field(default_factory=dict)
    failures: int = 0
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        limit = JOB_LOOKUP_SECONDS if self.renew else LOOKUP_SECONDS
        self.deadline = time.monotonic() + limit

    def load(self, transactions: Iterable[records.Transaction]) -> None:
        """Load what these transactions refer to; two queries for what Nucleus has."""
        rows = list(transactions)
        merchant_ids = {row.merchant_id for row in rows if row.merchant_id}
        merchant_ids -= self.merchants.keys()
        source = self.vendor.slug
        for merchant in Merchant.objects.filter(source=source, source_id__in=merchant_ids):
            self.merchants[merchant.source_id] = merchant
        described = {row.merchant_id: row.merchant for row in rows if row.merchant_id}
        for source_id in sorted(merchant_ids - self.merchants.keys()):
            record = described.get(source_id) or self._read_merchant(source_id)
            self.merchants[source_id] = self._store_merchant(source_id, record)
        location_ids = {row.merchant_location_id for row in rows if row.merchant_location_id}
        location_ids -= self.locations.keys()
        for location in MerchantLocation.objects.filter(source=source, source_id__in=location_ids):
            self.locations[location.source_id] = location
        located = {row.merchant_location_id for row in rows if _names_place(row)}
        for source_id in sorted(location_ids - self.locations.keys() - located):
            self.locations[source_id] = self._read_location(source_id)

    def has_all(self, transactions: Iterable[records.Transaction]) -> bool:
        """Whether `load` would find nothing that it had to read."""
        return all(
            (row.merchant_id is None or row.merchant_id in self.merchants)
            and (
                row.merchant_location_id is None
                or row.merchant_location_id in self.locations
                or _names_place(row)
            )
            for row in transactions
        )

    def _read_merchant(self, source_id: str) -> records.Merchant | None:
        if not self._can_call_vendor():
            return None
        try:
            details = capabilities.require(self.vendor, capabilities.MERCHANTS)
            return details.read_merchant(merchant_id=source_id)
        except VendorError as error:
            self.failures += error.is_retryable
            return None

    def _store_merchant(self, source_id: str, record: records.Merchant | None) -> Merchant | None:
        if record is None:
            return None
        return writes.upsert_merchant(
            source=self.vendor.slug,
            source_id=source_id,
            name=record.name,
            logo_url=record.logo_url,
            website_url=record.website_url,
        )

    def _read_location(self, source_id: str) -> MerchantLocation | None:
        if not self._can_call_vendor():
            return None
        try:
            details = capabilities.require(self.vendor, capabilities.MERCHANTS)
            record = details.read_merchant_location(location_id=source_id)
        except VendorError as error:
            self.failures += error.is_retryable
            return None
        return writes.upsert_merchant_location(
            source=self.vendor.slug,
            source_id=source_id,
            address_line1=record.address_line1,
            city=record.city,
            state=record.state,
            postalcode=record.postalcode,
            country=record.country,
            latitude=record.latitude,
            longitude=record.longitude,
        )

    def _can_call_vendor(self) -> bool:
        if not capabilities.supports(self.vendor, capabilities.MERCHANTS):
            return False
        if self.failures >= LOOKUP_FAILURES or time.monotonic() > self.deadline:
            return False
        if self.renew is not None:
            self.renew()
        return True


def _names_place(row: records.Transaction) -> bool:
    """Whether the vendor says with the transaction in which town it happened."""
    place = row.location
    return place is not None and bool(place.city or place.state or place.postalcode)
