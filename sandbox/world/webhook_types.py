"""Which webhooks MX's APIs and their versions have."""

from __future__ import annotations

ATRIUM, PLATFORM = "atrium", "platform"
EVENTS = ("AGGREGATION", "BALANCE", "CONNECTION_STATUS", "HISTORY", "STATEMENT")
INITIAL_DATA_READY = "INITIAL_DATA_READY"
# Type → prefix of the guids of its objects.
OBJECTS = {
    "ACCOUNTS": "ACT", "HOLDINGS": "HOL", "MEMBERS": "MBR", "TRANSACTIONS": "TRN", "USERS": "USR",
}  # fmt: skip
# One request for each row of an import: only for those that ask for them.
ROWS = {"ACCOUNTS", "HOLDINGS", "TRANSACTIONS"}
# API → version, the newest last → types. Atrium has one version.
TYPES: dict[str, dict[str, tuple[str, ...]]] = {
    ATRIUM: {"v1": EVENTS},
    PLATFORM: {
        "v20111101": (*EVENTS, *OBJECTS),
        "v20250224": (*EVENTS, INITIAL_DATA_READY, *OBJECTS),
    },
}


def defaults(api: str, version: str) -> list[str]:
    """What a registration gets that names no types."""
    return [name for name in TYPES[api][version] if name not in ROWS]


def choose(api: object, version: object) -> tuple[str, str]:
    """An API and its version; the newest if none is named. Raises ValueError."""
    if not isinstance(api, str) or api not in TYPES:
        raise ValueError(f"api must be one of {', '.join(TYPES)}.")
    if version is None:
        return api, list(TYPES[api])[-1]
    if not isinstance(version, str) or version not in TYPES[api]:
        raise ValueError(f"version must be one of {', '.join(TYPES[api])}.")
    return api, version
