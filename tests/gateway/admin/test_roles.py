"""The ready roles: what each may do, and that the gateway keeps them up to date."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.test import Client as HttpClient
from django.urls import reverse

from gateway.access import staff_roles
from gateway.access.models import ReadyRole
from gateway.access.staff_models import StaffSession
from nucleus.models import StaffAction, Tenant
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.rows import path_of, populate, row_of, screens, url_patterns

pytestmark = pytest.mark.embedded  # many pages, the same on every database

OWN_APPS = ("nucleus", "integrations", "access", "auth", "admin")
# What everybody may do, and what leads elsewhere.
OWN_PAGES = (
    "login", "logout", "password_change", "second_factor", "second_factor_check", "own_sessions",
    "app_list", "view_on_site",
)  # fmt: skip
PEOPLE = ("auth.User", "auth.Group", "nucleus.StaffAction")


def names_of(role: str) -> set[str]:
    rows = Permission.objects.filter(group__name=role)
    return {
        f"{app}.{name}" for app, name in rows.values_list("content_type__app_label", "codename")
    }


def stored() -> dict[str, list[Any]]:
    """Everything in the tables of the gateway."""
    tables = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in OWN_APPS and model is not StaffSession:
            tables[model._meta.label] = sorted(map(repr, model._base_manager.values_list()))
    return tables


def post_everything(http: HttpClient) -> int:
    """POST to every URL of the admin and every action; returns how many requests were made."""
    count = 0
    rows = {path_of(model): row_of(model) for model, _ in screens()}
    for groups, pattern in url_patterns(admin.site.urls[0]):
        if not pattern.name or pattern.name in OWN_PAGES:
            continue
        own = rows.get("/admin/" + "".join(groups))
        has_ids = bool(pattern.pattern.converters)
        for row in [own] if own is not None else list(rows.values())[: None if has_ids else 1]:
            names = dict.fromkeys(pattern.pattern.converters, row.pk)
            try:
                path = reverse(f"admin:{pattern.name}", kwargs=names)
            except Exception:  # noqa: S112 - a URL for another kind of id
                continue
            assert http.post(path, {"post": "yes", "confirmed": "yes"}).status_code < 500, path
            count += 1
    for model, screen in screens():
        for action in (*map(str, screen.actions), "delete_selected"):
            body = {"action": action, "_selected_action": str(row_of(model).pk), "post": "yes"}
            assert http.post(path_of(model), body | {"confirmed": "yes"}).status_code < 500
            count += 1
    return count


def test_a_viewer_sees_every_customer_screen_and_changes_nothing(
    staff: Staff, tenant: Tenant, plain_errors: None
):
    populate(tenant)
    viewer = staff(role="Viewer", tenants=[tenant])
    for model, _ in screens():
        expected = 403 if model._meta.label in PEOPLE else 200
        assert viewer.get(path_of(model)).status_code == expected, model
    before = stored()
    assert post_everything(viewer) > 100
    assert stored() == before


def test_each_role_includes_the_one_before(db: Any):
    viewer, support, operator, administrator = (
        names_of(role) for role in ("Viewer", "Support", "Operator", "Administrator")
    )
    assert viewer < support < operator < administrator
    assert {name.split(".")[1].split("_")[0] for name in viewer} == {"view"}
    assert "integrations.change_job" in support
    assert "integrations.change_vendorcredential" in operator - support
    assert {"nucleus.reveal_numbers", "nucleus.export_data"} <= operator - support
    assert {"auth.change_user", "nucleus.delete_client"} <= administrator - operator
    for leftover in ("sessions.delete_session", "access.view_accesstoken", "admin.add_logentry"):
        assert leftover not in administrator


def test_roles_are_brought_up_to_date_and_others_left_alone(db: Any):
    own = Group.objects.create(name="Own")
    own.permissions.add(Permission.objects.get(codename="view_job"))
    viewer = Group.objects.get(name="Viewer")
    viewer.permissions.clear()
    Group.objects.get(name="Support").delete()
    for _ in range(2):
        staff_roles.bring_up_to_date()
    assert names_of("Own") == {"integrations.view_job"}
    assert names_of("Viewer")
    assert names_of("Viewer") < names_of("Support")
    assert ReadyRole.objects.count() == len(staff_roles.ROLES)


def test_an_own_role_of_the_same_name_stays_as_it_is(db: Any):
    Group.objects.get(name="Viewer").delete()
    Group.objects.create(name="Viewer")
    staff_roles.bring_up_to_date()
    assert names_of("Viewer") == set()
    assert names_of("Viewer (ready)")


def test_nobody_changes_a_ready_role(superuser: HttpClient):
    role = Group.objects.get(name="Viewer")
    path = path_of(Group, f"{role.pk}/")
    assert superuser.post(f"{path}change/", {"name": "Mine"}).status_code == 403
    assert superuser.post(f"{path}delete/", {"post": "yes"}).status_code == 403
    body = {"action": "delete_selected", "_selected_action": str(role.pk), "post": "yes"}
    superuser.post(path_of(Group), body)
    assert Group.objects.filter(name="Viewer").exists()


def test_staff_of_some_tenants_change_no_role(staff: Staff, tenant: Tenant):
    own = Group.objects.create(name="Own")
    bound = staff(role="Administrator", name="bound", tenants=[tenant])
    free = staff(role="Administrator", name="free")
    path = path_of(Group, f"{own.pk}/change/")
    assert bound.post(path, {"name": "Changed"}).status_code == 403
    assert bound.get(path_of(Group, "add/")).status_code == 403
    assert free.post(path, {"name": "Changed"}).status_code == 302


@pytest.mark.parametrize("role", ["Viewer", "Support", "Operator", "Administrator"])
def test_an_administrator_gives_the_ready_roles(staff: Staff, tenant: Tenant, role: str):
    staff(name="other", tenants=[tenant])
    other = User.objects.get(username="other")
    http = staff(role="Administrator", name="admin", tenants=[tenant])
    body = {
        "username": "other", "is_staff": "on", "is_active": "on", "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00", "tenants": [str(tenant.pk)],
        "groups": [Group.objects.get(name=role).pk],
    }  # fmt: skip
    page = http.get(path_of(User, f"{other.pk}/change/")).content.decode()
    assert "session" not in page.split('name="user_permissions"')[1].split("</select>")[0]
    assert http.post(path_of(User, f"{other.pk}/change/"), body).status_code == 302
    assert [group.name for group in other.groups.all()] == [role]
    changes = StaffAction.objects.get(object_id=str(other.pk)).changes
    assert ["Roles", "empty", role] in changes
