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
    by_slug = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.ispkg:
            spec = importlib.import_module(f"{__package__}.{module.name}").SPEC
            by_slug[spec.slug] = spec
    return by_slug


def get(slug: str) -> VendorSpec:
    """The vendor called `slug`. Raises UnknownVendor, whose message lists the known ones."""
    try:
        return specs()[slug]
    except KeyError:
        slugs = ", ".join(sorted(specs()))
        raise UnknownVendor(f"Unknown vendor_name {slug!r}. Known vendors: {slugs}.") from None
