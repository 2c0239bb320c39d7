"""The tenants of staff, and the record of what they did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model

from nucleus.models import StaffAccess, StaffAction, Tenant

NAME_LENGTH = 200


@transaction.atomic
def bind_to_tenants(user: User, *, all_tenants: bool, tenants: Iterable[Tenant]) -> None:
    """State which tenants a member of staff sees: all, or exactly these."""
    access, _ = StaffAccess.objects.update_or_create(
        user=user, defaults={"all_tenants": all_tenants}
    )
    access.tenants.set(tenants)


def record_action(
    user: User,
    obj: Model | type[Model],
    message: str,
    *,
    kind: str,
    tenant: Tenant | None,
    changes: Sequence[Sequence[str]] = (),
) -> StaffAction:
    """Add an entry to the record of what staff did.

    Args:
        obj: what it was done to; a model: to many of its rows.
        message: what was done, without secrets.
        kind: one of StaffAction.Kind.
        tenant: of the object; its staff see the entry.
        changes: field, from and to, in words and without secrets.
    """
    name = str(obj._meta.verbose_name_plural if isinstance(obj, type) else obj)
    return StaffAction.objects.create(
        user=user,
        tenant=tenant,
        kind=kind,
        content_type=ContentType.objects.get_for_model(obj),
        object_id="" if isinstance(obj, type) else str(obj.pk),
        object_name=name[:NAME_LENGTH],
        message=message,
        changes=[list(change) for change in changes],
    )


def record_in_history(
    user: User, obj: Model, message: str, *, kind: str, tenant: Tenant | None = None
) -> None:
    """Add an entry to the object's history, and to the record of what staff did.

    Args: as of record_action.
    """
    LogEntry.objects.log_actions(user.pk, [obj], CHANGE, message, single_object=True)
    record_action(user, obj, message, kind=kind, tenant=tenant)
