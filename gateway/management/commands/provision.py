"""manage.py provision: create or update a tenant and what belongs to it."""

from __future__ import annotations

import argparse
import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from gateway import provisioning
from gateway.boot.environment import Environment
from gateway.provisioning import ProvisioningError
from nucleus.models import Tenant


class Command(BaseCommand):
    help = (
        "Create or update a tenant, an API application, vendor credentials and settings; prints "
        "JSON. Secrets come from the environment: VENDOR_SECRET, WEBHOOK_SECRET, CLIENT_SECRET, "
        "ADMIN_PASSWORD, or from files (VENDOR_SECRET_FILE, ...). A generated secret is printed "
        "once, when it is generated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        switch = argparse.BooleanOptionalAction
        parser.add_argument("--tenant", required=True, help="slug, e.g. demo")
        parser.add_argument("--tenant-name", default="")
        parser.add_argument("--currency", default="", help="ISO 4217; default USD")
        parser.add_argument("--application", default="", help="name of an API application")
        parser.add_argument("--client-id", default="")
        parser.add_argument("--scopes", default="", help="space separated; default: all")
        parser.add_argument("--rotate-secret", action="store_true")
        parser.add_argument(
            "--allow-passwords", action=switch, default=None, help="grant_type=password"
        )
        parser.add_argument(
            "--client-token-key", type=Path, help="file with an RSA public key in PEM"
        )
        parser.add_argument(
            "--rate-limit", type=int, default=None, help="requests per minute; 0: no limit"
        )
        parser.add_argument(
            "--client-rate-limit",
            type=int,
            default=None,
            help="requests per minute with the tokens of one client; 0: no limit",
        )
        parser.add_argument("--vendor", default="mx")
        parser.add_argument(
            "--api",
            default="",
            help="default: the stored one, or the vendor's first",
        )
        parser.add_argument(
            "--api-version", default=None, help='"": the newest; default: the stored one'
        )
        parser.add_argument(
            "--inactive",
            action="store_true",
            help="store the credential beside the active one, for `manage.py move_api`",
        )
        parser.add_argument(
            "--environment", choices=["production", "development", "custom"], default=None
        )
        parser.add_argument("--base-url", default="", help="with --environment custom")
        parser.add_argument("--vendor-client-id", default="")
        parser.add_argument("--vendor-secret-file", type=Path, help="instead of VENDOR_SECRET")
        parser.add_argument("--webhook-user", default=None)
        parser.add_argument("--retrieve-automatically", action=switch, default=None)
        parser.add_argument("--create-vendor-users", action=switch, default=None)
        parser.add_argument("--history-days", type=int, default=None)
        parser.add_argument("--add-new-accounts", action=switch, default=None)
        parser.add_argument("--adopt-connections", action=switch, default=None)
        parser.add_argument("--deep-read-days", type=int, default=None, help="0: never")
        parser.add_argument(
            "--retrieve-holdings", action=switch, default=None, help="MX Platform bills them"
        )
        parser.add_argument("--admin-user", default="", help="a superuser for the admin")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                report = _provision(options)
        except ProvisioningError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(json.dumps(report, indent=2))


def _provision(options: dict[str, Any]) -> dict[str, Any]:
    tenant = provisioning.tenant(
        slug=options["tenant"], name=options["tenant_name"], currency=options["currency"]
    )
    report: dict[str, Any] = {
        "tenant": {"id": str(tenant.id), "slug": tenant.slug, "name": tenant.name}
    }
    if options["application"]:
        report["application"] = _application(tenant, options)
    if options["environment"]:
        report["credential"] = _credential(tenant, options)
    row = provisioning.aggregation_settings(
        owner=tenant,
        vendor=options["vendor"],
        webhook_user=options["webhook_user"],
        webhook_secret=_secret("WEBHOOK_SECRET"),
        retrieve_automatically=options["retrieve_automatically"],
        create_vendor_user_automatically=options["create_vendor_users"],
        history_days=options["history_days"],
        add_new_accounts=options["add_new_accounts"],
        adopt_connections=options["adopt_connections"],
        deep_read_days=options["deep_read_days"],
        retrieve_holdings=options["retrieve_holdings"],
    )
    report["settings"] = {
        "vendor": row.vendor,
        "retrieve_automatically": row.retrieve_automatically,
        "create_vendor_user_automatically": row.create_vendor_user_automatically,
        "history_days": row.history_days,
        "add_new_accounts": row.add_new_accounts,
        "adopt_connections": row.adopt_connections,
        "deep_read_days": row.deep_read_days,
        "retrieve_holdings": row.retrieve_holdings,
        "webhook_url": f"{settings.PUBLIC_URL}/webhooks/{row.vendor}/{row.webhook_path}",
    }
    if options["admin_user"]:
        report["admin"] = _admin(options["admin_user"])
    return report


def _application(tenant: Tenant, options: dict[str, Any]) -> dict[str, Any]:
    row, secret = provisioning.application(
        owner=tenant,
        name=options["application"],
        client_id=options["client_id"],
        client_secret=_secret("CLIENT_SECRET") or "",
        scopes=options["scopes"],
        rotate=options["rotate_secret"],
        allow_passwords=options["allow_passwords"],
        client_token_key=_read(options["client_token_key"]),
        rate_limit_per_minute=options["rate_limit"],
        client_rate_limit_per_minute=options["client_rate_limit"],
    )
    report = {
        "name": row.name,
        "client_id": row.client_id,
        "scopes": row.scopes,
        "allow_passwords": row.allow_passwords,
        "has_client_token_key": bool(row.client_token_key),
        "rate_limit_per_minute": row.rate_limit_per_minute,
        "client_rate_limit_per_minute": row.client_rate_limit_per_minute,
    }
    return report | ({"client_secret": secret} if secret else {})


def _secret(name: str) -> str | None:
    """A secret of the environment, or of the file that NAME_FILE names; None: neither is there."""
    environment = Environment()
    value = environment.str(name)
    for variable in environment.invalid_variables:
        raise ProvisioningError(f"{variable.message} {variable.hint}")
    return value or os.environ.get(name)  # an empty one removes what is stored


def _read(file: Path | None) -> str | None:
    try:
        return file.read_text().strip() if file else None
    except (OSError, UnicodeDecodeError) as error:
        raise ProvisioningError(f"{file} cannot be read: {type(error).__name__}.") from None


def _credential(tenant: Tenant, options: dict[str, Any]) -> dict[str, Any]:
    secret = _read(options["vendor_secret_file"]) or _secret("VENDOR_SECRET") or ""
    row = provisioning.credential(
        owner=tenant,
        vendor=options["vendor"],
        api=options["api"],
        api_version=options["api_version"],
        environment=options["environment"],
        base_url=options["base_url"],
        client_id=options["vendor_client_id"],
        secret=secret,
        is_active=not options["inactive"],
    )
    names = (
        "vendor", "api", "api_version", "environment", "base_url", "client_id", "is_active",
    )  # fmt: skip
    return {"vendor_config_id": str(row.pk)} | {name: getattr(row, name) for name in names}


def _admin(name: str) -> dict[str, Any]:
    users = get_user_model().objects
    chosen_password = _secret("ADMIN_PASSWORD")
    user, created = users.get_or_create(
        username=name, defaults={"is_staff": True, "is_superuser": True}
    )
    if not created and not chosen_password:
        return {"username": name}
    password = chosen_password or secrets.token_urlsafe(15)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ProvisioningError(f"ADMIN_PASSWORD: {' '.join(error.messages)}") from None
    user.set_password(password)
    user.save()
    return {"username": name} | ({} if chosen_password else {"password": password})
