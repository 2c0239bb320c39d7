"""Staff cannot grant permissions that they do not have."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.test import Client as HttpClient

from tests.gateway.admin.conftest import Staff

USERS = "/admin/auth/user/"
GROUPS = "/admin/auth/group/"
MANAGER = (
    "auth.view_user", "auth.change_user", "auth.add_user", "auth.delete_user",
    "auth.view_group", "auth.change_group", "auth.add_group", "auth.delete_group",
)  # fmt: skip
NEW_PASSWORD = {"password1": "new password 2718", "password2": "new password 2718"}


@pytest.fixture
def manager(staff: Staff) -> HttpClient:
    """Somebody who manages staff, and nothing else."""
    return staff(*MANAGER, name="manager")


def permission(name: str) -> Permission:
    app, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def form(user: User, **changes: Any) -> dict[str, Any]:
    dates = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    own = list(user.user_permissions.values_list("pk", flat=True))
    return {
        "username": user.username, "is_active": "on", "is_staff": "on", "user_permissions": own,
        "all_tenants": "on", "last_login_0": "", "last_login_1": "", **dates, **changes,
    }  # fmt: skip


def change(http: HttpClient, user: User, **changes: Any) -> int:
    return http.post(f"{USERS}{user.pk}/change/", form(user, **changes)).status_code


def test_nobody_makes_themselves_superuser(manager: HttpClient):
    own = User.objects.get(username="manager")
    assert change(manager, own, is_superuser="on", first_name="Max") == 302
    own.refresh_from_db()
    assert (own.first_name, own.is_superuser) == ("Max", False)


def test_nobody_gives_themselves_a_permission_or_a_role(manager: HttpClient):
    own = User.objects.get(username="manager")
    powerful = Group.objects.create(name="Operators")
    powerful.permissions.add(permission("integrations.change_vendorcredential"))
    missing = permission("integrations.view_vendorcredential")
    owned_ids = [permission_row.pk for permission_row in own.user_permissions.all()]
    change(manager, own, user_permissions=[*owned_ids, missing.pk])
    change(manager, own, groups=[powerful.pk])
    own = User.objects.get(pk=own.pk)
    assert not own.groups.exists()
    assert not own.has_perm("integrations.view_vendorcredential")
    page = manager.get(f"{USERS}{own.pk}/change/").content.decode()
    assert "Operators" not in page
    assert "vendor credential" not in page


def test_own_permissions_can_be_granted(manager: HttpClient):
    role = Group.objects.create(name="Readers")
    role.permissions.add(permission("auth.view_user"))
    other = User.objects.create(username="other", is_staff=True)
    granted = permission("auth.view_user")
    assert change(manager, other, groups=[role.pk], user_permissions=[granted.pk]) == 302
    assert list(other.groups.all()) == [role]
    assert list(other.user_permissions.all()) == [granted]


@pytest.mark.parametrize("kind", ["superuser", "inactive superuser", "permission", "role"])
def test_users_with_more_permissions_cannot_be_changed(manager: HttpClient, kind: str):
    other = User.objects.create(
        username="other", is_staff=True, is_superuser="superuser" in kind, password="!old",
        is_active="inactive" not in kind,
    )  # fmt: skip
    if kind == "permission":
        other.user_permissions.add(permission("nucleus.view_client"))
    if kind == "role":
        role = Group.objects.create(name="Readers")
        role.permissions.add(permission("nucleus.view_client"))
        other.groups.add(role)
    assert change(manager, other, username="mine") == 403
    assert manager.get(f"{USERS}{other.pk}/password/").status_code == 403
    assert manager.post(f"{USERS}{other.pk}/password/", NEW_PASSWORD).status_code == 403
    assert manager.post(f"{USERS}{other.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": other.pk, "post": "yes"}
    manager.post(USERS, chosen)
    other.refresh_from_db()
    assert (other.username, other.password) == ("other", "!old")
    assert manager.get(f"{USERS}{other.pk}/change/").status_code == 200  # to look at


def test_users_with_fewer_permissions_can_be_changed(manager: HttpClient):
    other = User.objects.create(username="other", is_staff=True, password="!old")
    body = NEW_PASSWORD | {"usable_password": "true"}
    assert manager.post(f"{USERS}{other.pk}/password/", body).status_code == 302
    other.refresh_from_db()
    assert other.password != "!old"
    assert change(manager, other, is_active="") == 302
    other.refresh_from_db()
    assert not other.is_active


def test_nobody_deletes_staff_and_with_them_the_history(admin_client: HttpClient):
    other = User.objects.create(username="other", is_staff=True)
    LogEntry.objects.create(user=other, action_flag=ADDITION, object_repr="what they added")
    assert admin_client.post(f"{USERS}{other.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": other.pk, "post": "yes"}
    admin_client.post(USERS, chosen)
    assert LogEntry.objects.filter(user=other).exists()


def test_a_new_user_has_no_rights(manager: HttpClient):
    body = NEW_PASSWORD | {
        "username": "new", "usable_password": "true", "is_superuser": "on", "is_staff": "on",
        "user_permissions": [permission("nucleus.view_client").pk],
    }  # fmt: skip
    assert manager.post(f"{USERS}add/", body).status_code == 302
    new = User.objects.get(username="new")
    assert not new.is_superuser
    assert not new.user_permissions.exists()


def test_roles_get_only_permissions_of_their_editor(manager: HttpClient):
    missing, owned = permission("nucleus.view_client"), permission("auth.view_user")
    manager.post(f"{GROUPS}add/", {"name": "Greedy", "permissions": [missing.pk]})
    assert not Group.objects.filter(name="Greedy").exists()
    assert manager.post(f"{GROUPS}add/", {"name": "Modest", "permissions": [owned.pk]})
    modest = Group.objects.get(name="Modest")
    path = f"{GROUPS}{modest.pk}/change/"
    manager.post(path, {"name": "Modest", "permissions": [owned.pk, missing.pk]})
    assert list(modest.permissions.all()) == [owned]
    powerful = Group.objects.create(name="Powerful")
    powerful.permissions.add(missing)
    powerful.user_set.add(User.objects.get(username="manager"))
    powerful.user_set.clear()
    for path in (f"{GROUPS}{powerful.pk}/change/", f"{GROUPS}{powerful.pk}/delete/"):
        assert manager.post(path, {"name": "x", "post": "yes"}).status_code == 403
    assert list(powerful.permissions.all()) == [missing]


def test_a_superuser_gives_everything(superuser: HttpClient):
    other = User.objects.create(username="other", is_staff=True)
    granted = permission("nucleus.view_client")
    assert change(superuser, other, is_superuser="on", user_permissions=[granted.pk]) == 302
    other.refresh_from_db()
    assert other.is_superuser
    assert list(other.user_permissions.all()) == [granted]
