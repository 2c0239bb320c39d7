"""Capabilities: declared by the SPEC, reached through `require`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from integrations.vendors import capabilities, errors
from integrations.vendors.base import Vendor


@dataclass
class BareVendor:
    """Declares the given capabilities, whatever its methods."""

    slug: str = "bare"
    capabilities: frozenset[Any] = field(default_factory=frozenset)


def opened(*declared: capabilities.Capability[Any]) -> Vendor:
    return cast("Vendor", BareVendor(capabilities=frozenset(declared)))


def test_a_declared_capability_is_the_vendor_itself():
    vendor = opened(capabilities.HOLDINGS)
    assert capabilities.supports(vendor, capabilities.HOLDINGS)
    source: object = capabilities.require(vendor, capabilities.HOLDINGS)
    assert source is vendor


@pytest.mark.parametrize("capability", capabilities.ALL, ids=lambda capability: capability.name)
def test_a_capability_that_is_not_declared_is_refused(capability: capabilities.Capability[Any]):
    others = set(capabilities.ALL) - {capability}
    vendor = opened(*others)
    assert not capabilities.supports(vendor, capability)
    with pytest.raises(errors.VendorUnsupported, match=capability.name) as caught:
        capabilities.require(vendor, capability)
    assert not caught.value.was_sent
    assert not caught.value.is_retryable
