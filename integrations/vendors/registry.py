"""Finds the vendors: every package beside this file that exports SPEC."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from integrations.vendors.spec import VendorSpec


class UnknownVendor(LookupError):
    """No vendor of that name is built in."""


@cache
def specs() -> dict[str, VendorSpec]:
    """All vendors by slug."""
    found = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.ispkg:
            spec = importlib.import_module(f"{__package__}.{module.name}").SPEC
            found[spec.slug] = spec
    return found


def get(slug: str) -> VendorSpec:
    """The vendor called `slug`. Raises UnknownVendor, whose message lists the known ones."""
    try:
        return specs()[slug]
    except KeyError:
        known = ", ".join(sorted(specs()))
        raise UnknownVendor(f"Unknown vendor_name {slug!r}. Known vendors: {known}.") from None
