"""What the gateway knows of a vendor before it opens one: its package exports a `SPEC`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.vendors import records
from integrations.vendors.base import Vendor, VendorConfig
from integrations.vendors.capabilities import Capability


@dataclass(frozen=True, slots=True)
class ApiSpec:
    """One of a vendor's APIs.

    Args:
        name: for people.
        environments: name of the environment → base URL.
        capabilities: which optional protocols its adapter implements.
    """

    name: str
    environments: Mapping[str, str]
    capabilities: frozenset[Capability[Any]] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class VendorSpec:
    """A vendor.

    Args:
        slug: stored in rows and used in URLs; never changes.
        name: for people.
        apis: the APIs by their slug, which credentials store.
        open: makes an adapter; without a call to the vendor.
        notice: reads a webhook's JSON; None for what cannot be understood.
    """

    slug: str
    name: str
    apis: Mapping[str, ApiSpec]
    open: Callable[[VendorConfig], Vendor]
    notice: Callable[[Any], records.WebhookEvent | None]
