"""Tenants, as `manage.py provision` sets them up. The admin's screens use Django's own forms."""

from __future__ import annotations

from nucleus.models import Tenant


def save_tenant(*, slug: str, name: str = "", currency_code: str = "") -> Tenant:
    """Create or update the tenant with this slug.

    Args:
        name: empty leaves the stored one; a new tenant is named after its slug.
        currency_code: ISO 4217; empty leaves the stored one, or the default of a new tenant.

    Raises:
        ValidationError: Django's, for an invalid slug, name or currency code.
    """
    tenant = Tenant.objects.filter(slug=slug).first() or Tenant(slug=slug, name=slug)
    tenant.name = name or tenant.name
    tenant.currency_code = currency_code.upper() or tenant.currency_code
    tenant.full_clean()
    tenant.save()
    return tenant
