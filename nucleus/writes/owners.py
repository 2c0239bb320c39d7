"""Clients and businesses, as requests create and change them."""

from __future__ import annotations

from typing import Any, TypeVar

from nucleus.models import Owner, Tenant
from nucleus.models.base import api_name

OwnerRow = TypeVar("OwnerRow", bound=Owner)


class OwnerGone(LookupError):
    """The client or business was deleted while a request was changing it."""


def create_owner(model: type[OwnerRow], *, tenant: Tenant, **columns: Any) -> OwnerRow:
    """Insert a client or business of the tenant."""
    owner = model(tenant=tenant, **columns)
    owner.save(force_insert=True)
    return owner


def lock_owner(owner: OwnerRow) -> OwnerRow:
    """The current row, locked until the transaction ends. Raises OwnerGone."""
    rows = type(owner).objects.for_tenant(owner.tenant_id).select_for_update()
    current = rows.filter(pk=owner.pk).first()
    if current is None:
        raise OwnerGone(f"There is no {api_name(type(owner))} {owner.pk} any more.")
    return current
