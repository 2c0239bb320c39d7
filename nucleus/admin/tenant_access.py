"""Which tenants' rows a member of staff sees. What is not known to be theirs is not shown."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.filters import RelatedFieldListFilter
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from nucleus.models import Institution, StaffAccess, Tenant

M = TypeVar("M", bound=Model)
Staff = User | AnonymousUser
SHARED_WITHOUT_TENANT = (Institution,)  # a vendor's list of banks, the same for everybody
MAX_CHOICES = 200  # tenants that a filter offers
CACHED, CACHED_SEVERAL = "_tenant_ids", "_has_several_tenants"  # on the user of one request


def visible_tenants(user: Staff) -> QuerySet[Tenant]:
    """The tenants of a user, by name: all of them, those that the user is bound to, or none."""
    tenants = Tenant.objects.order_by("name", "pk")
    ids = tenant_ids(user)
    return tenants if ids is None else tenants.filter(pk__in=ids)


def confine(rows: QuerySet[M], user: Staff, *, path: str = "") -> QuerySet[M]:
    """Those of the rows that belong to the user's tenants.

    Args:
        path: how the rows lead to their tenant, such as `credential__tenant`. Empty: they have a
            column `tenant`, or are tenants themselves. Of other rows a user who is bound to
            tenants gets none.
    """
    ids = tenant_ids(user)
    if ids is None:
        return rows
    path = path or _tenant_path(rows.model)
    if not path or not ids:
        return rows.none()
    # One id is compared as such, so that indexes serve lists in their order.
    own = Q(**{path: ids[0]}) if len(ids) == 1 else Q(**{f"{path}__in": ids})
    if rows.model in SHARED_WITHOUT_TENANT:
        own |= Q(tenant=None)
    return rows.filter(own)


def sees_all_tenants(user: Staff) -> bool:
    """Whether a user sees every tenant, also those that are added later."""
    return tenant_ids(user) is None


def has_several_tenants(user: Staff) -> bool:
    """Whether there is anything to choose between. Read once per request."""
    if not hasattr(user, CACHED_SEVERAL):
        setattr(user, CACHED_SEVERAL, len(visible_tenants(user).values("pk")[:2]) > 1)
    return bool(getattr(user, CACHED_SEVERAL))


def tenant_ids(user: Staff) -> list[UUID] | None:
    """The ids of the tenants that a user is bound to; None for all. Read once per request."""
    if not hasattr(user, CACHED):
        setattr(user, CACHED, _read_tenant_ids(user))
    ids: list[UUID] | None = getattr(user, CACHED)
    return ids


def _read_tenant_ids(user: Staff) -> list[UUID] | None:
    if not user.is_active or not user.is_staff:
        return []
    if user.is_superuser:
        return None
    access = StaffAccess.objects.filter(user=user.pk).first()
    if access is None:
        return []
    if access.all_tenants:
        return None
    return sorted(access.tenants.values_list("pk", flat=True))


def tenant_of(obj: Model, *, path: str = "") -> Tenant | None:
    """The tenant that an object belongs to, or is; None if it belongs to none."""
    if isinstance(obj, Tenant):
        return obj
    value: Any = obj
    for name in (path or _tenant_path(obj._meta.model) or "tenant").split("__"):
        value = getattr(value, name, None)
    return value if isinstance(value, Tenant) else None


def covers(actor: Staff, user: User) -> bool:
    """Whether `actor` sees every tenant that `user` sees."""
    own = tenant_ids(actor)
    if own is None:
        return True
    access = StaffAccess.objects.filter(user=user.pk).first()
    if user.is_superuser or access is None or access.all_tenants:
        return False
    return not access.tenants.exclude(pk__in=own).exists()


def visible_staff(rows: QuerySet[User], actor: Staff) -> QuerySet[User]:
    """The users that `actor` may know of: those who see no other tenants, and themselves."""
    own = tenant_ids(actor)
    if own is None:
        return rows
    bindings = StaffAccess.tenants.through._default_manager
    bound = StaffAccess.objects.filter(all_tenants=False, tenants__in=own)
    elsewhere = bindings.exclude(tenant__in=own).values("staffaccess__user")
    colleagues = Q(is_superuser=False, pk__in=bound.values("user")) & ~Q(pk__in=elsewhere)
    return rows.filter(Q(pk=actor.pk) | colleagues)


def _tenant_path(model: type[Model]) -> str:
    if model is Tenant:
        return "pk"
    try:
        field = model._meta.get_field("tenant")
    except FieldDoesNotExist:
        return ""
    return "tenant" if field.related_model is Tenant else ""


class ConfinedFilter(RelatedFieldListFilter):
    """A filter by another row, which offers rows of the user's tenants only."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: Any
    ) -> list[tuple[str, Any]]:
        rows = field.related_model._default_manager.all()
        try:
            screen: Any = model_admin.admin_site.get_model_admin(field.related_model)
        except NotRegistered:
            rows = confine(rows, request.user)
        else:
            rows = screen.visible_rows(request, rows)
        ordering = self.field_admin_ordering(field, request, model_admin)
        return [
            (str(row.pk), str(row)) for row in rows.order_by(*ordering or ("pk",))[:MAX_CHOICES]
        ]


class TenantFilter(ConfinedFilter):
    """A filter by tenant."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: Any
    ) -> list[tuple[str, Any]]:
        return [(str(row.pk), str(row)) for row in visible_tenants(request.user)[:MAX_CHOICES]]
