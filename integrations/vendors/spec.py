"""What the gateway knows of a vendor before it opens one: its package exports a `SPEC`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.vendors.base import Vendor, VendorConfig
from integrations.vendors.capabilities import Capability
from integrations.vendors.limits import Limits
from integrations.vendors.webhooks import WebhookSpec


class UnknownApi(LookupError):
    """The vendor has no such API, or the gateway does not speak that version of it."""


@dataclass(frozen=True, slots=True)
class ApiSpec:
    """One of a vendor's APIs.

    Args:
        name: for people.
        environments: name of the environment → base URL.
        versions: that the adapter speaks, oldest first; credentials without one use the last.
        limits: what the API allows and promises.
        capabilities: which optional protocols its adapter implements.
        deprecations: versions to leave → why, and until when, for staff.
    """

    name: str
    environments: Mapping[str, str]
    versions: tuple[str, ...]
    limits: Limits
    capabilities: frozenset[Capability[Any]] = field(default_factory=frozenset)
    deprecations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VendorSpec:
    """A vendor.

    Args:
        slug: stored in rows and used in URLs; never changes.
        name: for people.
        apis: the APIs by their slug, which credentials store; the first is the default.
        open: makes an adapter; without a call to the vendor.
        webhooks: how its webhooks are verified and read.
    """

    slug: str
    name: str
    apis: Mapping[str, ApiSpec]
    open: Callable[[VendorConfig], Vendor]
    webhooks: WebhookSpec

    def api(self, slug: str, version: str = "") -> ApiSpec:
        """The API called `slug`, if the gateway speaks `version` of it; an empty one is the newest.

        Raises UnknownApi, whose message lists what there is.
        """
        api = self.apis.get(slug)
        if api is None:
            raise UnknownApi(
                f"{self.name} has no API {slug!r} that the gateway speaks. "
                f"It speaks: {', '.join(self.apis)}."
            )
        if version and version not in api.versions:
            raise UnknownApi(
                f"The gateway does not speak version {version!r} of {self.name} {api.name}. "
                f"It speaks: {', '.join(api.versions)}."
            )
        return api
