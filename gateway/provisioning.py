"""Set up tenants without a browser: the idempotent equivalent of the admin's screens."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from gateway.access.models import Application
from gateway.access.scopes import ALL_SCOPES
from integrations.models import AggregationSettings, VendorCredential, VerificationSettings
from integrations.vendors import registry
from nucleus.models import Tenant
from nucleus.writes.tenants import save_tenant

MIN_SECRET_LENGTH = 32  # shorter secrets could be guessed


CONFIDENTIAL = {  # an application that has a secret
    "client_type": Application.CLIENT_CONFIDENTIAL,
    "authorization_grant_type": Application.GRANT_CLIENT_CREDENTIALS,
}


class ProvisioningError(ValueError):
    """The parameters are not acceptable; the message says what to change."""


def tenant(*, slug: str, name: str = "", currency: str = "") -> Tenant:
    """Create or update the tenant with this slug. Raises ProvisioningError."""
    try:
        return save_tenant(slug=slug, name=name, currency_code=currency)
    except ValidationError as error:
        raise ProvisioningError("; ".join(error.messages)) from None


def generate_secret() -> str:
    """A new client secret."""
    return secrets.token_urlsafe(36)


def application(
    *,
    owner: Tenant,
    name: str,
    client_id: str = "",
    client_secret: str = "",
    scopes: str = "",
    rotate: bool = False,
    **columns: Any,
) -> tuple[Application, str | None]:
    """Create or update the tenant's application with this name.

    Args:
        rotate: generate a new secret.
        columns: other columns, such as `allow_passwords`; None leaves a column unchanged.

    Returns:
        The application, and its secret if it was generated.

    Raises:
        ProvisioningError: unknown scopes, a client id of another tenant, or an invalid value.
    """
    unknown = set(scopes.split()) - set(ALL_SCOPES)
    if unknown:
        raise ProvisioningError(
            f"Unknown scopes: {', '.join(sorted(unknown))}. Known: {' '.join(ALL_SCOPES)}."
        )
    if client_secret and len(client_secret) < MIN_SECRET_LENGTH:
        raise ProvisioningError(
            f"The client secret must have at least {MIN_SECRET_LENGTH} characters."
        )
    if client_id and Application.objects.filter(client_id=client_id).exclude(tenant=owner).exists():
        raise ProvisioningError(f"The client id {client_id} belongs to another tenant.")
    row = Application.objects.filter(tenant=owner, name=name).first()
    generated = None
    if row is None:
        row = Application(tenant=owner, name=name, **CONFIDENTIAL)
        rotate = not client_secret
    if rotate:
        generated = client_secret = generate_secret()
    if client_id:
        row.client_id = client_id
    if client_secret:
        row.client_secret = client_secret
    if scopes:
        row.scopes = " ".join(scopes.split())
    _assign(row, columns)
    _check(row)
    row.save()
    return row, generated


def credential(
    *,
    owner: Tenant,
    vendor: str,
    api: str = "",
    api_version: str | None = None,
    environment: str,
    base_url: str,
    client_id: str,
    secret: str,
    is_active: bool = True,
) -> VendorCredential:
    """Create or update the tenant's active credential for the vendor.

    An empty `api`, `client_id` or `secret` leaves the stored one unchanged.

    Args:
        api: for a new credential, empty is the vendor's default.
        api_version: empty is the newest; None leaves it unchanged unless the API changes.
        is_active: False is the inactive credential of this API, beside the active one.

    Raises ProvisioningError.
    """
    try:
        default_api = next(iter(registry.get(vendor).apis))
    except registry.UnknownVendor as error:
        raise ProvisioningError(str(error)) from None
    rows = VendorCredential.objects.for_tenant(owner).filter(vendor=vendor, is_active=is_active)
    if not is_active:
        rows = rows.filter(api=api or default_api)
    row = rows.first() or VendorCredential(
        tenant=owner, vendor=vendor, api=default_api, is_active=is_active
    )
    if api and api != row.api:
        row.api, row.api_version = api, ""
    if api_version is not None:
        row.api_version = api_version
    row.environment, row.base_url = environment, base_url
    row.client_id = client_id or row.client_id
    row.secret = secret or (row.secret if not row._state.adding else "")
    if not row.secret:
        raise ProvisioningError(
            "The vendor's secret is missing. Pass it in the environment variable VENDOR_SECRET."
        )
    _check(row)
    row.save()
    return row


@transaction.atomic
def aggregation_settings(*, owner: Tenant, **columns: Any) -> AggregationSettings:
    """Create or update the tenant's settings; None leaves a column unchanged.

    Raises ProvisioningError.
    """
    row = AggregationSettings.objects.for_tenant(owner).first() or AggregationSettings(tenant=owner)
    _assign(row, columns)
    _check(row)
    row.save()
    VerificationSettings.unscoped.get_or_create(tenant=owner, defaults={"vendor": row.vendor})
    return row


def _assign(row: Any, columns: dict[str, Any]) -> None:
    for name, value in columns.items():
        if value is not None:
            setattr(row, name, value)


def _check(row: Any) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise ProvisioningError("; ".join(error.messages)) from None
