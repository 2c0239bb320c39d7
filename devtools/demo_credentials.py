"""With what `make run` and its users log in: at the gateway, its admin and the MX sandbox."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from integrations.vendors import registry

SANDBOX_KEYS = {  # the MX sandbox's own defaults, by API
    "platform": ("sandbox-platform-client-id", "sandbox-platform-api-key"),
    "atrium": ("sandbox-client-id", "sandbox-api-key"),
}
# The name of an API without a version means its newest one.
APIS = [
    *SANDBOX_KEYS,
    *(
        f"{slug}/{version}"
        for slug in SANDBOX_KEYS
        for version in registry.get("mx").apis[slug].versions
    ),
]


def load(path: Path, mx_api: str) -> dict[str, str]:
    """The demo's API application and admin login, created once, and MX's keys for this API."""
    made = {
        "client_id": f"demo-{secrets.token_hex(8)}",
        "client_secret": secrets.token_urlsafe(32),
        "admin_password": secrets.token_urlsafe(12),
        "webhook_secret": secrets.token_urlsafe(24),
    }
    stored = dict(json.loads(path.read_text())) if path.exists() else {}
    if set(made) - set(stored):
        write_private(path, made | stored)
    client_id, api_key = SANDBOX_KEYS[mx_api.partition("/")[0]]
    sandbox = {"mx_api": mx_api, "sandbox_client_id": client_id, "sandbox_api_key": api_key}
    return made | stored | sandbox


def write_private(path: Path, content: dict[str, str]) -> None:
    """Write it whole or not at all, readable by the owner only."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=1)
    part.rename(path)
