"""Names and places behind the merchant ids that transactions carry."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from integrations.vendors import records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError
from nucleus import writes
from nucleus.models import Merchant, MerchantLocation

LOOKUP_SECONDS = 8.0  # of one pull that somebody waits for
LOOKUP_FAILURES = 3  # then the vendor is left alone until the next pull


@dataclass(slots=True)
class Directory:
    """Looks merchants up in Nucleus first and at the vendor once; a miss is never an error.

    Args:
        renew: a job's, before every call: a batch may name hundreds; without it somebody waits.
    """

    vendor: Vendor
    renew: Callable[[], None] | None
    merchants: dict[str, Merchant | None] = field(default_factory=dict)
    locations: dict[str, MerchantLocation | None] = field(default_factory=dict)
    failures: int = 0
    until: float = field(init=False)

    def __post_init__(self) -> None:
        self.until = time.monotonic() + (24 * 3600 if self.renew else LOOKUP_SECONDS)

    def learn(self, batch: Iterable[records.Transaction]) -> None:
        """Make the merchants and places of these transactions known, two queries for what is."""
        rows = list(batch)
        wanted = {row.merchant_id for row in rows if row.merchant_id} - self.merchants.keys()
        for merchant in Merchant.objects.filter(source_id__in=wanted):
            self.merchants[merchant.source_id] = merchant
        for source_id in sorted(wanted - self.merchants.keys()):
            self.merchants[source_id] = self._read_merchant(source_id)
        places = {row.merchant_location_id for row in rows if row.merchant_location_id}
        places -= self.locations.keys()
        for place in MerchantLocation.objects.filter(source_id__in=places):
            self.locations[place.source_id] = place
        for source_id in sorted(places - self.locations.keys()):
            self.locations[source_id] = self._read_location(source_id)

    def _read_merchant(self, source_id: str) -> Merchant | None:
        if not self._may_ask():
            return None
        try:
            seen = self.vendor.read_merchant(merchant_id=source_id)
        except VendorError as error:
            self.failures += error.is_retryable
            return None
        return writes.upsert_merchant(
            source_id=source_id,
            name=seen.name,
            logo_url=seen.logo_url,
            website_url=seen.website_url,
        )

    def _read_location(self, source_id: str) -> MerchantLocation | None:
        if not self._may_ask():
            return None
        try:
            seen = self.vendor.read_merchant_location(location_id=source_id)
        except VendorError as error:
            self.failures += error.is_retryable
            return None
        return writes.upsert_merchant_location(
            source_id=source_id,
            address_line1=seen.address_line1,
            city=seen.city,
            state=seen.state,
            postalcode=seen.postalcode,
            country=seen.country,
            latitude=seen.latitude,
            longitude=seen.longitude,
        )

    def _may_ask(self) -> bool:
        if self.failures >= LOOKUP_FAILURES or time.monotonic() > self.until:
            return False
        if self.renew is not None:
            self.renew()
        return True
