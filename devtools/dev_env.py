"""Writes a `.env` for development if there is none: `python -m devtools.dev_env`.

It runs before Django, whose settings refuse to load without these secrets.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

DOT_ENV = Path(__file__).resolve().parent.parent / ".env"


def generated() -> dict[str, str]:
    """Fresh development settings: a signing key, a field encryption key, DEBUG."""
    return {
        "DEBUG": "true",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }


def write(path: Path) -> bool:
    """Create the file, readable by its owner only; false if it exists already."""
    lines = [
        "# Made for development by `make run`; docs/configuration.md explains every setting.",
        "# Data in the database is unreadable without FIELD_ENCRYPTION_KEYS: keep it.",
        *(f"{name}={value}" for name, value in generated().items()),
    ]
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write("\n".join(lines) + "\n")
    return True


if __name__ == "__main__":
    if write(DOT_ENV):
        sys.stdout.write("Wrote .env with new development secrets\n")
