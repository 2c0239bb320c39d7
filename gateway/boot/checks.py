"""Rules for settings: which are impossible anywhere, and which are unsafe in production.

`startup.py` enforces them where a process serves or works; management commands run them as Django's
system checks. docs/configuration.md lists the numbers.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

from gateway.boot import host_names, key_strength
from gateway.boot.environment import TRUE
from integrations import base_url_policy
from integrations.vendors import registry

TAG = "settings"
DEVELOPMENT_MODE = (
    "Development mode (DEBUG=true): plain HTTP, addresses of this machine and weak keys are "
    "accepted. Never use it for data of real people."
)
# Without a path: the gateway serves at the root, and paths are appended to this.
PUBLIC_URL = re.compile(r"https://(\[[0-9a-f:.]+\]|[^\s:/?#@\[\]\\]+)(?::(\d{1,5}))?", re.I | re.A)
MOST_DOMAINS = re.compile(r"\.[^.]+")  # such as .com
PLACEHOLDERS = (
    "canary", "change-me", "change_me", "changeme", "example", "for-tests", "insecure",
    "placeholder", "random characters", "replace-me", "secret-key", "secret_key", "test-key",
    "your-",
)  # fmt: skip
MAKE_SIGNING_KEY = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(50))"'
MAKE_FIELD_KEY = (
    'Make one: python -c "from cryptography.fernet import Fernet; '
    'print(Fernet.generate_key().decode())"'
)


@register(TAG)
def settings_are_possible(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Errors in development, too: with these values something does not work."""
    problems = settings.ENVIRONMENT_PROBLEMS
    found = [Error(one.message, hint=one.fix, id="gateway.E009") for one in problems]
    return [*found, *_secret_key_is_set(), *_field_keys_are_usable(), *_origins_are_usable()]


@register(TAG)
def production_is_safe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Errors of production only, and of what looks like production."""
    if settings.DEVELOPMENT:
        return [*_development_is_meant()]
    found = [
        *_secret_key_is_strong(),
        *_field_keys_are_strong(),
        *_allowed_hosts_are_named(),
        *_vendor_hosts_are_elsewhere(),
        *_public_url_is_public(),
        *_metrics_token_is_strong(),
    ]
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        words = "SQLite serves one machine; use PostgreSQL (DATABASE_URL) for more."
        found.append(checks.Warning(words, id="gateway.W001"))
    if settings.SECURE_PROXY_SSL_HEADER and not settings.TRUSTED_PROXY_COUNT:
        words = (
            "BEHIND_TLS_PROXY without TRUSTED_PROXY_COUNT: all callers have the proxy's address, "
            "so wrong log-ins of anybody lock the staff out."
        )
        hint = (
            "Set TRUSTED_PROXY_COUNT to the number of proxies in front that append to "
            "X-Forwarded-For, usually 1."
        )
        found.append(checks.Warning(words, hint=hint, id="gateway.W003"))
    return found


@register(TAG, deploy=True)
def mode_is_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """`check --deploy` names development mode."""
    hint = "Set DEBUG=false, and delete .env where `make run` wrote it."
    warning = checks.Warning(DEVELOPMENT_MODE, hint=hint, id="gateway.W002")
    return [warning] if settings.DEVELOPMENT else []


@register()
def vendors_are_complete(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """gateway.E005: every vendor folder can be opened."""
    return [
        Error(f"Vendor {slug} names no API.", id="gateway.E005")
        for slug, spec in registry.specs().items()
        if not spec.apis
    ]


def settings_errors() -> list[CheckMessage]:
    """Everything that a process must not start with. Needs no database and no loaded apps."""
    found = settings_are_possible(None) + production_is_safe(None)
    return [one for one in found if one.is_serious()]


def production_variables(environment: Mapping[str, str]) -> list[str]:
    """The variables of a process that say: this is production."""
    hints: dict[str, Callable[[str], bool]] = {
        "PUBLIC_URL": lambda value: value.lower().startswith("https:"),
        "DATABASE_URL": lambda value: value.lower().startswith(("postgres:", "postgresql:")),
        "BEHIND_TLS_PROXY": lambda value: value.lower() in TRUE,
        "ALLOWED_HOSTS": bool,
        "SECRET_KEY": bool,
        "FIELD_ENCRYPTION_KEYS": bool,
    }
    return [name for name, test in hints.items() if test(environment.get(name, "").strip())]


def dot_env_conflicts() -> list[str]:
    """The process's variables that contradict a DEBUG=true which comes from `.env` alone."""
    environment = settings.PROCESS_ENVIRONMENT
    is_from_file = settings.DEVELOPMENT and not environment.get("DEBUG", "").strip()
    return production_variables(environment) if is_from_file else []


def _development_is_meant() -> Iterator[CheckMessage]:
    if found := dot_env_conflicts():
        yield Error(
            f"DEBUG=true comes from .env, but the environment looks like production "
            f"({', '.join(found)}).",
            hint="In production delete .env (keep its FIELD_ENCRYPTION_KEYS where data was written "
            "with them) or set READ_DOT_ENV=false. For development set DEBUG=true explicitly.",
            id="gateway.E006",
        )


def _secret_key() -> str:
    try:
        return str(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django's answer to an empty one
        return ""


def _secret_key_is_set() -> Iterator[CheckMessage]:
    if not _secret_key():
        yield Error("SECRET_KEY is not set.", hint=MAKE_SIGNING_KEY, id="gateway.E001")


def _secret_key_is_strong() -> Iterator[CheckMessage]:
    key = _secret_key()
    if not key:
        return
    if len(key) < 50:
        problem = f"SECRET_KEY is too short ({len(key)} of at least 50 characters)."
    elif len(set(key)) < 10 or key_strength.is_patterned(key):
        problem = "SECRET_KEY is not random: few different characters, or a pattern."
    elif any(word in key.lower() for word in PLACEHOLDERS):
        problem = "SECRET_KEY is an example value, not a secret."
    else:
        return
    yield Error(problem, hint=MAKE_SIGNING_KEY, id="gateway.E001")


def _field_keys_are_usable() -> Iterator[CheckMessage]:
    keys = settings.FIELD_ENCRYPTION_KEYS
    if not keys:
        yield Error("FIELD_ENCRYPTION_KEYS is not set.", hint=MAKE_FIELD_KEY, id="gateway.E007")
    for number, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError:
            problem = f"Key {number} of FIELD_ENCRYPTION_KEYS is not url-safe base64 of 32 bytes."
            yield Error(problem, hint=MAKE_FIELD_KEY, id="gateway.E007")


def _field_keys_are_strong() -> Iterator[CheckMessage]:
    raw = [_decoded(key) for key in settings.FIELD_ENCRYPTION_KEYS]
    for number, key in enumerate(raw, 1):
        name = f"Key {number} of FIELD_ENCRYPTION_KEYS"
        if len(key) != 32:
            continue
        if key in raw[: number - 1]:
            hint = "Name every key once, newest first."
            yield Error(f"{name} is the same as an earlier one.", hint=hint, id="gateway.E008")
        elif _is_handmade(key):
            problem = f"{name} is an example or made by hand, not random."
            yield Error(problem, hint=MAKE_FIELD_KEY, id="gateway.E008")


def _is_handmade(key: bytes) -> bool:
    # 32 random bytes have about 30 different values and are never all printable.
    is_printable = all(32 <= byte < 127 for byte in key)
    return is_printable or len(set(key)) < 16 or key_strength.is_patterned(key)


def _decoded(key: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(key)
    except ValueError:
        return b""


def _metrics_token_is_strong() -> Iterator[CheckMessage]:
    token = settings.METRICS_TOKEN
    if not token:  # then there is no such page
        return
    if len(token) < 16:
        problem = f"METRICS_TOKEN is too short ({len(token)} of at least 16 characters)."
    elif len(set(token)) < 6 or key_strength.is_patterned(token):
        problem = "METRICS_TOKEN is not random: few different characters, or a pattern."
    else:
        return
    hint = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(32))"'
    yield Error(problem, hint=hint, id="gateway.E011")


def _allowed_hosts_are_named() -> Iterator[CheckMessage]:
    hint = "For example ALLOWED_HOSTS=gateway.bank.example"
    if not settings.ALLOWED_HOSTS:
        problem = "ALLOWED_HOSTS must name the hosts the gateway answers to."
        yield Error(problem, hint=hint, id="gateway.E002")
    for host in settings.ALLOWED_HOSTS:
        name = host.removeprefix(".")
        if "*" in host or not name or MOST_DOMAINS.fullmatch(host):
            problem = f"{host!r} in ALLOWED_HOSTS admits hosts of other people."
        elif not host_names.is_host_name(name) and not host_names.BRACKETED.fullmatch(host):
            problem = f"{host!r} in ALLOWED_HOSTS is not a host name (no scheme, port or path)."
        elif host_names.is_unspecified(name):
            problem = f"{host!r} in ALLOWED_HOSTS is where servers listen; no request names it."
        else:
            continue
        yield Error(problem, hint=hint, id="gateway.E002")


def _vendor_hosts_are_elsewhere() -> Iterator[CheckMessage]:
    for host in settings.VENDOR_ALLOWED_HOSTS:
        if host_names.is_not_public(host):
            problem = f"{host!r} in VENDOR_ALLOWED_HOSTS is this machine or a private address."
            hint = "Remove it: the sandbox is for development."
        elif not host_names.is_host_name(host):
            problem = f"{host!r} in VENDOR_ALLOWED_HOSTS is not a host name."
            hint = "Use names such as api.vendor.example, without scheme, port, path or wildcard."
        else:
            continue
        yield Error(problem, hint=hint, id="gateway.E003")


def _public_url_is_public() -> Iterator[CheckMessage]:
    found = PUBLIC_URL.fullmatch(settings.PUBLIC_URL)
    host, port = found.groups() if found else ("", None)
    hint = "For example PUBLIC_URL=https://gateway.bank.example"
    if not _is_host(host) or not 1 <= int(port or 443) <= 65535:
        problem = (
            "PUBLIC_URL must be the https:// address under which the gateway is reached: "
            "scheme, host and port, without path or spaces."
        )
    elif host_names.is_this_machine(host):
        problem = "PUBLIC_URL names this machine, which MX and browsers cannot reach."
    elif host_names.is_reserved(host):
        problem = "PUBLIC_URL is an address of a private network, which MX cannot reach."
    elif settings.ALLOWED_HOSTS and not validate_host(host.lower(), settings.ALLOWED_HOSTS):
        problem = f"PUBLIC_URL's host {host} is not in ALLOWED_HOSTS, so calls to it get a 400."
        hint = f"Add {host} to ALLOWED_HOSTS, or correct PUBLIC_URL."
    else:
        return
    yield Error(problem, hint=hint, id="gateway.E004")


def _is_host(text: str) -> bool:
    is_ipv6 = ":" in text and base_url_policy.literal(text.strip("[]")) is not None
    return is_ipv6 or host_names.is_host_name(text)


def _origins_are_usable() -> Iterator[CheckMessage]:
    schemes = ("http", "https") if settings.DEVELOPMENT else ("https",)
    for origin in settings.CORS_ALLOWED_ORIGINS:
        try:
            parts = urlsplit(origin)
            host, _ = parts.hostname, parts.port
            fits = parts.scheme in schemes and bool(host) and "*" not in origin
            fits &= not (parts.path or parts.query or parts.fragment or parts.username)
        except ValueError:
            fits = False
        if not fits:
            yield Error(
                f"{origin!r} in CORS_ALLOWED_ORIGINS is not an {' or '.join(schemes)} origin.",
                hint="Name each front end as https://app.bank.example, without path or wildcard.",
                id="gateway.E010",
            )
