"""The ready roles of staff, brought up to date after each migration; others are not touched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q, QuerySet

from gateway.access.models import ReadyRole

OWN_APPS = ("nucleus", "integrations")
HELD_BY_SUPPORT: dict[str, Iterable[str]] = {
    "integrations": (
        "change_member", "change_vendoruser", "change_accountlink", "change_job",
        "change_inboundwebhook", "change_webhookdelivery", "change_possibleduplicate",
        "change_accountmerge",
    ),
}  # fmt: skip
HELD_BY_OPERATORS: dict[str, Iterable[str]] = {
    "nucleus": (
        "reveal_numbers", "export_data", "add_currencyrate", "change_currencyrate",
        "delete_currencyrate", "view_staffaction",
    ),
    "integrations": (
        "add_vendorcredential", "change_vendorcredential", "delete_vendorcredential",
        "add_aggregationsettings", "change_aggregationsettings", "delete_aggregationsettings",
        "add_verificationsettings", "change_verificationsettings", "delete_verificationsettings",
        "change_webhooksubscription",
    ),
    "access": ("add_application", "change_application"),
}  # fmt: skip
PEOPLE = ("user", "group")


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its name, and a condition on the permissions that it has."""

    name: str
    condition: Q


def _named(names_by_app: dict[str, Iterable[str]]) -> Q:
    condition = Q()
    for app, names in names_by_app.items():
        condition |= Q(content_type__app_label=app, codename__in=names)
    return condition


_VIEW = Q(content_type__app_label__in=OWN_APPS, codename__startswith="view_") & ~Q(
    codename="view_staffaction"
) | _named({"access": ("view_application",)})
_SUPPORT = _VIEW | _named(HELD_BY_SUPPORT)
_OPERATOR = _SUPPORT | _named(HELD_BY_OPERATORS)
_ADMINISTRATOR = (
    Q(content_type__app_label__in=OWN_APPS)
    | Q(content_type__app_label="access", content_type__model="application")
    | Q(content_type__app_label="auth", content_type__model__in=PEOPLE)
)
ROLES = {
    "viewer": Role("Viewer", _VIEW),
    "support": Role("Support", _SUPPORT),
    "operator": Role("Operator", _OPERATOR),
    "administrator": Role("Administrator", _ADMINISTRATOR),
}


def bring_up_to_date(**signal: Any) -> None:
    """Create the roles that are missing, and give each its permissions; the signal's handler."""
    migrated = signal.get("apps")  # None after a flush, when all tables exist
    if migrated is not None and "readyrole" not in migrated.all_models["access"]:
        return  # migrated to a state before it
    with transaction.atomic():
        for slug, role in ROLES.items():
            group = _group(slug, role.name)
            permissions = set(
                Permission.objects.filter(role.condition).values_list("pk", flat=True)
            )
            if permissions != set(group.permissions.values_list("pk", flat=True)):
                group.permissions.set(permissions)


def is_ready_role(group: Group) -> bool:
    """Whether a role is one of these, which nobody changes by hand."""
    return ReadyRole.objects.filter(group=group.pk).exists()


def offered_permissions(permissions: QuerySet[Permission]) -> QuerySet[Permission]:
    """Those that do something in the admin, without leftovers of the framework."""
    return permissions.filter(_ADMINISTRATOR)


def _group(slug: str, name: str) -> Group:
    ready = ReadyRole.objects.select_related("group").filter(slug=slug).first()
    if ready is not None:
        return ready.group
    if Group.objects.filter(name=name).exists():  # somebody's own role of the same name
        name = f"{name} (ready)"
    group, _ = Group.objects.get_or_create(name=name)
    ReadyRole.objects.create(slug=slug, group=group)
    return group
