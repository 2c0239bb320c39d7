"""Screens of staff and roles. Nobody can grant or gain permissions that they do not have."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import (
    Exists,
    ManyToManyField,
    OuterRef,
    Q,
    QuerySet,
    prefetch_related_objects,
)
from django.http import HttpRequest
from django.utils.html import format_html_join
from unfold.forms import AdminPasswordChangeForm

from gateway.access import second_factor, staff_roles, staff_sessions
from gateway.admin.staff_forms import (
    StaffAddForm,
    StaffForm,
    name_field,
    permission_label,
    tenant_fields,
)
from nucleus.admin import tenant_access
from nucleus.admin.base import BaseAdmin
from nucleus.admin.confirmation import confirmed_action
from nucleus.models import StaffAccess
from nucleus.writes import staff

# Django calls them groups; changed here only, so that its app needs no migration.
Group._meta.verbose_name, Group._meta.verbose_name_plural = "role", "roles"
TENANTS = ("all_tenants", "tenants")  # fields of the forms
for model in (User, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


def permissions_of(user: User | AnonymousUser) -> QuerySet[Permission]:
    """The permissions of a user, also if the user is inactive or not staff."""
    if user.is_superuser:
        return Permission.objects.all()
    return Permission.objects.filter(Q(user=user.pk) | Q(group__user=user.pk)).distinct()


def offered_permissions(user: User | AnonymousUser) -> QuerySet[Permission]:
    """The permissions of screens that this user may give to others."""
    screens = admin.site._registry  # noqa: SLF001 - has no public name
    kinds = ContentType.objects.get_for_models(*screens, StaffAccess).values()
    offered = staff_roles.offered_permissions(permissions_of(user))
    return offered.filter(content_type__in=list(kinds)).select_related("content_type")


def grantable_groups(user: User | AnonymousUser) -> QuerySet[Group]:
    """The roles without permissions that this user lacks."""
    if user.is_superuser:
        return Group.objects.all()
    lacking = Group.permissions.through.objects.filter(group=OuterRef("pk")).exclude(
        permission__in=permissions_of(user).values("pk")
    )
    return Group.objects.filter(~Exists(lacking))


def may_manage(actor: User | AnonymousUser, user: User) -> bool:
    """Whether `actor` may change `user`, including the password, and so act as that user."""
    if actor.is_superuser:
        return True
    if user.is_superuser or not tenant_access.covers(actor, user):
        return False
    own = permissions_of(actor).values("pk")
    return not permissions_of(user).exclude(pk__in=own).exists()


@admin.register(User)
class UserAdmin(DjangoUserAdmin, BaseAdmin):  # type: ignore[misc, type-arg]
    """Staff, and the tenants that each of them sees."""

    form = StaffForm
    add_form = StaffAddForm
    change_password_form = AdminPasswordChangeForm
    fieldsets = (
        (None, {"fields": ("username", "password", "is_active")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Permissions", {"fields": ("groups", "user_permissions", "is_staff", "is_superuser")}),
        ("Log-ins", {"fields": ("last_login", "date_joined")}),
    )
    list_filter = ("is_active", "is_superuser", "groups")
    add_fieldsets = (*DjangoUserAdmin.add_fieldsets, ("Tenants", {"fields": TENANTS}))
    list_display = (
        "username", "email", "first_name", "last_name", "is_active", "is_superuser",
        "visible_tenants", "has_second_factor",
    )  # fmt: skip
    actions = ("reset_second_factor", "end_sessions")

    def visible_rows(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        visible = tenant_access.visible_staff(rows, request.user)
        return visible.select_related("staff_access", "code_generator").prefetch_related(
            "staff_access__tenants"
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        may_change = self.has_change_permission(request, obj)
        tenants = TENANTS if may_change else ("visible_tenants",)
        return (*fieldsets, ("Tenants", {"fields": tenants}))

    def get_readonly_fields(
        self, request: HttpRequest, obj: Any = None
    ) -> list[str] | tuple[str, ...]:
        names = (*super().get_readonly_fields(request, obj), "visible_tenants")
        return names if request.user.is_superuser else (*names, "is_superuser")

    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, *args, **kwargs)
        for name, field in form.base_fields.items():
            name_field(name, field)
        if "tenants" in form.base_fields:
            form.base_fields |= tenant_fields(request.user)
        return form

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        super().save_related(request, form, formsets, change)
        chosen = form.cleaned_data
        staff.bind_to_tenants(
            form.instance, all_tenants=chosen["all_tenants"], tenants=chosen["tenants"]
        )

    @confirmed_action(
        description="Reset the second factor",
        question="Remove the second factors of these people, with their recovery codes? They log "
        "in with their password only, or set up a new one where it is required.",
        button="Yes, reset them",
        permissions=["change"],
    )
    def reset_second_factor(self, request: HttpRequest, rows: list[User]) -> None:
        for user in self._manageable(request, rows):
            second_factor.reset(user)
            self.record(request, user, "Reset the second factor.")
            messages.success(request, f"{user}: the second factor was reset.")

    @confirmed_action(
        description="End all sessions",
        question="Log these people out everywhere?",
        button="Yes, log them out",
        permissions=["change"],
    )
    def end_sessions(self, request: HttpRequest, rows: list[User]) -> None:
        for user in self._manageable(request, rows):
            count = staff_sessions.end(staff_sessions.of_user(user))
            self.record(request, user, f"Ended {count} sessions.")
            messages.success(request, f"{user}: {count} sessions were ended.")

    def _manageable(self, request: HttpRequest, rows: list[User]) -> list[User]:
        """Those whom this person may change; says who the others are."""
        allowed = [user for user in rows if self.has_change_permission(request, user)]
        for user in rows:
            if user not in allowed:
                messages.error(request, f"{user} may do more than you, and was left out.")
        return allowed

    @admin.display(boolean=True, description="Second factor")
    def has_second_factor(self, user: User) -> bool:
        generator = getattr(user, "code_generator", None)
        return generator is not None and generator.confirmed_at is not None

    @admin.display(description="Tenants")
    def visible_tenants(self, user: User) -> str:
        """The tenants that the user sees, in words."""
        access = getattr(user, "staff_access", None)
        if user.is_superuser or (access is not None and access.all_tenants):
            return "All"
        names = [] if access is None else sorted(map(str, access.tenants.all()))
        return ", ".join(names) or "None"

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "user_permissions":
            kwargs["queryset"] = offered_permissions(request.user)
        elif db_field.name == "groups":
            kwargs["queryset"] = grantable_groups(request.user)
        return name_field(
            db_field.name, super().formfield_for_manytomany(db_field, request, **kwargs)
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or may_manage(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # it would delete the history of their actions; they can be deactivated


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, BaseAdmin):  # type: ignore[misc]
    """Roles of staff, which are the same for all tenants.

    Nobody changes the ready ones, and only staff of all tenants change the others.
    """

    is_shared = True
    list_display = ("name", "is_ready")
    readonly_fields = ("allows",)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """With the models of its permissions, which their names contain."""
        group = super().get_object(request, object_id, from_field)
        if group is not None:
            prefetch_related_objects([group], "permissions__content_type")
        return group

    def get_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        """Those who change the role choose permissions; others read them in words."""
        may_change = obj is None or self.has_change_permission(request, obj)
        return ("name", "permissions" if may_change else "allows")

    @admin.display(description="permissions")
    def allows(self, group: Group) -> str:
        texts = sorted(map(permission_label, group.permissions.all()))
        return format_html_join("", "<div>{}</div>", ((text,) for text in texts))

    @admin.display(boolean=True, description="Kept up to date by the gateway")
    def is_ready(self, group: Group) -> bool:
        return staff_roles.is_ready_role(group)

    def has_add_permission(self, request: HttpRequest) -> bool:
        allowed = bool(super().has_add_permission(request))
        return allowed and tenant_access.sees_all_tenants(request.user)

    def formfield_for_manytomany(  # type: ignore[override]
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "permissions":
            kwargs["queryset"] = offered_permissions(request.user)
        return name_field(
            db_field.name, super().formfield_for_manytomany(db_field, request, **kwargs)
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or self._may_grant(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or self._may_grant(request, obj))

    def _may_grant(self, request: HttpRequest, group: Group) -> bool:
        if staff_roles.is_ready_role(group) or not tenant_access.sees_all_tenants(request.user):
            return False
        return grantable_groups(request.user).filter(pk=group.pk).exists()
