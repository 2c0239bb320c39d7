"""The tenants of staff."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import transaction

from nucleus.models import StaffAccess, Tenant


@transaction.atomic
def bind_to_tenants(user: User, *, all_tenants: bool, tenants: Iterable[Tenant]) -> None:
    """State which tenants a member of staff sees: all, or exactly these."""
    access, _ = StaffAccess.objects.update_or_create(
        user=user, defaults={"all_tenants": all_tenants}
    )
    access.tenants.set(tenants)
