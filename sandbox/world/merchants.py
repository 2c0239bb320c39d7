"""Where the invented people spend: plain names, MX's categories, merchant category codes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.world.ids import guid


@dataclass(frozen=True, slots=True)
class Merchant:
    """A kind of shop, and the range of what a purchase costs."""

    name: str
    top_level_category: str
    category: str
    mcc: int | None
    min_cents: int
    max_cents: int
    has_place: bool = True

    @property
    def guid(self) -> str:
        return guid("MCH", self.name)

    @property
    def location_guid(self) -> str:
        return guid("MCL", self.name)

    @property
    def website_url(self) -> str:
        slug = re.sub(r"[^a-z]+", "-", self.name.lower()).strip("-") or "shop"
        return f"https://{slug}.example"


DAILY = (
    Merchant("Supermarket", "Food & Dining", "Groceries", 5411, 1250, 16480),
    Merchant("Coffee Shop", "Food & Dining", "Coffee Shops", 5814, 325, 1190),
    Merchant("Café Zürich", "Food & Dining", "Restaurants", 5812, 950, 7420),
    Merchant("ラーメン屋", "Food & Dining", "Restaurants", 5812, 1100, 4350),
    Merchant("Bäckerei", "Food & Dining", "Groceries", 5462, 240, 1860),
    Merchant("Gas Station", "Auto & Transport", "Gas", 5541, 2100, 7890),
    Merchant("City Transit", "Auto & Transport", "Public Transportation", 4111, 275, 1100),
    Merchant("Parking Garage", "Auto & Transport", "Parking", 7523, 400, 2600),
    Merchant("Pharmacy", "Health & Fitness", "Pharmacy", 5912, 599, 8450),
    Merchant("Book Store", "Shopping", "Books", 5942, 899, 6200),
    Merchant("Clothing Store", "Shopping", "Clothing", 5651, 1999, 18999),
    Merchant("Hardware Store", "Home", "Home Improvement", 5251, 749, 23150),
    Merchant("Cinema", "Entertainment", "Movies & DVDs", 7832, 1150, 5400),
    Merchant(
        "Online Store", "Shopping", "Electronics & Software", 5732, 1299, 42999, has_place=False
    ),
)
MONTHLY = (
    (1, Merchant("Apartment Rent", "Home", "Mortgage & Rent", 6513, 148500, 148500, has_place=False)),
    (5, Merchant("Electric Utility", "Bills & Utilities", "Utilities", 4900, 6120, 11890, has_place=False)),
    (8, Merchant("Music Streaming", "Entertainment", "Music", 5815, 1099, 1099, has_place=False)),
    (12, Merchant("Mobile Phone", "Bills & Utilities", "Mobile Phone", 4814, 4500, 4500, has_place=False)),
    (20, Merchant("Fitness Club", "Health & Fitness", "Gym", 7997, 3990, 3990)),
)  # fmt: skip
# Known by name only: the merchant of the reference's own example.
NAMED = (
    Merchant("In-N-Out Burger", "Food & Dining", "Fast Food", 5814, 400, 2500, has_place=False),
)
SUBSCRIPTIONS = {"Music Streaming", "Mobile Phone", "Fitness Club"}
ALL = {
    merchant.guid: merchant for merchant in (*DAILY, *(merchant for _, merchant in MONTHLY), *NAMED)
}
PLACES = {merchant.location_guid: merchant for merchant in ALL.values() if merchant.has_place}
