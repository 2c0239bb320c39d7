"""What merchant category codes mean, as MX's Atrium reference lists them."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from sandbox.world.ids import guid

# Those whose guid the reference shows.
KNOWN_GUIDS = {
    "Cash": "CAT-08a5d861-2890-686e-ebaf-d7632ec88540",
    "Credit Card Payment": "CAT-2cc9b500-e09d-88be-e3e0-0a8a82a54586",
}


@cache
def by_code() -> dict[int, str]:
    """Merchant category code (ISO 18245) → category."""
    path = Path(__file__).with_name("merchant_category_codes.csv")
    with path.open(newline="") as lines:
        return {int(row["code"]): row["category"] for row in csv.DictReader(lines)}


def category_guid(name: str) -> str:
    return KNOWN_GUIDS.get(name) or guid("CAT", name)
