"""Which of MX's APIs, in which version, the gateway speaks in the tests: `--mx-api`, or MX_API.

`atrium` and `platform` mean the newest version of that API, `platform/v20111101` a certain one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from integrations.vendors import registry

VARIABLE = "MX_API"
KEYS = {
    "atrium": ("sandbox-client-id", "sandbox-api-key"),
    "platform": ("sandbox-platform-client-id", "sandbox-platform-api-key"),
}


@dataclass(frozen=True)
class MXApi:
    """One version of one API.

    Args:
        slug: as credentials have it.
        version: likewise.
        client_id: with which the sandbox takes the gateway for a client of this API.
        api_key: likewise.
    """

    slug: str
    version: str
    client_id: str
    api_key: str

    @property
    def days_back(self) -> int:
        """How many days of transactions a retrieval lists at least."""
        return registry.get("mx").apis[self.slug].limits.window_days_back

    def __str__(self) -> str:
        return f"{self.slug}/{self.version}"


def every() -> list[MXApi]:
    """All versions of all APIs that the gateway speaks."""
    return [
        MXApi(slug, version, *KEYS[slug])
        for slug, api in registry.get("mx").apis.items()
        for version in api.versions
    ]


def named(name: str) -> MXApi:
    """`atrium`, `platform/v20111101`, …; the empty name means what new credentials speak.

    Raises ValueError for an API or version that the gateway does not speak.
    """
    slug, _, version = (name or next(iter(registry.get("mx").apis))).partition("/")
    matching = [api for api in every() if api.slug == slug and version in ("", api.version)]
    if not matching:
        raise ValueError(f"No API {name!r} of MX; there are {', '.join(map(str, every()))}.")
    return matching[-1]


def chosen() -> MXApi:
    """What this run of the tests is about."""
    return named(os.environ.get(VARIABLE, ""))
