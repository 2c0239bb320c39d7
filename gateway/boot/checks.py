"""Boot checks of settings, as Django's system checks; docs/configuration.md lists their ids.

`startup` runs them before a process serves or works. Management commands run them as any check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from gateway.boot import host_checks, secret_checks
from gateway.boot.environment import TRUE, Environment
from integrations.vendors import registry

TAG = "settings"
DEVELOPMENT_MODE = (
    "Development mode (DEBUG=true): plain HTTP, addresses of this machine and weak keys are "
    "accepted. Never use it with real data."
)


@register(TAG)
def check_settings_usable(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Values that cannot work, in development and in production."""
    return [
        *(
            Error(variable.message, hint=variable.hint, id="gateway.E009")
            for variable in settings.INVALID_VARIABLES
        ),
        *secret_checks.check_secret_key_set(),
        *secret_checks.check_field_keys_usable(),
        *host_checks.check_cors_origins(),
    ]


@register(TAG)
def check_production_safe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Values that are unsafe in production, and development mode in what looks like production."""
    if settings.DEVELOPMENT:
        return [*_check_development_intended()]
    messages = [
        *secret_checks.check_secret_key_strength(),
        *secret_checks.check_field_keys_strength(),
        *host_checks.check_allowed_hosts(),
        *host_checks.check_vendor_hosts(),
        *host_checks.check_public_url(),
        *secret_checks.check_metrics_token_strength(),
    ]
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        message = "SQLite serves a single machine. Use PostgreSQL (DATABASE_URL) for more."
        messages.append(checks.Warning(message, id="gateway.W001"))
    if settings.SECURE_PROXY_SSL_HEADER and not settings.TRUSTED_PROXY_COUNT:
        message = (
            "BEHIND_TLS_PROXY is set without TRUSTED_PROXY_COUNT: all callers appear to have the "
            "proxy's address, so failed log-ins of any caller lock out the staff."
        )
        hint = (
            "Set TRUSTED_PROXY_COUNT to the number of proxies that append to X-Forwarded-For, "
            "usually 1."
        )
        messages.append(checks.Warning(message, hint=hint, id="gateway.W003"))
    return messages


@register(TAG, deploy=True)
def check_production_mode(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """`check --deploy` reports development mode."""
    hint = "Set DEBUG=false, and delete the .env that `make run` wrote."
    warning = checks.Warning(DEVELOPMENT_MODE, hint=hint, id="gateway.W002")
    return [warning] if settings.DEVELOPMENT else []


@register()
def check_vendors(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every vendor declares an API."""
    return [
        Error(f"Vendor {slug} declares no API.", id="gateway.E005")
        for slug, spec in registry.specs().items()
        if not spec.apis
    ]


def settings_errors() -> list[CheckMessage]:
    """The errors with which no process may start. Needs neither a database nor loaded apps."""
    messages = check_settings_usable(None) + check_production_safe(None)
    return [message for message in messages if message.is_serious()]


def production_variables(environment: Mapping[str, str]) -> list[str]:
    """The names of variables whose values suggest production."""
    predicates: dict[str, Callable[[str], bool]] = {
        "PUBLIC_URL": lambda value: value.lower().startswith("https:"),
        "DATABASE_URL": lambda value: value.lower().startswith(("postgres:", "postgresql:")),
        "BEHIND_TLS_PROXY": lambda value: value.lower() in TRUE,
        "ALLOWED_HOSTS": bool,
        "SECRET_KEY": bool,
        "FIELD_ENCRYPTION_KEYS": bool,
    }
    return [
        name
        for name, suggests_production in predicates.items()
        if suggests_production(Environment(environment).str(name))
    ]


def dot_env_conflicts() -> list[str]:
    """The variables that suggest production although `.env`, and nothing else, sets DEBUG=true."""
    environment = settings.PROCESS_ENVIRONMENT
    is_from_file = settings.DEVELOPMENT and not environment.get("DEBUG", "").strip()
    return production_variables(environment) if is_from_file else []


def _check_development_intended() -> Iterator[CheckMessage]:
    if conflicts := dot_env_conflicts():
        yield Error(
            f"DEBUG=true comes from .env, but the environment looks like production "
            f"({', '.join(conflicts)}).",
            hint="In production, delete .env (keep its FIELD_ENCRYPTION_KEYS if data was encrypted "
            "with them) or set READ_DOT_ENV=false. For development, set DEBUG=true explicitly.",
            id="gateway.E006",
        )
