"""Checks of SECRET_KEY, FIELD_ENCRYPTION_KEYS and METRICS_TOKEN."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from gateway.boot import key_strength

PLACEHOLDERS = (
    "canary", "change-me", "change_me", "changeme", "example", "for-tests", "insecure",
    "placeholder", "random characters", "replace-me", "secret-key", "secret_key", "test-key",
    "your-",
)  # fmt: skip
MAKE_SIGNING_KEY = 'Generate one: python -c "import secrets; print(secrets.token_urlsafe(50))"'
MAKE_FIELD_KEY = (
    'Generate one: python -c "from cryptography.fernet import Fernet; '
    'print(Fernet.generate_key().decode())"'
)


def _secret_key() -> str:
    try:
        return str(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django raises it for an empty key
        return ""


def check_secret_key_set() -> Iterator[CheckMessage]:
    if not _secret_key():
        yield Error("SECRET_KEY is not set.", hint=MAKE_SIGNING_KEY, id="gateway.E001")


def check_secret_key_strength() -> Iterator[CheckMessage]:
    key = _secret_key()
    if not key:
        return
    if len(key) < 50:
        problem = f"SECRET_KEY is too short ({len(key)} of at least 50 characters)."
    elif len(set(key)) < 10 or key_strength.is_patterned(key):
        problem = "SECRET_KEY is not random: it has few different characters, or a pattern."
    elif any(placeholder in key.lower() for placeholder in PLACEHOLDERS):
        problem = "SECRET_KEY is an example, not a secret."
    else:
        return
    yield Error(problem, hint=MAKE_SIGNING_KEY, id="gateway.E001")


def check_field_keys_usable() -> Iterator[CheckMessage]:
    keys = settings.FIELD_ENCRYPTION_KEYS
    if not keys:
        yield Error("FIELD_ENCRYPTION_KEYS is not set.", hint=MAKE_FIELD_KEY, id="gateway.E007")
    for number, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError:
            problem = f"Key {number} of FIELD_ENCRYPTION_KEYS is not 32 bytes in URL-safe base64."
            yield Error(problem, hint=MAKE_FIELD_KEY, id="gateway.E007")


def check_field_keys_strength() -> Iterator[CheckMessage]:
    decoded_keys = [_decode(key) for key in settings.FIELD_ENCRYPTION_KEYS]
    for number, key in enumerate(decoded_keys, 1):
        name = f"Key {number} of FIELD_ENCRYPTION_KEYS"
        if len(key) != 32:
            continue
        if key in decoded_keys[: number - 1]:
            hint = "List every key once, newest first."
            yield Error(f"{name} is equal to an earlier one.", hint=hint, id="gateway.E008")
        elif _is_handmade(key):
            problem = f"{name} is an example or handmade, not random."
            yield Error(problem, hint=MAKE_FIELD_KEY, id="gateway.E008")


def _is_handmade(key: bytes) -> bool:
    # 32 random bytes have about 30 different values and are never all printable.
    is_printable = all(32 <= byte < 127 for byte in key)
    return is_printable or len(set(key)) < 16 or key_strength.is_patterned(key)


def _decode(key: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(key)
    except ValueError:
        return b""


def check_metrics_token_strength() -> Iterator[CheckMessage]:
    token = settings.METRICS_TOKEN
    if not token:  # /metrics is disabled
        return
    if len(token) < 16:
        problem = f"METRICS_TOKEN is too short ({len(token)} of at least 16 characters)."
    elif len(set(token)) < 6 or key_strength.is_patterned(token):
        problem = "METRICS_TOKEN is not random: it has few different characters, or a pattern."
    else:
        return
    hint = 'Generate one: python -c "import secrets; print(secrets.token_urlsafe(32))"'
    yield Error(problem, hint=hint, id="gateway.E011")
